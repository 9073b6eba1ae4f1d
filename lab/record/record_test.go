package record_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/evaluation"
	_ "github.com/seeable-lab/seeable/lab/method" // the defaults name its methods
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// finished is the record of a run with all that a record has.
func finished(t *testing.T) (store.Record, spec.Spec) {
	t.Helper()
	s := spec.Default()
	s.Name = "mine"
	r := store.Record{
		Run: "mine-" + s.Hash(), Name: "mine", Hash: s.Hash(), Started: "2026-01-02T03:04:05Z", Seconds: 1234.5678901234, Score: "logit",
		Versions:  map[string]string{version.NumericsKey: version.Numerics, version.MetricKey: metric.Version, version.BackendKey: "XLA CPU, 2 threads"},
		Sessions:  []store.Session{{Host: "secret-host"}, {Host: "secret-host", From: 3}},
		Train:     store.Training{Accuracy: 0.123456789, Chance: 0.5, Faces: 3248, People: 1234, Data: map[string]string{"real/ytfaces": "1a2b"}, Made: map[string]store.Faces{"x": {Frames: 32, Margin: 0.5, Side: 448}}},
		Selection: []store.Selection{{Score: "logit", AUC: 0.7, Low: 0.6, High: 0.8}},
		Skipped:   []string{"/home/me/face.png: broken", "other.jpg: broken"},
		Coverage: []store.Coverage{{Dataset: "DFDC", Holds: 10, Scored: 7, Unscored: []store.Unscored{
			{Item: "original/a.png", Fault: "empty"}, {Item: "original/b.png", Fault: "empty"}, {Item: "c.png", Fault: "no face"}}}},
		Faces: map[string]store.Faces{"DFDC": {Frames: 16, Margin: 0.25, Side: 224, Cutting: 1, Detector: "d-1", Landmarks: "l-1"}},
	}
	for _, level := range []string{"video", "frame"} {
		for _, method := range []string{evaluation.All, "Deepfakes"} {
			r.Tests = append(r.Tests, store.Test{Dataset: "DFDC", Method: method, Level: level, AUC: 1.0 / 3, Low: 0.25, High: 0.5, NReal: 450, NFake: 449, Coverage: 1})
		}
	}
	for _, method := range []string{evaluation.All, "Deepfakes"} {
		for i, name := range []string{"rival_a", "rival_b", "rival_c"} {
			r.Rivals = append(r.Rivals, store.Rival{Name: name, Dataset: "DFDC", Method: method, AUC: []float64{0.5, 0.7, 0.6}[i]})
		}
	}
	r.Tests = append(r.Tests, store.Test{Dataset: "one", Method: evaluation.All, Level: "video", NReal: 3}.WithoutFigure("only real videos"))
	return r, s
}

func TestRecordHoldsNoNames(t *testing.T) {
	run, s := finished(t)
	r, err := record.New(run, s, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret-host", ".png", ".jpg", "/home", `"frame"`} {
		if strings.Contains(string(text), name) {
			t.Errorf("the record holds %q:\n%s", name, text)
		}
	}
	if r.Sessions != 2 || r.Skipped != 2 || !reflect.DeepEqual(r.Coverage, []record.Coverage{{Dataset: "DFDC", Holds: 10, Scored: 7, Faults: map[string]int{"empty": 2, "no face": 1}}}) {
		t.Errorf("%d sessions, %d skipped, coverage %v", r.Sessions, r.Skipped, r.Coverage)
	}
	var rivals []string
	for _, m := range r.Rivals {
		rivals = append(rivals, m.Method+" "+m.Name)
	}
	if want := []string{"all rival_a", "all rival_b", "all rival_c", "Deepfakes rival_b"}; !slices.Equal(rivals, want) {
		t.Errorf("rivals %q, want %q: all of a set, and the best of a manipulation", rivals, want)
	}
	// The run's own record stays as it is.
	if len(run.Skipped) != 2 || len(run.Coverage[0].Unscored) != 3 || len(run.Tests) != 5 {
		t.Errorf("the run's record was changed: %+v", run)
	}
	// A line each, so that a difference shows what has changed.
	if n := strings.Count(string(text), `{"dataset":"DFDC","method"`); n != 2 {
		t.Errorf("%d tests of DFDC, want those over videos:\n%s", n, text)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Count(line, `"auc":`) > 1 {
			t.Errorf("two figures in the line %s", line)
		}
	}
	if !regexp.MustCompile(`"seconds": 1234.57,`).Match(text) || !strings.Contains(string(text), `"auc":0.333333,`) {
		t.Errorf("numbers are not of six digits:\n%s", text)
	}
}

