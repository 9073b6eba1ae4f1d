package spec

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// enroll registers a method for the time of a test.
func enroll(t *testing.T, info MethodInfo) {
	t.Helper()
	RegisterMethod(info)
	t.Cleanup(func() { delete(methods.named, info.Name) })
}

type toyTable struct {
	Scale  float64   `toml:"scale" doc:"how much"`
	Points []int     `toml:"points" doc:"which"`
	Inner  toyInner  `toml:"inner"`
	Range  [2]string `toml:"range" doc:"from, to"`
}

type toyInner struct {
	On bool `toml:"on" doc:"whether"`
}

func toy() MethodInfo {
	return MethodInfo{
		Name: "toy", Doc: "a method for tests", Scores: []Choice{{"guess", "a number"}}, Reads: []string{"loss.name", "encoder.dim"},
		Table: toyTable{Scale: 2, Points: []int{1, 2}, Range: [2]string{"a", "b"}},
		Check: func(s Spec, v *Checker) {
			own, err := Own[toyTable](s)
			if err != nil {
				panic(err)
			}
			v.Within("toy.scale", own.Scale, 0, 10)
		},
		Dim: func(s Spec) int { return 300 },
	}
}

// panicOf is what f panics with, as text.
func panicOf(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return "<nil>"
}

func TestRegisterRefuses(t *testing.T) {
	enroll(t, toy())
	change := func(f func(*MethodInfo)) func() {
		info := toy()
		info.Name = "other"
		f(&info)
		return func() { RegisterMethod(info) }
	}
	for want, register := range map[string]func(){
		`method "toy" of testing: there is one from testing already`: change(func(i *MethodInfo) { i.Name = "toy" }),
		`want a name and a line`:                                     change(func(i *MethodInfo) { i.Doc = "" }),
		`method "" of`:                                               change(func(i *MethodInfo) { i.Name, i.Table = "", nil }),
		`has no scores`:                                              change(func(i *MethodInfo) { i.Scores = nil }),
		`score "auto"`:                                               change(func(i *MethodInfo) { i.Scores = []Choice{{"auto", "x"}} }),
		`score "twice"`:                                              change(func(i *MethodInfo) { i.Scores = []Choice{{"twice", "x"}, {"twice", "y"}} }),
		`score "rival_size"`:                                         change(func(i *MethodInfo) { i.Scores = []Choice{{"rival_size", "x"}} }),
		`reads "loss.lamda"`:                                         change(func(i *MethodInfo) { i.Reads = []string{"loss", "loss.lamda"} }),
		`its table [loss]`:                                           change(func(i *MethodInfo) { i.Name = "loss" }),
		`its table [seed]`:                                           change(func(i *MethodInfo) { i.Name = "seed" }),
		`its table [sweep]`:                                          change(func(i *MethodInfo) { i.Name = "sweep" }),
		`its table [two words]`:                                      change(func(i *MethodInfo) { i.Name = "two words" }),
		`its table is a int`:                                         change(func(i *MethodInfo) { i.Table = 3 }),
		`field A of its table`:                                       change(func(i *MethodInfo) { i.Table = struct{ A int }{} }),
		`the default is "seeable" already`:                           change(func(i *MethodInfo) { i.Default = true }),
		`encoder "compact" of `:                                      func() { RegisterEncoder(EncoderInfo{Name: "compact", Doc: "x"}) },
		`encoder "new" of`:                                           func() { RegisterEncoder(EncoderInfo{Name: "new"}) },
		`loss "ce" of`:                                               func() { RegisterLoss(LossInfo{Name: "ce", Doc: "x"}) },
		`loss "new": reads "loss.nothing"`:                           func() { RegisterLoss(LossInfo{Name: "new", Doc: "x", Reads: []string{"loss.nothing"}}) },
		`loss "n" of testing: the default is "bcr" already`:          func() { RegisterLoss(LossInfo{Name: "n", Doc: "x", Default: true}) },
	} {
		if found := panicOf(register); !strings.Contains(found, want) {
			t.Errorf("panic %q, want one with %q", found, want)
		}
	}
}

