package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/store"
)

// plantSets puts beside crops/drawn of drawData a set of real videos alone, a-reals, one of empty files, b-empty, and one
// whose files are all missing, c-absent; and into crops/drawn a file that no row names.
func plantSets(t *testing.T, root string) {
	t.Helper()
	header := []string{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}
	rows := [][]string{header}
	_, test := synthetic.Sets(5)
	for _, it := range test.Items {
		if it.Method == "original" && it.Frame < 2 && len(rows) <= 6 {
			drawFace(t, filepath.Join(root, "crops/a-reals"), it)
			rows = append(rows, []string{it.File + ".jpg", "0", it.Method, it.Video, fmt.Sprint(it.Frame), it.Identity, "", "", "", "", ""})
		}
	}
	writeCSV(t, filepath.Join(root, "crops/a-reals/manifest.csv"), rows)
	empty := [][]string{header}
	for i, label := range []string{"0", "0", "1", "1"} {
		name := fmt.Sprintf("%d.jpg", i)
		write(t, filepath.Join(root, "crops/b-empty", name), nil)
		empty = append(empty, []string{name, label, "kind" + label, fmt.Sprint("v", i), "0", "", "", "", "", "", ""})
	}
	writeCSV(t, filepath.Join(root, "crops/b-empty/manifest.csv"), empty)
	writeCSV(t, filepath.Join(root, "crops/c-absent/manifest.csv"), empty)
	write(t, filepath.Join(root, "crops/drawn/stray.jpg"), []byte("some"))
}