// Of faces with masks only figures stay.
func TestLocalisationHoldsNoNames(t *testing.T) {
	run, s := finished(t)
	run.Localisation = []store.Localisation{{On: "FF++ c23", Method: "all", Images: 7, Best: "a.jpg", Worst: "b.jpg", Unmeasured: []store.Unscored{{Item: "c.jpg"}}}}
	r, err := record.New(run, s, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	if want := []store.Localisation{{On: "FF++ c23", Method: "all", Images: 7}}; !reflect.DeepEqual(r.Localisation, want) || run.Localisation[0].Best == "" {
		t.Errorf("%+v, of the run's %+v; want %+v", r.Localisation, run.Localisation, want)
	}
}

// What is written is read: all fields that a run's record has come along, those of later versions too.
func TestRoundTrip(t *testing.T) {
	run, s := finished(t)
	r, err := record.New(run, s, record.Final)
	if err != nil {
		t.Fatal(err)
	}
	auc, p := 0.75, 0.125
	r.Against = []record.Comparison{{Run: "other-1", Name: "other", Pairs: []evaluation.Pair{{Dataset: "DFDC", Method: "all", Real: 2, Fake: 3, AUC: &auc, OtherAUC: &p, P: &p}}}}
	dir := filepath.Join(t.TempDir(), "records")
	path, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, run.Run+".json"); path != want {
		t.Errorf("written to %s, want %s", path, want)
	}
	all, err := record.Read(dir)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	again, err := all[0].Marshal()
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(again) {
		t.Errorf("read and written again:\n%s\nwant\n%s", again, first)
	}
	got := all[0]
	if got.Train.People != 1234 || got.Train.Made["x"].Margin != 0.5 || got.Faces["DFDC"].Detector != "d-1" || *got.Against[0].Pairs[0].P != p || got.Kind != record.Final {
		t.Errorf("read %+v", got)
	}
	if test := got.Tests[2]; test.NoFigure != "only real videos" || !math.IsNaN(test.AUC) {
		t.Errorf("a test without a figure was read as %+v", test)
	}
	parsed, err := spec.ParseStored("record", []byte(strings.Join(got.Spec, "\n")))
	if err != nil || parsed.Hash() != got.Hash {
		t.Errorf("the spec of the record has the hash %s (%v), want %s", parsed.Hash(), err, got.Hash)
	}
}

// Every field of a run's record is in the small one, but for those that name faces, files or machines: a field that comes later
// comes along, and one that is hidden is hidden on purpose.
func TestEveryFieldComesAlong(t *testing.T) {
	hidden := []string{"Sessions", "Skipped", "Coverage"}
	for i := range reflect.TypeFor[store.Record]().NumField() {
		name := reflect.TypeFor[store.Record]().Field(i).Name
		field, _ := reflect.TypeFor[record.Record]().FieldByName(name)
		if promoted := len(field.Index) == 2; promoted == slices.Contains(hidden, name) {
			t.Errorf("field %s: promoted is %v", name, promoted)
		}
	}
}

