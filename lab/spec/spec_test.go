package spec

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// variants are specs that people would run.
func variants() map[string]Spec {
	named := Default()
	named.Name = "tab\there, \"quotes\", line\nbreak, ünïcode"
	bare := Default()
	bare.Data.Test, bare.Data.Exclude, bare.Discrepancy.Downscale = nil, nil, nil
	small := Default()
	small.Discrepancy.Rows, small.Discrepancy.Cols, small.Encoder.Dim = 2, 3, 11
	small.Train.LearningRate, small.Seed = 1.25e-7, math.MaxInt64
	sbi := Default()
	sbi.Method, sbi.Encoder.Dim = "sbi", 2
	extra := Default()
	extra.Discrepancy.Whole, extra.Discrepancy.Pristine, extra.Loss.WarmUp, extra.Score.Name = 0.25, 0.125, 0.5, "onepass"
	extra.Train.SAM, extra.Train.EMA, extra.Train.Accumulate, extra.Train.Checkpoint = 0.05, 0.999, 4, true
	extra.Score.Variants = 8
	return map[string]Spec{"default": Default(), "named": named, "bare": bare, "small": small, "sbi": sbi, "extra": extra}
}

func TestRoundTrip(t *testing.T) {
	for name, want := range variants() {
		text := want.TOML()
		got, err := Parse(name, []byte(text))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		if got.TOML() != text || got.Hash() != want.Hash() {
			t.Errorf("%s: came back as\n%s\nfrom\n%s", name, got.TOML(), text)
		}
		if name != "bare" && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: came back as %+v, want %+v", name, got, want)
		}
		for _, key := range Keys() {
			if key = last(key); !strings.Contains(text, key+" = ") {
				t.Errorf("%s: key %s is not printed", name, key)
			}
		}
	}
}

