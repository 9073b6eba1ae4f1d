package store

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestWriteFileReplacesAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	// A reader beside eight writers sees one of their texts in full, never a mix or a part.
	texts := map[string]bool{}
	var group sync.WaitGroup
	for i := range 8 {
		text := strings.Repeat(string(rune('a'+i)), 100_000)
		texts[text] = true
		group.Go(func() {
			for range 5 {
				if err := WriteFile(path, []byte(text)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !texts[string(text)] {
			t.Fatalf("read %d bytes that nobody wrote", len(text))
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 {
		t.Errorf("%d files in the folder, want the one written", len(left))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("mode %o, want 644", info.Mode().Perm())
	}
}

func TestWriteFileThatFailsKeepsTheOld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	// A folder with a file in it cannot be replaced by a file.
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, []byte("new"))
	if err == nil || !strings.HasPrefix(err.Error(), "store: ") {
		t.Fatalf("error %v, want one of store", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d entries left, want the old one only", len(left))
	}
	if err := WriteFile(filepath.Join(dir, "none", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v of a missing folder, want fs.ErrNotExist", err)
	}
}

// fill sets every field below v to a value of its own, so that a field that gets lost or swapped shows.
func fill(v reflect.Value, next *int) {
	*next++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), next)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), next)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, next)
			fill(value, next)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.String:
		v.SetString("<\"text\">\n" + strings.Repeat("i", *next))
	case reflect.Float64:
		v.SetFloat(1 / float64(*next))
	case reflect.Int:
		v.SetInt(int64(*next))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("no value for a " + v.Kind().String())
	}
}