func TestStale(t *testing.T) {
	run, s := finished(t)
	r, err := record.New(run, s, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	if old := r.Stale(); old != "" {
		t.Errorf("a record of this version is stale: %s", old)
	}
	for _, c := range []struct {
		versions map[string]string
		want     string
	}{
		{map[string]string{version.NumericsKey: "0.1.0", version.MetricKey: metric.Version}, "numerics 0.1.0"},
		{map[string]string{version.ReleaseKey: "0.2.0", version.MetricKey: metric.Version}, "numerics 0.2.0"}, // as releases up to 0.5.0 noted it
		{map[string]string{version.NumericsKey: version.Numerics, version.MetricKey: "0"}, "metrics 0"},
		{map[string]string{version.MetricKey: metric.Version}, "numerics not recorded"},
	} {
		r.Versions = c.versions
		if old := r.Stale(); old != c.want {
			t.Errorf("%v: stale %q, want %q", c.versions, old, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	run, s := finished(t)
	foreign, changed := run, run
	foreign.Foreign, changed.Hash = "1a2b", "0"
	for _, c := range []struct {
		run        store.Record
		kind, want string
	}{
		{run, "", `kind "", want "development"`},
		{foreign, record.Development, "no run of this lab"},
		{changed, record.Development, "its spec"},
	} {
		if _, err := record.New(c.run, s, c.kind); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	for what, change := range map[string]func(r *record.Record){
		"names a file":          func(r *record.Record) { r.Train.Data = map[string]string{"weights/mine.safetensors": "1"} },
		"which names a file":    func(r *record.Record) { r.Leaks = []string{"/data/crops"} },
		"its spec names a file": func(r *record.Record) { r.Spec = append(r.Spec, `weights = "../w.safetensors"`) },
		"at most 20480 may be": func(r *record.Record) {
			for i := range 100 {
				r.Tests = append(r.Tests, store.Test{Dataset: fmt.Sprint(i), Level: "video", Digest: strings.Repeat("d", 64)})
			}
		},
	} {
		r, err := record.New(run, s, record.Development)
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		if _, err := r.Marshal(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want %q", err, what)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	if all, err := record.Read(filepath.Join(t.TempDir(), "none")); all != nil || err != nil {
		t.Errorf("a folder that is not there: %v, %v", all, err)
	}
	for text, want := range map[string]string{
		`{"kind": "development", "run": "b"}`: "want its name b.json",
		`{"kind": "sealed", "run": "a"}`:      `kind "sealed"`,
		`{"kind": `:                           "a.json",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := record.Read(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// A run on all development sets fits, with all that a record has of them and comparisons with three others.
func TestARecordOfManySetsFits(t *testing.T) {
	run, s := finished(t)
	run.Tests, run.Rivals = nil, nil
	digest := strings.Repeat("0123456789abcdef", 4)
	low, high := 0.123456, 0.234567
	var pairs []evaluation.Pair
	for set, manipulations := range map[string][]string{
		"FF++ c40": {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"},
		"FF++ c23": {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter"}, "DFDC": nil, "Celeb-DF v2": nil, "DFDC preview": nil,
	} {
		for _, method := range append([]string{evaluation.All}, manipulations...) {
			for _, level := range []string{store.LevelVideo, store.LevelPerson, store.LevelFrame, store.LevelFace} {
				run.Tests = append(run.Tests, store.Test{Dataset: set, Method: method, Level: level, AUC: 0.1234567, Low: low, High: high, NReal: 1257, NFake: 1485,
					RealPeople: 1001, FakePeople: 1002, Coverage: 0.9876543, AP: 0.1234567, EER: 0.1234567, Fallback: 0.1234567, Partial: true, Digest: digest})
			}
			for _, name := range []string{"rival_sharpness", "rival_brightness", "rival_size"} {
				run.Rivals = append(run.Rivals, store.Rival{Name: name, Dataset: set, Method: method, AUC: 0.1234567, Low: &low, High: &high, NReal: 1257, NFake: 1485,
					RealPeople: 1001, FakePeople: 1002, Difference: &store.Difference{Value: low, Low: low, High: high}})
			}
		}
		pairs = append(pairs, evaluation.Pair{Dataset: set, Method: evaluation.All, Real: 1257, Fake: 1485, RealPeople: 1001, FakePeople: 1002,
			AUC: &low, OtherAUC: &low, Diff: &low, Low: &low, High: &high, P: &high})
	}
	for _, score := range []string{"figure", "cosine", "norm", "min", "calibrated", "onepass"} {
		run.Selection = append(run.Selection, store.Selection{Score: score, AUC: 0.1234567, Low: low, High: high})
	}
	r, err := record.New(run, s, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		r.Against = append(r.Against, record.Comparison{Run: fmt.Sprintf("another-experiment-%d-0123456789abcdef", i), Name: "another-experiment", Pairs: pairs})
	}
	text, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of %d", len(text), record.Limit)
}