func TestParseFillsInDefaults(t *testing.T) {
	got, err := Parse("test", []byte("seed = 7\n[train]\nsteps = 10\n[discrepancy]\nkernel = [3, 9]\nratios = [1]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Seed, want.Train.Steps, want.Discrepancy.Kernel, want.Discrepancy.Ratios = 7, 10, [2]int{3, 9}, []float64{1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if empty, err := Parse("empty", nil); err != nil || !reflect.DeepEqual(empty, Default()) {
		t.Errorf("empty text: %+v, %v; want the default", empty, err)
	}
}

// Whatever a spec may name is valid with the defaults around it.
func TestEveryNameIsValid(t *testing.T) {
	scores := []string{auto}
	for _, info := range Methods() {
		for _, score := range info.Scores {
			scores = append(scores, score.Name)
		}
	}
	for key, names := range map[string][]string{
		"method": methods.names(), "discrepancy.regions": Regions, "discrepancy.side": Sides, "encoder.name": encoders.names(), "loss.name": losses.names(),
		"loss.contrast": Contrasts, "loss.distance": Distances, "train.optimizer": Optimizers, "train.decay": Decays, "score.name": scores,
	} {
		for _, name := range names {
			s := Default()
			if name == "logit" { // the score of the other method
				s.Method = "sbi"
			}
			if err := s.Set(key + "=" + name); err != nil {
				t.Error(err)
			}
		}
		s := Default()
		if err := s.Set(key + "=nonsense"); err == nil || !strings.Contains(err.Error(), names[0]) {
			t.Errorf("%s=nonsense: error %v, want one that lists the names", key, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"[train]\nsteps = 10\nstep_size = 1":                        {"train.step_size"},
		"[train]\nlearning_rte = 1":                                 {`"train.learning_rte"`, `"train.learning_rate"`},
		"[trian]\nsteps = 1":                                        {`"trian"`, `"train"`},
		"[train]\nrgb_shift = 1":                                    {`"train.rgb_shift"`, `"discrepancy.rgb_shift"`},
		"sede = 1":                                                  {`"sede"`, `"seed"`},
		"Seed = 1":                                                  {`"Seed"`, `"seed"`},
		"[zebra]\nx = 1":                                            {`"zebra"`, "seelab spec"},
		"[train]\nsteps = \"many\"":                                 {"train.steps", "integer"},
		"[train]\nsteps = 1.5":                                      {"train.steps"},
		"[discrepancy]\nkernel = [3, 5, 7]":                         {"discrepancy.kernel", "2"},
		"[discrepancy]\nkernel = 3":                                 {"discrepancy.kernel"},
		"[discrepancy]\ntypes = \"spatial\"":                        {"discrepancy.types"},
		"[score]\nflip = 1":                                         {"score.flip"},
		"data = 3":                                                  {"data"},
		"seed = -1":                                                 {"seed"},
		"seed = 1\nseed = 2":                                        {"seed"},
		"[train":                                                    {"line 1"},
		"[loss]\nlambda = nan":                                      {"loss.lambda", "NaN"},
		"[loss]\nlambda = inf":                                      {"loss.lambda", "+Inf"},
		"[train]\nlearning_rate = nan":                              {"train.learning_rate"},
		"[data]\nholdout = nan":                                     {"data.holdout"},
		"[data]\nlandmarks = \"guess\"":                             {"data.landmarks", "set, detect"},
		"[data]\nfakes = true":                                      {"data.fakes", "false for seeable, which learns from real faces only"},
		"[score]\nscale = inf":                                      {"score.scale"},
		"[augment]\nmargin = [nan, 1]":                              {"augment.margin"},
		"[augment]\nmargin = [0.9, 0.8]":                            {"augment.margin", "rising"},
		"[augment]\nmargin = [0.9, 1.5]":                            {"augment.margin", "[1, 4]"},
		"[discrepancy]\nwhole = 1.5":                                {"discrepancy.whole", "[0, 1]"},
		"[discrepancy]\nregions = \"whole\"\nwhole = 0.1":           {"discrepancy.whole", "only region"},
		"[discrepancy]\npristine = 1":                               {"discrepancy.pristine", "[0, 0.9]"},
		"[score]\nname = \"logit\"":                                 {"score.name", "sbi"},
		"method = \"sbi\"\n[score]\nname = \"figure\"":              {"score.name", "logit"},
		"method = \"sbi\"\n[train]\nviews = 1":                      {"train.views", "even"},
		"[train]\ncurriculum_from = 0.5":                            {"train.curriculum_from", "[1, 20]"},
		"[augment]\njpeg = [40, 101]":                               {"augment.jpeg"},
		"[discrepancy]\nratios = []":                                {"discrepancy.ratios"},
		"[discrepancy]\nratios = [0.5, nan]":                        {"discrepancy.ratios"},
		"[discrepancy]\nkernel = [4, 8]":                            {"discrepancy.kernel", "odd"},
		"[discrepancy]\ntypes = []":                                 {"discrepancy.types"},
		"[discrepancy]\ntypes = [\"spatial\", \"spatial\"]":         {"discrepancy.types", "once"},
		"[discrepancy]\ndownscale = []\nsharpen_alpha = [0, 0]":     {"discrepancy.types", "frequency"},
		"[data]\ntrain = []":                                        {"data.train"},
		"[encoder]\nsize = 65":                                      {"encoder.size", "32"},
		"[train]\nbatch = 63":                                       {"train.batch", "2"},
		"[train]\nsam = -0.05":                                      {"train.sam", "[0, 10]"},
		"[train]\nema = 1":                                          {"train.ema", "[0, 0.999999]"},
		"[train]\naccumulate = 0":                                   {"train.accumulate", "[1, 65536]"},
		"[train]\naccumulate = 3":                                   {"train.accumulate = 3", "train.batch = 64", "6"},
		"[train]\ncheckpoint = 1":                                   {"train.checkpoint"},
		"[score]\nvariants = 32":                                    {"score.variants = 32", "[1, 31]"},
		"[score]\nvariants = -1":                                    {"score.variants = -1"},
		"method = \"sbi\"\n[score]\nvariants = 8":                   {"score.variants = 8", "sbi"},
		"[encoder]\ndim = 30":                                       {"encoder.dim = 30", "K − 1 = 31"},
		"[discrepancy]\nrows = 16\ncols = 16":                       {"encoder.dim = 128", "511"},
		"[discrepancy]\nregions = \"whole\"\ntypes = [\"spatial\"]": {"discrepancy", "two classes"},

		"[augment]\nscale = [0.5, 2]":          {"augment.scale", "[1, 4]"},
		"[augment]\nscale = [2, 1]":            {"augment.scale", "rising"},
		"[discrepancy]\ntypes = [\"combine\"]": {"discrepancy.types", "spatial, frequency, combined"},
		"[discrepancy]\npaired = true":         {"discrepancy.paired", "pristine"},
		"[discrepancy]\nsoft_label = true":     {"discrepancy.soft_label", "seeable"},
		"[discrepancy]\ntypes = [\"combined\"]\ndownscale = []\nsharpen_alpha = [0, 0]": {"discrepancy.types", "combined"},
	} {
		s, err := Parse("some.toml", []byte(text))
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		if !strings.HasPrefix(err.Error(), "spec: some.toml: ") {
			t.Errorf("%q: error %q does not say where", text, err)
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error %q, want %q in it", text, err, part)
			}
		}
		if !reflect.DeepEqual(s, Spec{}) {
			t.Errorf("%q: returned %+v with the error", text, s)
		}
	}
}

// A Go literal can hold what TOML cannot.
func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(*Spec){
		"seed":                func(s *Spec) { s.Seed = 1 << 63 },
		"loss.temperature":    func(s *Spec) { s.Loss.Temperature = math.Inf(1) },
		"discrepancy.elastic": func(s *Spec) { s.Discrepancy.Elastic = math.NaN() },
		"train.views":         func(s *Spec) { s.Train.Views = 0 },
	} {
		s := Default()
		spoil(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	// All at once, each by its key.
	s := Default()
	s.Train.Steps, s.Loss.Lambda, s.Data.Holdout = 0, -1, 1
	err := s.Validate()
	for _, key := range []string{"train.steps = 0", "loss.lambda = -1", "data.holdout = 1"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v, want %q in it", err, key)
		}
	}
}

// Every number is checked: none may be NaN or infinite, wherever it stands.
func TestNoNumberMayBeNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		s := Default()
		n := 0
		leaves(reflect.ValueOf(&s).Elem(), "", func(key string, v reflect.Value) {
			for _, number := range floats(v) {
				n++
				before := number.Float()
				number.SetFloat(bad)
				if err := s.Validate(); err == nil || !strings.Contains(err.Error(), key) {
					t.Errorf("%s = %v: error %v", key, bad, err)
				}
				number.SetFloat(before)
			}
		})
		if n < 50 {
			t.Errorf("tried %d numbers only", n)
		}
	}
}

