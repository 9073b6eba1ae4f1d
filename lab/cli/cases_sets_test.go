package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/internal/release050"
	"github.com/seeable-lab/seeable/lab/store"
)

// caseSets copies a kind of the shared cases, as somebody does who tries them, and returns the copy.
func caseSets(t *testing.T, kind string) string {
	t.Helper()
	from := sharedCases(t, kind)
	to := filepath.Join(t.TempDir(), filepath.Base(kind))
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Labels as spreadsheets and editors write them are read: one real and one fake each.
func TestCasesOfLabels(t *testing.T) {
	for _, kind := range []string{"bom", "dfdc_labels_bom", "semicolon", "textlabels"} {
		data := caseSets(t, "labels/"+kind)
		var report layout.Report
		if err := json.Unmarshal([]byte(must(t, "doctor", "--data", data, "--json")), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Datasets) != 1 || report.Datasets[0].Real != 1 || report.Datasets[0].Fake != 1 || len(report.Strange) != 0 {
			t.Errorf("%s: %+v", kind, report)
		}
	}
	data := caseSets(t, "labels/textlabels")
	write(t, filepath.Join(data, "mine", "videos.csv"), []byte("file,label\na.png,perhaps\nb.png,no\n"))
	if code, _, stderr := seelab(t, "doctor", "--data", data); code == 0 || !strings.Contains(stderr, `videos.csv: no usable row`) || !strings.Contains(stderr, `line 2: label is "perhaps"; want 0 (real) or 1 (fake)`) {
		t.Errorf("labels that nobody knows: exit code %d, %s", code, stderr)
	}
}

// finished050 is a folder of results with the run that release 0.5.0 has finished.
func finished050(t *testing.T) (results, run string) {
	t.Helper()
	results = release050.Unpack(t, "../testdata/v0.5.0/runs")
	runs, err := filepath.Glob(filepath.Join(results, "finished-*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs %v, %v", runs, err)
	}
	return results, filepath.Base(runs[0])
}

// casesEvaluated cuts the faces of a copy of some cases and tests at once, as a job on a cluster does.
func casesEvaluated(t *testing.T, data, results, run string) (faces string, r store.Record) {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "faces")
	code, out, stderr := seelab(t, "faces", "--data", data, "--faces", cache)
	if code != 0 {
		t.Fatal(stderr)
	}
	if err := json.Unmarshal([]byte(must(t, "eval", "--run", run, "--results", results, "--data", data, "--faces", cache, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	return out + stderr, r
}

// videoTests are what a record says of all videos of each test set.
func videoTests(r store.Record) map[string]store.Test {
	tests := map[string]store.Test{}
	for _, x := range r.Tests {
		if x.Level == "video" && x.Method == "all" {
			tests[x.Dataset] = x
		}
	}
	return tests
}

// Sets as people have them are read in full, whatever their names; what has no score is counted and named with its reason.
func TestCasesOfSets(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts faces and tests: seconds to compile")
	}
	extracttest.Need(t)
	acceltest.ForTest(t)
	results, run := finished050(t)

	_, r := casesEvaluated(t, caseSets(t, "sets/names"), results, run)
	if x := videoTests(r)["shots"]; x.NReal != 6 || x.NFake != 6 || x.Coverage != 1 || r.Coverage[0].Holds != 12 || r.Coverage[0].Scored != 12 {
		t.Errorf("names: %+v, %+v", x, r.Coverage)
	}

	faces, r := casesEvaluated(t, caseSets(t, "sets/coverage"), results, run)
	c, x := r.Coverage[0], videoTests(r)["bin"]
	if c.Holds != 15 || c.Scored != 6 || len(c.Unscored) != 9 || math.Abs(x.Coverage-0.4) > 1e-9 {
		t.Errorf("coverage: %+v, %+v", x, c)
	}
	named := map[string]string{}
	for _, u := range c.Unscored {
		named[u.Item] = u.Fault
		if !strings.Contains(faces, filepath.Base(u.Item)) && !strings.Contains(faces, "bin/"+strings.TrimSuffix(u.Item, filepath.Ext(u.Item))) {
			t.Errorf("faces does not name %s:\n%s", u.Item, faces)
		}
	}
	for item, fault := range map[string]string{"fake/empty1.mp4": "empty", "fake/empty2.mp4": "empty", "fake/broken.mp4": "unreadable", "real/noface.jpg": "no face", "real/web.webp": "format", "real/webp_named.jpg": "format", "real/h.heic": "format"} {
		if named[item] != fault {
			t.Errorf("coverage: %s is %q, want %q", item, named[item], fault)
		}
	}
	for _, item := range []string{"fake/html.jpg", "fake/trunc.jpg"} {
		if named[item] == "" {
			t.Errorf("coverage: %s is not named in %v", item, slices.Sorted(maps.Keys(named)))
		}
	}

	_, r = casesEvaluated(t, caseSets(t, "sets/one_class"), results, run)
	tests := videoTests(r)
	if math.IsNaN(tests["good"].AUC) || tests["onlyreal"].NoFigure != "only real videos" || tests["onlyreal"].NReal != 2 {
		t.Errorf("one class: %+v", tests)
	}

	data := caseSets(t, "sets/deepfakebench_celebdf_frames")
	_, r = casesEvaluated(t, data, results, run)
	if x := videoTests(r)["Celeb-DF v2"]; x.NReal != 1 || x.NFake != 1 || x.Coverage != 1 {
		t.Errorf("folders of frames: %+v", x)
	}

	// Two sets of one name, spaces in paths, and files that were copied a moment ago.
	good := filepath.Join(caseSets(t, "sets/one_class"), "good")
	data = filepath.Join(t.TempDir(), "my data")
	for _, at := range []string{"one", "other"} {
		if err := os.CopyFS(filepath.Join(data, at, "good"), os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
	}
	_, r = casesEvaluated(t, data, results, run)
	if got := fmt.Sprint(slices.Sorted(maps.Keys(videoTests(r)))); got != "[one-good other-good]" {
		t.Errorf("two sets of one name are %s", got)
	}
}

// A copy of FaceForensics++ without its folders is read; photos to train on say what cuts their faces.
func TestCasesOfCopies(t *testing.T) {
	data := caseSets(t, "sets/kaggle_ffpp_c23")
	if out := must(t, "doctor", "--data", data); !strings.Contains(out, "FF++ c23  partial     2     5 ") {
		t.Errorf("%s", out)
	}
	photos := filepath.Join(t.TempDir(), "my photos")
	if err := os.CopyFS(filepath.Join(photos, "faces of mine"), os.DirFS(filepath.Join(caseSets(t, "sets/one_class"), "good", "real"))); err != nil {
		t.Fatal(err)
	}
	path, _ := tinySpec(t, `data.train=["faces of mine"]`, `data.test=["synthetic"]`)
	code, _, stderr := seelab(t, "run", path, "--data", photos, "--faces", t.TempDir(), "--results", t.TempDir())
	if code == 0 || !strings.Contains(stderr, "the faces of 3 of 3 videos of faces of mine are not in") || !strings.Contains(stderr, `seelab faces --data '`+photos+`' --dataset "faces of mine"`) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