// The order is that of the names, after the default, whatever the order of the packages' init.
func TestOrder(t *testing.T) {
	info := toy()
	info.Name = "a-method"
	enroll(t, info)
	var names []string
	for _, info := range Methods() {
		names = append(names, info.Name)
	}
	if want := []string{"seeable", "a-method", "sbi"}; !slices.Equal(names, want) {
		t.Errorf("methods %q, want %q", names, want)
	}
	if found := Losses()[0].Name; found != Default().Loss.Name {
		t.Errorf("first loss %s, want the default", found)
	}
	if found := Encoders()[0].Name; found != Default().Encoder.Name {
		t.Errorf("first encoder %s, want the default", found)
	}
}

// Unknown names are refused with those that are linked, the nearest, and what to import.
func TestUnknownNames(t *testing.T) {
	for text, want := range map[string][]string{
		"method = \"seeabel\"":          {`method = "seeabel"`, "seeable, sbi", `did you mean "seeable"`, "import the package"},
		"[encoder]\nname = \"resnt18\"": {`encoder.name = "resnt18"`, "compact, efficientnet-b0", `did you mean "resnet18"`},
		"[loss]\nname = \"brc\"":        {`loss.name = "brc"`, "bcr, ce,", `did you mean "bcr"`},
		"[score]\nname = \"figur\"":     {`score.name = "figur"`, "auto, figure, cosine"},
	} {
		_, err := Parse("some.toml", []byte(text))
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error %v, want %q in it", text, err, part)
			}
		}
	}
	if _, err := MethodOf("zzzzzzzzzzz"); err == nil || strings.Contains(err.Error(), "mean") {
		t.Errorf("error %v, want one without a guess", err)
	}
}

// unlinked takes the registered methods, encoders and losses away for the time of a test.
func unlinked(t *testing.T) {
	m, e, l := methods.named, encoders.named, losses.named
	methods.named, encoders.named, losses.named = nil, nil, nil
	t.Cleanup(func() { methods.named, encoders.named, losses.named = m, e, l })
}

func TestNothingLinked(t *testing.T) {
	stored := Default().Stored()
	unlinked(t)
	if s := Default(); s.Method != "" || s.Encoder.Name != "" || s.Loss.Name != "" {
		t.Errorf("defaults %q, %q, %q, want none", s.Method, s.Encoder.Name, s.Loss.Name)
	}
	for _, text := range []string{"", "method = \"seeable\"", "seed = 3"} {
		if _, err := Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), `import _ "github.com/seeable-lab/seeable/lab/method"`) {
			t.Errorf("%q: error %v, want the import that is missing", text, err)
		}
	}
	if _, err := ParseStored("x", []byte(stored)); err == nil || !strings.Contains(err.Error(), `import _ "github.com/seeable-lab/seeable/lab/method"`) {
		t.Errorf("error %v, want the import that is missing", err)
	}
}

// A stored spec names the package that registered its method, and hands all back.
func TestStored(t *testing.T) {
	s := Default()
	s.Method, s.Discrepancy.Rows, s.Loss.Lambda = "sbi", 2, 3 // of a base: the method reads neither
	text := s.Stored()
	if want := "# import _ \"github.com/seeable-lab/seeable/lab/method\""; !strings.HasPrefix(text, want) || !strings.HasSuffix(text, s.TOML()) {
		t.Errorf("stored as %s, want the spec below %s", text, want)
	}
	if keys, _ := Values(text); keys[0] != "name" {
		t.Errorf("first key %q, want name", keys[0])
	}
	for _, text := range []string{text, s.TOML(), strings.Replace(text, "variants = 0\n", "", 1)} {
		got, err := ParseStored("x", []byte(text))
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("came back as %+v, %v", got, err)
		}
	}

	enroll(t, toy())
	s = Default()
	for _, a := range []string{"method=toy", "toy.scale=3"} {
		if err := s.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	text = strings.Replace(s.Stored(), "\"testing\"", "\"example.org/guests/toy\"", 1)
	delete(methods.named, "toy")
	_, err := ParseStored("runs/x/spec.toml", []byte(text))
	if want := `spec: runs/x/spec.toml: method = "toy" is not linked; import _ "example.org/guests/toy"`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := ParseStored("x", []byte("method = \"seeable\"\nsede = 1")); err == nil || !strings.Contains(err.Error(), "seed") {
		t.Errorf("error %v, want one about the unknown key", err)
	}
}