// K may be d + 1 and no more (spec section 3.1).
func TestMostClasses(t *testing.T) {
	s := Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols, s.Encoder.Dim = 5, 5, 49
	if k := s.Discrepancy.Classes(); k != 50 {
		t.Fatalf("5×5 with two types: K = %d, want 50", k)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	s.Discrepancy.Pristine = 0.1
	if k := s.Discrepancy.Classes(); k != 51 {
		t.Errorf("with pristine faces K = %d, want 51", k)
	}
	if s.Validate() == nil {
		t.Error("51 prototypes in 49 dimensions: no error")
	}
	s.Method = "sbi"
	if err := s.Validate(); err != nil {
		t.Errorf("sbi has no prototypes: %v", err)
	}
}

// A share of whole faces is one more region, and so one more class of each type.
func TestLocations(t *testing.T) {
	for _, c := range []struct {
		regions            string
		whole, pristine    float64
		locations, classes int
	}{
		{"grid", 0, 0, 16, 32}, {"grid", 0.2, 0, 17, 34}, {"grid", 0, 0.2, 16, 33}, {"grid", 0.2, 0.2, 17, 35},
		{"meshgrid", 0, 0, 13, 26}, {"sladd", 0, 0, 4, 8}, {"dfl", 0, 0, 3, 6}, {"dfl", 1, 0, 4, 8}, {"components", 0, 0, 8, 16},
		{"extended", 0, 0, 8, 16}, {"whole", 0, 0, 1, 2}, {"whole", 0, 0.5, 1, 3},
	} {
		s := Default()
		d := &s.Discrepancy
		d.Regions, d.Whole, d.Pristine = c.regions, c.whole, c.pristine
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if d.Locations() != c.locations || d.Classes() != c.classes {
			t.Errorf("%+v: %d locations and %d classes", c, d.Locations(), d.Classes())
		}
	}
}

func TestSet(t *testing.T) {
	for assignment, want := range map[string]func(*Spec){
		"seed=12":                            func(s *Spec) { s.Seed = 12 },
		"train.steps = 500":                  func(s *Spec) { s.Train.Steps = 500 },
		"train.learning_rate=3e-4":           func(s *Spec) { s.Train.LearningRate = 3e-4 },
		"loss.lambda=1":                      func(s *Spec) { s.Loss.Lambda = 1 },
		"score.flip=true":                    func(s *Spec) { s.Score.Flip = true },
		"train.checkpoint=true":              func(s *Spec) { s.Train.Checkpoint = true },
		"method=sbi":                         func(s *Spec) { s.Method = "sbi" },
		"score.name=\"min\"":                 func(s *Spec) { s.Score.Name = "min" },
		"name=two words":                     func(s *Spec) { s.Name = "two words" },
		"name=2024":                          func(s *Spec) { s.Name = "2024" },
		"name=2024-02-03":                    func(s *Spec) { s.Name = "2024-02-03" },
		"name=a=b":                           func(s *Spec) { s.Name = "a=b" },
		"name=":                              func(s *Spec) { s.Name = "" },
		"encoder.weights=dir/w.safetensors":  func(s *Spec) { s.Encoder.Weights = "dir/w.safetensors" },
		"discrepancy.kernel=[3, 7]":          func(s *Spec) { s.Discrepancy.Kernel = [2]int{3, 7} },
		"discrepancy.types=[\"spatial\"]":    func(s *Spec) { s.Discrepancy.Types = []string{"spatial"} },
		"discrepancy.downscale=[]":           func(s *Spec) { s.Discrepancy.Downscale = []int{} },
		"data.test=[\"FF++ c40\", \"DFDC\"]": func(s *Spec) { s.Data.Test = []string{"FF++ c40", "DFDC"} },
	} {
		got, expected := Default(), Default()
		want(&expected)
		if err := got.Set(assignment); err != nil {
			t.Error(err)
		} else if !reflect.DeepEqual(got, expected) {
			t.Errorf("%s: got %+v, want %+v", assignment, got, expected)
		}
	}
}

func TestSetErrors(t *testing.T) {
	for assignment, want := range map[string]string{
		"train.steps":              "key=value",
		"=3":                       "key=value",
		"train.stpes=3":            `"train.steps"`,
		"train.stpes=three":        `"train.steps"`,
		"train.steps=three":        "integer",
		"train.steps=0":            "train.steps = 0",
		"train=3":                  "train",
		"method=nonsense":          "seeable, sbi",
		"discrepancy.kernel=[3":    "discrepancy.kernel",
		"discrepancy.types=noise":  "discrepancy.types",
		"a b=3":                    "a b",
		"discrepancy.ratios=[0,5]": "discrepancy.ratios",
	} {
		s := Default()
		err := s.Set(assignment)
		if err == nil || !strings.HasPrefix(err.Error(), "spec: --set ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", assignment, err, want)
		}
		if !reflect.DeepEqual(s, Default()) {
			t.Errorf("%s: changed the spec in spite of its error", assignment)
		}
	}
}