// Test sets of which no figure can come are named before the training, stop nothing, and keep their scores; a half-done run
// with one of them goes on; tables, reports and exports say why there is no figure.
func TestSetsWithoutFigure(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, truncated := drawData(t)
	plantSets(t, data)
	results := t.TempDir()
	path, s := tinySpec(t, "score.name=cosine")

	// Stopped when the set of real videos is scored and kept.
	trained := false
	var before []string // notes before the first step
	_, notes, err := runUntil(t, results, data, s, func(e lab.Event) bool {
		trained = trained || e.Training != nil
		if e.Note != "" && !trained {
			before = append(before, e.Note)
		}
		return e.Stage == "testing drawn"
	})
	if err == nil {
		t.Fatal("the run was not stopped")
	}
	for _, want := range []string{
		"no figure can come of the test set a-reals: only real videos",
		"no figure can come of the test set b-empty: none of its 4 faces can be read",
		"not tested on c-absent: ",
	} {
		if !strings.Contains(strings.Join(before, "\n"), want) {
			t.Errorf("no %q before the training: %q\nall notes: %s", want, before, notes)
		}
	}
	tested := map[string]bool{}
	_, notes, err = runUntil(t, results, data, s, func(e lab.Event) bool {
		tested[e.Stage] = true
		return false
	})
	if err != nil || !strings.Contains(notes, "goes on after step 6 of 6") || tested["testing a-reals"] {
		t.Fatalf("error %v, notes %s, stages %v: want those of a run that goes on with the scores of a-reals", err, notes, tested)
	}
	var r store.Record
	if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", results, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, x := range r.Tests {
		rows = append(rows, fmt.Sprintf("%s %s %s: %s", x.Dataset, x.Method, x.Level, x.NoFigure))
		if (x.NoFigure != "") != math.IsNaN(x.AUC) || x.Digest == "" {
			t.Errorf("%+v", x)
		}
	}
	if want := []string{
		"a-reals all video: only real videos", "a-reals all frame: only real frames",
		"b-empty all video: no video has a score", // of single stills there is nothing to say of frames
		"drawn all video: ", "drawn all frame: ",
	}; !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	if len(r.AUC) != 1 || r.AUC["drawn"] != r.Tests[3].AUC {
		t.Errorf("AUC %v, want that of drawn alone, %g", r.AUC, r.Tests[3].AUC)
	}
	wantCoverage := []store.Coverage{
		{Dataset: "a-reals", Holds: 6, Scored: 6},
		{Dataset: "b-empty", Holds: 4, Unscored: []store.Unscored{{Item: "0.jpg", Fault: "empty"}, {Item: "1.jpg", Fault: "empty"}, {Item: "2.jpg", Fault: "empty"}, {Item: "3.jpg", Fault: "empty"}}},
		{Dataset: "drawn", Holds: 17, Scored: 15, Unscored: []store.Unscored{
			{Item: below(t, filepath.Join(data, "crops/drawn"), truncated), Fault: "unreadable"}, {Item: "stray.jpg", Fault: "unlisted"}}},
	}
	if !reflect.DeepEqual(r.Coverage, wantCoverage) {
		t.Errorf("coverage %+v,\nwant %+v", r.Coverage, wantCoverage)
	}
	_, items, err := store.ReadItems(filepath.Join(results, r.Run, store.ScoresFile))
	if err != nil {
		t.Fatal(err)
	}
	scored := map[string]int{}
	for _, it := range items {
		if !math.IsNaN(it.Scores[0]) {
			scored[it.Dataset]++
		}
	}
	if want := map[string]int{"a-reals": 6, "drawn": 15}; !reflect.DeepEqual(scored, want) || len(items) != 26 {
		t.Errorf("%d rows, scores of %v, want 26 and %v", len(items), scored, want)
	}

	report, err := os.ReadFile(filepath.Join(results, r.Run, store.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	auc := fmt.Sprintf("%.3f", r.AUC["drawn"])
	for what, c := range map[string]struct{ text, want string }{
		"report":   {string(report), "no figure: only real videos"},
		"report 2": {string(report), "15 of 17 have a score; the others: 1 unlisted, 1 unreadable"},
		"report 3": {string(report), "stray.jpg: unlisted"},
		"show":     {must(t, "show", "tiny", "--results", results), "no figure: no video has a score"},
		"show 2":   {must(t, "show", "tiny", "--results", results), "b-empty: 0 of 4 have a score; the others: 4 empty."},
		"show 3":   {must(t, "show", "tiny", "--results", results), "  stray.jpg: unlisted\n"},
		"runs":     {must(t, "runs", "--results", results), "drawn " + auc},
		"table":    {must(t, "table", "--runs", "tiny", "--results", results), "no figure: only real videos"},
		"again":    {must(t, "run", path, "--data", data, "--results", results), "no figure: only real videos"},
		"export":   {must(t, "export", "tiny", "--to", t.TempDir(), "--results", results), r.Run},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s: no %q in %s", what, c.want, c.text)
		}
	}
	var again store.Record
	if err := json.Unmarshal([]byte(must(t, "eval", "--run", "tiny", "--data", data, "--results", results, "--json")), &again); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprintf("%+v %+v", again.Tests, again.Coverage), fmt.Sprintf("%+v %+v", r.Tests, r.Coverage); a != b {
		t.Errorf("eval finds %s, the run %s", a, b)
	}

	// Named and alone they are an error, before anything is trained.
	code, _, stderr := seelab(t, "eval", "--run", "tiny", "--data", data, "--results", results, "--test", "a-reals", "--test", "b-empty")
	if code != failed || !strings.Contains(stderr, "a-reals: only real videos; b-empty: none of its 4 faces can be read") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	alone, _ := tinySpec(t, "score.name=cosine", `data.test=["a-reals"]`, "train.steps=7")
	code, _, stderr = seelab(t, "run", alone, "--data", data, "--results", results)
	if code != failed || !strings.Contains(stderr, "a-reals: only real videos") || strings.Contains(stderr, "of 7") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	sweep := filepath.Join(t.TempDir(), "mine.toml")
	write(t, sweep, []byte(tiny+"[sweep]\naxes = [{ seed = [8, 9] }]\n"))
	code, stdout, stderr := seelab(t, "sweep", sweep, "--data", data, "--results", results, "--set", `data.test=["a-reals"]`, "--json")
	if code != failed || stdout != "" || strings.Count(stderr, "a-reals: only real videos") != 1 {
		t.Errorf("exit code %d: %s, %s", code, stdout, stderr)
	}
	// With another that is named they are not.
	if text := must(t, "eval", "--run", "tiny", "--data", data, "--results", results, "--test", "a-reals", "--test", "drawn"); !strings.Contains(text, auc) {
		t.Errorf("no %s in %s", auc, text)
	}
}

// What is trained is tested, even if no figure can come of the only set that is named.
func TestTrainedRunGoesOnWithoutFigure(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	path, s := tinySpec(t, "score.name=cosine", `data.test=["drawn"]`)
	if _, _, err := runUntil(t, results, data, s, func(e lab.Event) bool { return e.Stage == "testing drawn" }); err == nil {
		t.Fatal("the run was not stopped")
	}
	manifest := filepath.Join(data, "crops/drawn/manifest.csv")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var reals []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, ",1,texture,") {
			reals = append(reals, line)
		}
	}
	write(t, manifest, []byte(strings.Join(reals, "")))
	if text := must(t, "run", path, "--data", data, "--results", results); !strings.Contains(text, "no figure: only real videos") {
		t.Errorf("%s", text)
	}
	if text := must(t, "runs", "--results", results); !strings.Contains(text, "no figure") {
		t.Errorf("runs prints %s", text)
	}
}

func below(t *testing.T, dir, file string) string {
	t.Helper()
	name, err := filepath.Rel(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(name)
}