func TestOwnTable(t *testing.T) {
	plain := Default()
	hash, text := plain.Hash(), plain.TOML()
	enroll(t, toy())
	if plain.Hash() != hash || plain.TOML() != text {
		t.Error("a method with a table changes the text or hash of another")
	}
	s, err := Parse("x", []byte("method = \"toy\""))
	if err != nil {
		t.Fatal(err)
	}
	if own, err := Own[toyTable](s); err != nil || !reflect.DeepEqual(own, toy().Table) {
		t.Errorf("found %+v, %v, want the defaults", own, err)
	}
	if want := "\n[toy]\nscale = 2.0\npoints = [1, 2]\nrange = [\"a\", \"b\"]\n[toy.inner]\non = false\n"; !strings.HasSuffix(s.TOML(), want) {
		t.Errorf("printed as %s, want %s at its end", s.TOML(), want)
	}
	changed := s
	seen := map[string]string{s.Hash(): "the default"}
	for assignment, want := range map[string]toyTable{
		"toy.scale=3":          {3, []int{1, 2}, toyInner{}, [2]string{"a", "b"}},
		"toy.points=[]":        {2, []int{}, toyInner{}, [2]string{"a", "b"}},
		"toy.inner.on=true":    {2, []int{1, 2}, toyInner{true}, [2]string{"a", "b"}},
		"toy.range=['a', 'c']": {2, []int{1, 2}, toyInner{}, [2]string{"a", "c"}},
	} {
		changed = s
		if err := changed.Set(assignment); err != nil {
			t.Errorf("%s: %v", assignment, err)
			continue
		}
		if own, err := Own[toyTable](changed); err != nil || !reflect.DeepEqual(own, want) {
			t.Errorf("%s: found %+v, %v, want %+v", assignment, own, err, want)
		}
		if other, taken := seen[changed.Hash()]; taken {
			t.Errorf("%s has the hash of %s", assignment, other)
		}
		seen[changed.Hash()] = assignment
		again, err := Parse("again", []byte(changed.TOML()))
		if err != nil || !reflect.DeepEqual(again, changed) || again.Hash() != changed.Hash() {
			t.Errorf("%s: came back as %+v, %v", assignment, again, err)
		}
		key, _ := split(assignment)
		if found, want := fmt.Sprint(changed.Settings()[key]), fmt.Sprint(changed.value(key)); found != want || !slices.Contains(Keys(), key) {
			t.Errorf("setting %s is %s, want %s", key, found, want)
		}
	}
	// A value that is set to its default is as good as none, and what comes out may be changed.
	if err := changed.Set("toy.range=['a', 'b']"); err != nil {
		t.Fatal(err)
	}
	back := s
	for _, a := range []string{"toy.scale=5", "toy.scale=2"} {
		if err := back.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, back, s)
	own, _ := Own[toyTable](s)
	own.Points[0] = 7
	if again, _ := Own[toyTable](s); again.Points[0] != 1 {
		t.Error("a change of the table changed the spec")
	}
	if _, err := Own[int](s); err == nil {
		t.Error("a table of another type: no error")
	}
	if _, err := Own[toyTable](Default()); err == nil {
		t.Error("the table of another method: no error")
	}
	// Another method has its own table, and coming back has the defaults.
	for _, a := range []string{"toy.scale=3", "method=sbi", "method=toy"} {
		if err := back.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, back, s)
	for _, bad := range []float64{math.NaN(), math.Inf(1), 11} {
		broken := s
		broken.own = &ownTable{"toy", toyTable{Scale: bad}}
		if err := broken.Validate(); err == nil || !strings.Contains(err.Error(), "toy.scale") {
			t.Errorf("scale %v: %v", bad, err)
		}
	}
}