// A copy of a spec is a spec of its own: changing one leaves the other, its lists too.
func TestSetLeavesCopiesAlone(t *testing.T) {
	base := Default()
	changed := base
	for _, assignment := range []string{
		`data.train=["synthetic"]`, `data.exclude=["x"]`, `discrepancy.types=["frequency"]`, "discrepancy.ratios=[0.1]", "discrepancy.downscale=[8]",
	} {
		if err := changed.Set(assignment); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(base, Default()) {
		t.Errorf("the first copy became %+v", base)
	}
}

// The hash names what a spec computes: every field but the name changes it.
func TestHashSeesEveryField(t *testing.T) {
	s := Default()
	seen := map[string]string{s.Hash(): "the default"}
	var walked []string
	leaves(reflect.ValueOf(&s).Elem(), "", func(key string, v reflect.Value) {
		walked = append(walked, key)
		for _, change := range changes(v) {
			before := reflect.New(v.Type()).Elem()
			before.Set(v)
			change()
			hash := s.Hash()
			if other, taken := seen[hash]; taken != (key == "name") {
				t.Errorf("changed %s: hash %s, as %s", key, hash, other)
			}
			seen[hash] = key
			v.Set(before)
		}
	})
	if !slices.Equal(walked, Keys()) {
		t.Errorf("walked %q, the keys are %q", walked, Keys())
	}
	if s.Hash() != Default().Hash() {
		t.Error("the test did not restore the spec")
	}
}

// changes are functions that each give v another value: one for every element, and one for the length.
func changes(v reflect.Value) []func() {
	switch v.Kind() {
	case reflect.String:
		return []func(){func() { v.SetString(v.String() + "'") }}
	case reflect.Bool:
		return []func(){func() { v.SetBool(!v.Bool()) }}
	case reflect.Int:
		return []func(){func() { v.SetInt(v.Int() + 1) }}
	case reflect.Uint64:
		return []func(){func() { v.SetUint(v.Uint() + 1) }}
	case reflect.Float64:
		return []func(){func() { v.SetFloat(math.Nextafter(v.Float(), math.Inf(1))) }}
	case reflect.Array:
		var all []func()
		for i := range v.Len() {
			all = append(all, changes(v.Index(i))...)
		}
		return all
	case reflect.Slice:
		return []func(){func() {
			longer := reflect.MakeSlice(v.Type(), v.Len()+1, v.Len()+1)
			reflect.Copy(longer, v)
			v.Set(longer)
		}}
	}
	panic(fmt.Sprintf("the test does not know how to change a %v", v.Type()))
}

// leaves calls f for every field of a spec that is not a section, in file order.
func leaves(v reflect.Value, prefix string, f func(key string, v reflect.Value)) {
	for field, value := range v.Fields() {
		if !field.IsExported() {
			continue
		}
		key := prefix + field.Tag.Get("toml")
		if value.Kind() == reflect.Struct {
			leaves(value, key+".", f)
			continue
		}
		f(key, value)
	}
}

func floats(v reflect.Value) []reflect.Value {
	switch v.Kind() {
	case reflect.Float64:
		return []reflect.Value{v}
	case reflect.Array, reflect.Slice:
		var all []reflect.Value
		for i := range v.Len() {
			all = append(all, floats(v.Index(i))...)
		}
		return all
	}
	return nil
}

// Stored runs are found by their hash. If this one changes on purpose (another default), runs of before are trained anew:
// then write the new value here. A new key belongs into later.
func TestHashIsStable(t *testing.T) {
	if got, want := Default().Hash(), "9ad8d8bc5834ee83"; got != want {
		t.Errorf("the hash of the default spec is %s, was %s", got, want)
	}
	renamed := Default()
	renamed.Name = "other"
	if renamed.Hash() != Default().Hash() {
		t.Error("a name changes the hash")
	}
	bare, empty := Default(), Default()
	bare.Data.Exclude, empty.Data.Exclude = nil, []string{}
	if bare.Hash() != empty.Hash() {
		t.Error("a nil list and an empty one have different hashes")
	}
}

// Text that parses is valid, and its canonical form is a fixed point.
func FuzzParse(f *testing.F) {
	f.Add("")
	f.Add(Default().TOML())
	f.Add("seed = 3\n[train]\nsteps = 10 # ten\n")
	f.Add("[discrepancy]\nkernel = [3, 5]\nratios = [1, 0.5]\ntypes = ['spatial']")
	f.Add("train.steps = 1\nname = \"\"\"a\nb\"\"\"")
	f.Add("Seed = 3")
	f.Add("[loss]\nlambda = nan")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("fuzz", []byte(text))
		if err != nil {
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatalf("parsed, but %v", err)
		}
		again, err := Parse("again", []byte(s.TOML()))
		if err != nil {
			t.Fatalf("%v\n%s", err, s.TOML())
		}
		if again.TOML() != s.TOML() || again.Hash() != s.Hash() {
			t.Fatalf("%s\nbecame\n%s", s.TOML(), again.TOML())
		}
	})
}

func FuzzSet(f *testing.F) {
	f.Add("train.steps=5")
	f.Add("name=x")
	f.Add("data.train=[\"a\"]")
	f.Fuzz(func(t *testing.T, assignment string) {
		s := Default()
		err := s.Set(assignment)
		if err != nil && !reflect.DeepEqual(s, Default()) {
			t.Fatalf("changed in spite of %v", err)
		}
		if err == nil && s.Validate() != nil {
			t.Fatal("became invalid")
		}
	})
}