func TestRecordReadsBack(t *testing.T) {
	var want Record
	next := 0
	fill(reflect.ValueOf(&want).Elem(), &next)
	dir := t.TempDir()
	if err := WriteRecord(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The names in metrics.json are what other programs read.
func TestRecordNames(t *testing.T) {
	dir := t.TempDir()
	r := Record{Tests: []Test{{Dataset: "FF++ c40", Method: "all", Level: "video", AUC: 0.5, Low: 0.25, High: 0.75, NReal: 1, NFake: 2, Coverage: 1}}}
	if err := WriteRecord(dir, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"run"`, `"seconds"`, `"accuracy"`, `"dataset": "FF++ c40"`, `"method": "all"`, `"level": "video"`,
		`"auc": 0.5`, `"low": 0.25`, `"high": 0.75`, `"n_real": 1`, `"n_fake": 2`, `"coverage": 1`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("metrics.json lacks %s:\n%s", want, text)
		}
	}
}

func TestRecordErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadRecord(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no complete run") {
		t.Errorf("error %v of an empty folder", err)
	}
	if err := WriteRecord(dir, Record{Run: "r", Seconds: math.NaN()}); err == nil || !strings.Contains(err.Error(), "store: record of r") {
		t.Errorf("error %v of a NaN", err)
	}
	if _, err := os.Stat(filepath.Join(dir, RecordFile)); err == nil {
		t.Error("a record that cannot be written completed the run")
	}
	if err := os.WriteFile(filepath.Join(dir, RecordFile), []byte(`{"run": "x`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRecord(dir); err == nil || !strings.Contains(err.Error(), RecordFile) {
		t.Errorf("error %v of a cut record, want one that names the file", err)
	}
}

func TestListHasCompleteRunsOnly(t *testing.T) {
	// The root has a bracket, which a glob pattern would not take for itself.
	root := filepath.Join(t.TempDir(), "runs [2026]")
	for _, name := range []string{"b", "a", "unfinished"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if name != "unfinished" {
			if err := WriteRecord(filepath.Join(root, name), Record{Run: name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := WriteFile(filepath.Join(root, RecordFile), nil); err != nil {
		t.Fatal(err)
	}
	got, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, err := List(filepath.Join(root, "none")); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v of a root that is not there yet; want no runs", got, err)
	}
}

// Files of before the column source have no sources; their scores are where they were.
func TestItemsWithoutSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), ScoresFile)
	text := "dataset,method,video,identity,file,frame,fake,figure,cosine\nDFDC,fake,a,b,c.jpg,3,true,0.5,\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	names, items, err := ReadItems(path)
	if err != nil || !reflect.DeepEqual(names, []string{"figure", "cosine"}) || len(items) != 1 {
		t.Fatalf("%q, %+v, error %v", names, items, err)
	}
	it := items[0]
	if it.Source != "" || it.Identity != "b" || !it.Fake || len(it.Scores) != 2 || it.Scores[0] != 0.5 || !math.IsNaN(it.Scores[1]) {
		t.Errorf("%+v", it)
	}
}

func TestItemsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), ScoresFile)
	names := []string{"figure", "odd,\"name\""}
	want := []Item{
		{Dataset: "FF++ c40", Method: "Deepfakes", Video: "000_003", Identity: "000", File: "a,\"b\"\nc.jpg", Frame: 7, Fake: true, Source: "003, \"b\"", Scores: []float64{-1.0 / 3, math.MaxFloat64}},
		{Dataset: "DFDC", Method: "original", Frame: -1, Scores: []float64{math.SmallestNonzeroFloat64, math.NaN()}},
	}
	if err := WriteItems(path, names, slices.Values(want)); err != nil {
		t.Fatal(err)
	}
	gotNames, got, err := ReadItems(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotNames, names) {
		t.Errorf("names %q, want %q", gotNames, names)
	}
	if len(got) != 2 || !math.IsNaN(got[1].Scores[1]) {
		t.Fatalf("got %+v, want a NaN last", got)
	}
	got[1].Scores[1], want[1].Scores[1] = 0, 0
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestItemErrors(t *testing.T) {
	header := strings.Join(itemColumns, ",")
	for name, text := range map[string]string{
		"empty":        "",
		"other header": "dataset,method,video,identity,file,fake,frame\n",
		"short header": "dataset,method\n",
		"bad frame":    header + ",figure\na,b,c,d,e,x,true,1\n",
		"bad class":    header + ",figure\na,b,c,d,e,1,maybe,1\n",
		"bad score":    header + ",figure\na,b,c,d,e,1,true,one\n",
		"short row":    header + ",figure\na,b,c\n",
	} {
		path := filepath.Join(t.TempDir(), ScoresFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := ReadItems(path)
		if err == nil || !strings.HasPrefix(err.Error(), "store: ") || !strings.Contains(err.Error(), ScoresFile) {
			t.Errorf("%s: error %v, want one of store that names the file", name, err)
		}
		if strings.HasPrefix(name, "bad") && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: error %v, want one that names line 2", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), ScoresFile)
	items := []Item{{File: "x.jpg", Scores: []float64{1}}}
	if err := WriteItems(path, []string{"figure", "cosine"}, slices.Values(items)); err == nil || !strings.Contains(err.Error(), "x.jpg") {
		t.Errorf("error %v of an item with too few scores, want one that names it", err)
	}
}

func TestStepsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), TrainingFile)
	want := []Step{
		{Step: 1, Loss: 3.5, Accuracy: 0.125, HeldOut: -1, Rate: 1e-05, Strength: 5, At: 0.25},
		{Step: 2_000_000, Loss: 0.5, Accuracy: 1, HeldOut: 0.75, Rate: 0, Strength: 1, At: 123456},
	}
	if err := WriteSteps(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSteps(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What is held out of a method that classifies nothing is a loss, which may be negative.
func TestStepsWithoutClasses(t *testing.T) {
	text, err := FormatSteps([]Step{{Step: 1, Accuracy: -1, HeldOut: math.NaN()}, {Step: 2, Accuracy: -1, HeldOut: -0.5}, {Step: 3, HeldOut: -1}, {Step: 4}})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := ParseSteps("x", text)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		if got := [2]bool{steps[i].Classified(), steps[i].Measured()}; got != want {
			t.Errorf("step %d: classified, measured %v, want %v", i+1, got, want)
		}
	}
}

func TestStepErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"other header": "step,loss\n1,2\n",
		"no number":    strings.Join(stepColumns, ",") + "\n1,2,x,4,5,6,7\n",
		"half a step":  strings.Join(stepColumns, ",") + "\n1.5,2,3,4,5,6,7\n",
	} {
		path := filepath.Join(t.TempDir(), TrainingFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSteps(path); err == nil || !strings.HasPrefix(err.Error(), "store: ") {
			t.Errorf("%s: error %v, want one of store", name, err)
		}
	}
}

// Whatever a file holds, reading gives items that can be written and read again, or an error.
func FuzzReadItems(f *testing.F) {
	f.Add("")
	f.Add(strings.Join(itemColumns, ",") + ",figure\nFF++ c40,Deepfakes,000_003,000,a.jpg,1,true,0.5\n,,,,,-1,0,\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), ScoresFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		names, items, err := ReadItems(path)
		if err != nil {
			return
		}
		if err := WriteItems(path, names, slices.Values(items)); err != nil {
			t.Fatal(err)
		}
		if _, again, err := ReadItems(path); err != nil || len(again) != len(items) {
			t.Fatalf("%d items became %d: %v", len(items), len(again), err)
		}
	})
}