func TestOwnTableErrors(t *testing.T) {
	enroll(t, toy())
	for text, want := range map[string]string{
		"[toy]\nscale = 3":                            `toy is of method "toy", and the method is "seeable"`,
		"method = \"sbi\"\n[toy]\nscale = 3":          `is of method "toy", and the method is "sbi"`,
		"method = \"toy\"\n[toy]\nscael = 3":          `did you mean "toy.scale"`,
		"method = \"toy\"\n[toy]\nscale = \"much\"":   `toy.scale`,
		"method = \"toy\"\n[toy]\nscale = 11":         `toy.scale = 11: want a number in [0, 10]`,
		"method = \"toy\"\ntoy = 3":                   `toy`,
		"method = \"toy\"\n[toy.inner]\nonn = true":   `did you mean "toy.inner.on"`,
		"method = \"toy\"\n[score]\nname = \"norm\"":  `auto, guess`,
		"method = \"toy\"\n[discrepancy]\nrows = 3":   `discrepancy.rows = 3: method toy does not read it`,
		"method = \"sweeep\"\n[sweeep]\nscale = true": `method = "sweeep"`,
	} {
		if _, err := Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func TestOwnTableInSweeps(t *testing.T) {
	enroll(t, toy())
	load := func(name string) (Spec, error) {
		return Parse(name, []byte("method = \"toy\"\n[toy]\nscale = 4\npoints = [9]"))
	}
	cells := func(text string) ([]Cell, error) {
		w, err := ParseSweep("test", "test.toml", []byte(text), load)
		if err != nil {
			return nil, err
		}
		return w.Cells()
	}
	found, err := cells("base = \"any\"\ntoy.inner.on = true\n[sweep]\nfit_dim = true\naxes = [{ toy.scale = [4, 5] }]\ncells = [{}, { toy.points = [] }]")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, labels(found), []string{"scale=4", "scale=5", "points=none, scale=4", "points=none, scale=5"})
	own, err := Own[toyTable](found[3].Spec)
	if want := (toyTable{5, []int{}, toyInner{true}, [2]string{"a", "b"}}); err != nil || !reflect.DeepEqual(own, want) || found[3].Spec.Encoder.Dim != 300 {
		t.Errorf("found %+v and dim %d, want %+v and 300", own, found[3].Spec.Encoder.Dim, want)
	}
	// In Go, in any order; another method starts from its own table.
	w := Sweep{Name: "go", Base: Default(), Axes: []Axis{Vary("toy.scale", 1, 3.5), Vary("method", "toy")}}
	if found, err = w.Cells(); err != nil {
		t.Fatal(err)
	}
	own, _ = Own[toyTable](found[1].Spec)
	equal(t, own.Scale, 3.5)
	if found, err = cells("base = \"any\"\n[sweep]\ncells = [{}, { method = \"sbi\" }]"); err != nil {
		t.Fatal(err)
	}
	equal(t, found[1].Spec.ownValues(), nil)
	if text := found[1].Spec.TOML(); strings.Contains(text, "toy") {
		t.Errorf("another method kept the table: %s", text)
	}
	if _, err = cells("base = \"any\"\n[sweep]\ncells = [{}, { method = \"sbi\", toy.scale = 1 }]"); err == nil || !strings.Contains(err.Error(), `is of method "toy"`) {
		t.Errorf("error %v, want one about the other method's key", err)
	}
}

// Keys that somebody sets are refused where they change nothing; those of a base are left alone.
func TestUnreadKeys(t *testing.T) {
	for text, want := range map[string]string{
		"method = \"sbi\"\n[loss]\nlambda = 0.5":                  "loss.lambda = 0.5: method sbi does not read it",
		"method = \"sbi\"\n[discrepancy]\nrows = 3":               "discrepancy.rows = 3",
		"method = \"sbi\"\n[encoder]\ndim = 64":                   "encoder.dim = 64",
		"[loss]\nmargin = 0.3":                                    "loss.margin = 0.3: neither method seeable nor loss bcr reads it",
		"[loss]\nname = \"ce\"\ncontrast = \"one\"":               "loss.contrast = one",
		"method = \"sbi\"\n[loss]\nlambda = 0.1":                  "", // the default
		"method = \"sbi\"\n[discrepancy]\nkernel = [1, 3]":        "",
		"method = \"sbi\"\n[train]\ncurriculum_from = 1":          "",
		"[loss]\nname = \"triplet\"\nmargin = 0.3":                "",
		"[loss]\nname = \"ce\"\nwarm_up = 0.5\ntemperature = 0.1": "",
	} {
		_, err := Parse("x", []byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	base := func(string) (Spec, error) {
		return Parse("base", []byte("[discrepancy]\nrows = 3\n[loss]\nlambda = 0.5"))
	}
	s, err := ParseOn("x", []byte("base = \"b\"\nmethod = \"sbi\""), base)
	if err != nil || s.Loss.Lambda != 0.5 {
		t.Errorf("λ = %v, %v, want that of the base", s.Loss.Lambda, err)
	}
	before := s
	if err := s.Set("loss.lambda=0.7"); err == nil || !strings.Contains(err.Error(), "does not read") || !reflect.DeepEqual(s, before) {
		t.Errorf("--set: %v, spec %+v", err, s)
	}
	if err := s.Set("loss.lambda=0.1"); err != nil {
		t.Errorf("back to the default: %v", err)
	}
	for text, want := range map[string]string{
		"[sweep]\ncells = [{}, { method = \"sbi\", loss.lambda = 1 }]":                    "cell 1",
		"[sweep]\naxes = [{ method = [\"seeable\", \"sbi\"] }, { loss.lambda = [1, 2] }]": "cell 2",
		"method = \"sbi\"\nloss.lambda = 1\n[sweep]\naxes = [{ seed = [1, 2] }]":          "loss.lambda = 1",
		"loss.lambda = 1\n[sweep]\ncells = [{}, { method = \"sbi\" }]":                    "", // one cell reads it
	} {
		w, err := ParseSweep("test", "test.toml", []byte(text), nil)
		if err == nil {
			_, err = w.Cells()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "loss.lambda")) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	w := Sweep{Name: "set", Base: Default(), Axes: []Axis{Vary("method", "sbi"), Vary("seed", 1, 2)}}
	if err := w.Set("loss.lambda=1"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cells(); err == nil || !strings.Contains(err.Error(), "loss.lambda") {
		t.Errorf("a key set in all cells that none reads: %v", err)
	}
}

// The lines about keys name what is linked.
func TestDoc(t *testing.T) {
	enroll(t, toy())
	for key, want := range map[string]string{
		"method": "seeable | sbi | toy", "encoder.name": "compact | efficientnet-b0 | ", "loss.name": "bcr | ce | ",
		"score.name":  "or figure | cosine | norm | min | calibrated | onepass of seeable, logit of sbi, guess of toy",
		"train.steps": "optimizer steps", "toy.scale": "how much", "toy.inner.on": "whether", "toy.none": "", "none": "",
	} {
		if found := Doc(key); !strings.Contains(found, want) || want == "" && found != "" {
			t.Errorf("%s is %q, want %q in it", key, found, want)
		}
	}
	for _, key := range Keys() {
		if strings.ContainsAny(Doc(key), "{}") {
			t.Errorf("%s: %q has a placeholder", key, Doc(key))
		}
	}
}

// Weights that cannot be had are refused before anything is computed.
func TestImageNetWeights(t *testing.T) {
	for name, want := range map[string]string{"compact": `encoder.weights = imagenet`, "efficientnet-lite0": ""} {
		_, err := Parse("x", fmt.Appendf(nil, "[encoder]\nname = %q\nweights = \"imagenet\"", name))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// Inputs of other multiples than 32 are up to the encoder.
func TestEncoderMultiple(t *testing.T) {
	RegisterEncoder(EncoderInfo{Name: "toy-net", Doc: "x", Multiple: 4})
	t.Cleanup(func() { delete(encoders.named, "toy-net") })
	for size, ok := range map[int]bool{88: true, 100: true, 90: false} {
		s := Default()
		s.Encoder.Name, s.Encoder.Size = "toy-net", size
		if err := s.Validate(); (err == nil) != ok {
			t.Errorf("%d px: error %v", size, err)
		}
	}
}

// A stored spec names the packages of an encoder and a loss from outside too, and whoever reads it without them is told so.
func TestStoredFromOutside(t *testing.T) {
	enroll(t, toy())
	RegisterEncoder(EncoderInfo{Name: "toy-net", Doc: "x"})
	RegisterLoss(LossInfo{Name: "toy-loss", Doc: "x"})
	s := Default()
	for _, a := range []string{"method=toy", "encoder.name=toy-net", "loss.name=toy-loss"} {
		if err := s.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	text := s.Stored()
	want := "# import _ \"testing\", which registers it\n# import _ \"testing\", which registers encoder \"toy-net\"\n" +
		"# import _ \"testing\", which registers loss \"toy-loss\"\n"
	if !strings.HasPrefix(text, want) {
		t.Errorf("stored as %s, want it to begin with %s", text, want)
	}
	if got, err := ParseStored("x", []byte(text)); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("came back as %+v, %v", got, err)
	}
	delete(encoders.named, "toy-net")
	delete(losses.named, "toy-loss")
	for _, parse := range []func(string, []byte) (Spec, error){ParseStored, Parse} {
		_, err := parse("x", []byte(text))
		for _, part := range []string{
			`encoder.name = "toy-net" is not linked; import _ "testing", which registers encoder "toy-net"`,
			`loss.name = "toy-loss" is not linked; import _ "testing", which registers loss "toy-loss"`,
		} {
			if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "method =") {
				t.Errorf("error %v, want %s, and nothing about the method", err, part)
			}
		}
	}
}
