package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// tiny is an experiment of seconds. Two cells and two types: K = 4.
const tiny = `
name = "tiny"
[data]
train = ["real/drawn"]
holdout = 0.3
[discrepancy]
rows = 1
cols = 2
[encoder]
size = 32
hidden = 16
dim = 8
[train]
steps = 6
batch = 8
validate = 2
`

// The whole way of a stranger, on data as they have it.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, truncated := drawData(t)
	results := filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))

	code, stdout, stderr := seelab(t, "run", experiment, "--set", "score.name=cosine", "--data", data, "--results", results, "--json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stderr, "6 of 6") || !strings.Contains(stderr, "skipped: ") || !strings.Contains(stderr, filepath.Base(truncated)) {
		t.Errorf("stderr tells neither of the training nor of the truncated file: %s", stderr)
	}
	checkShape(t, stdout)
	var record store.Record
	if err := json.Unmarshal([]byte(stdout), &record); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(results, record.Run)
	checkTests(t, record, filepath.Join(dir, store.ScoresFile))
	checkRivals(t, record, filepath.Join(dir, store.ScoresFile), filepath.Join(data, "crops/drawn"))

	t.Run("again", func(t *testing.T) {
		code, again, stderr := seelab(t, "run", experiment, "--set", "score.name=cosine", "--data", data, "--results", results, "--json")
		if code != 0 || again != stdout || !strings.Contains(stderr, "finished already") {
			t.Errorf("exit code %d, %s\nprints %s\nwant %s", code, stderr, again, stdout)
		}
	})
	t.Run("table", func(t *testing.T) {
		text := must(t, "run", experiment, "--set", "score.name=cosine", "--data", data, "--results", results)
		auc := fmt.Sprintf("%.3f", record.Tests[0].AUC)
		for _, want := range []string{"drawn", auc, filepath.Join(dir, store.ReportFile), "Skipped: 1 "} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
	})
	t.Run("strict", func(t *testing.T) {
		code, _, stderr := seelab(t, "eval", "--run", "tiny", "--data", data, "--results", results, "--strict")
		if code != failed || !strings.Contains(stderr, "seelab: ") || !strings.Contains(stderr, filepath.Base(truncated)) {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
	t.Run("eval", func(t *testing.T) {
		before := folder(t, dir)
		var again store.Record
		if err := json.Unmarshal([]byte(must(t, "eval", "--run", "tiny", "--data", data, "--results", results, "--json")), &again); err != nil {
			t.Fatal(err)
		}
		if !sameTests(again.Tests, record.Tests) {
			t.Errorf("tests %+v, in the run %+v", again.Tests, record.Tests)
		}
		if !reflect.DeepEqual(folder(t, dir), before) {
			t.Error("the run folder has changed")
		}
	})
	t.Run("select-score", func(t *testing.T) {
		var got struct {
			Used, Best string
			Selection  []store.Selection
			Choice     store.Choice
			Pseudo     []store.Pseudo
		}
		text := must(t, "select-score", "--run", record.Run, "--data", data, "--results", results, "--json")
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		best := got.Selection[0]
		for _, s := range got.Selection {
			if s.AUC > best.AUC {
				best = s
			}
			if s.Score == "cosine" && !reflect.DeepEqual(s, record.Selection[0]) {
				t.Errorf("cosine has %+v, in the run %+v", s, record.Selection[0])
			}
		}
		if got.Used != "cosine" || got.Best != best.Score || len(got.Selection) != 6 {
			t.Errorf("%s", text)
		}
		if got.Best == "cosine" && !reflect.DeepEqual(got.Pseudo, record.Pseudo) || !reflect.DeepEqual(&got.Choice, record.Choice) {
			t.Errorf("chosen on %+v, reported %+v; in the run %+v, %+v", got.Choice, got.Pseudo, record.Choice, record.Pseudo)
		}
		got.Selection = nil
		text = must(t, "select-score", "--run", record.Run, "--data", data, "--results", results, "--json",
			"--set", "score.name=cosine", "--set", "augment.jpeg=[1,5]", "--set", "augment.jpeg_p=1")
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Selection) != 1 || got.Selection[0].Score != "cosine" || reflect.DeepEqual(got.Selection[0], record.Selection[0]) {
			t.Errorf("under another compression: %s", text)
		}
	})
	t.Run("score", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "heat")
		files, err := filepath.Glob(filepath.Join(data, "crops/drawn/original/*_0.jpg"))
		if err != nil || len(files) != 4 {
			t.Fatal(files, err)
		}
		var got struct {
			Run   string
			Faces []terminal.ScoredFace
		}
		text := must(t, "score", "--run", "tiny", "--results", results, "--out", out, "--mean-face", "--json", files[0], files[1], files[1])
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if got.Run != record.Run || len(got.Faces) != 3 {
			t.Fatal(text)
		}
		heats := map[string]bool{}
		for _, face := range got.Faces {
			sum := 0.0
			for _, s := range face.Similarities {
				sum += s
			}
			// The score is minus the sum of the cosines (spec section 7).
			if len(face.Similarities) != 4 || math.Abs(face.Score+sum) > 1e-6 {
				t.Errorf("%s: score %g and similarities %v", face.File, face.Score, face.Similarities)
			}
			heat, err := os.ReadFile(face.Heat)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := png.Decode(bytes.NewReader(heat)); err != nil {
				t.Errorf("%s: %v", face.Heat, err)
			}
			heats[face.Heat] = true
		}
		if len(heats) != 3 {
			t.Errorf("three pictures share heat maps: %v", heats)
		}
		if got.Faces[1].Score != got.Faces[2].Score || got.Faces[0].Score == got.Faces[1].Score {
			t.Errorf("scores %g, %g and the same picture %g", got.Faces[0].Score, got.Faces[1].Score, got.Faces[2].Score)
		}
		// Under another name it has the same score, to the bit.
		picture, err := os.ReadFile(files[1])
		if err != nil {
			t.Fatal(err)
		}
		renamed := filepath.Join(t.TempDir(), "renamed.jpg")
		write(t, renamed, picture)
		score := got.Faces[1].Score
		got.Faces = nil
		text = must(t, "score", "--run", "tiny", "--results", results, "--out", out, "--json", renamed)
		if err := json.Unmarshal([]byte(text), &got); err != nil || len(got.Faces) != 1 || got.Faces[0].Score != score {
			t.Errorf("%v: the picture has %v, and under another name %s", err, score, text)
		}
	})
	t.Run("faces of a set", func(t *testing.T) {
		// One by one and among the others of its set, a face has one score, to the bit.
		names, items, err := store.ReadItems(filepath.Join(dir, store.ScoresFile))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{}
		for _, it := range items {
			want[it.File] = it.Scores[slices.Index(names, "cosine")]
		}
		set, _, err := datasets.OpenCrops(filepath.Join(data, "crops/drawn"), datasets.Skip)
		if err != nil {
			t.Fatal(err)
		}
		l, err := lab.Open(results, lab.WithData(data))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		run, err := l.Load(record.Run)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{len(set.Items) - 2, 0} {
			it := set.Items[i]
			found, err := l.ScoreItems(t.Context(), run, it)
			if err != nil || len(found) != 1 || found[0].Score != want[it.File] {
				t.Errorf("%s has %+v (%v), and %v in the test of the run", it.File, found, err, want[it.File])
			}
		}
	})
	t.Run("weights of another network", func(t *testing.T) {
		path := filepath.Join(dir, store.WeightsFile)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer write(t, path, whole)
		file, err := safetensors.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		const name = "/net/head/out/bias"
		if _, ok := file.Tensors[name]; !ok {
			t.Fatalf("no %s among the weights", name)
		}
		delete(file.Tensors, name)
		if err := safetensors.Write(path, file); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := seelab(t, "eval", "--run", "tiny", "--results", results, "--data", data)
		if code != 1 || stdout != "" || !strings.Contains(stderr, name) || !strings.Contains(stderr, path) {
			t.Errorf("exit code %d, %q, %s; want 1 and the name of the missing tensor", code, stdout, stderr)
		}
	})
	t.Run("runs", func(t *testing.T) {
		if text := must(t, "runs", "--results", results); !strings.Contains(text, "\n"+record.Run+" ") {
			t.Errorf("no %s in %s", record.Run, text)
		}
	})
}

// sameTests compares figures, where NaN, as the ends of an interval of too few people, is itself.
func sameTests(a, b []store.Test) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

// checkShape demands exactly one JSON object with the fields that programs rely on.
func checkShape(t *testing.T, text string) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	if decoder.More() {
		t.Errorf("more than one JSON value on stdout")
	}
	number := func(in map[string]any, key string) {
		if _, ok := in[key].(float64); !ok {
			t.Errorf("%s is %v, want a number", key, in[key])
		}
	}
	if id, _ := object["run"].(string); !strings.HasPrefix(id, "tiny-") {
		t.Errorf("run is %v", object["run"])
	}
	number(object, "seconds")
	trained, _ := object["train"].(map[string]any)
	number(trained, "accuracy")
	tests, _ := object["tests"].([]any)
	if len(tests) != 2 {
		t.Fatalf("%d tests, want one of videos and one of frames", len(tests))
	}
	for _, entry := range tests {
		test, _ := entry.(map[string]any)
		for _, key := range []string{"auc", "n_real", "n_fake", "coverage"} {
			number(test, key)
		}
		if why, _ := test["no_interval"].(string); !strings.HasPrefix(why, "too few people") || test["low"] != nil || test["high"] != nil {
			t.Errorf("interval [%v, %v] of four people a class, %q", test["low"], test["high"], why)
		}
	}
}

// checkTests compares the rows with the data that drawData writes and with the scores in the run folder.
func checkTests(t *testing.T, r store.Record, scores string) {
	t.Helper()
	names, items, err := store.ReadItems(scores)
	if err != nil {
		t.Fatal(err)
	}
	column := -1
	for i, name := range names {
		if name == r.Score {
			column = i
		}
	}
	if r.Score != "cosine" || column < 0 {
		t.Fatalf("the score is %q, the columns are %q", r.Score, names)
	}
	// Frames, and videos as the mean of their frames, both with ties counted half.
	type group struct {
		total, n float64
		fake     bool
	}
	videos := map[string]*group{}
	var reals, fakes []float64
	for _, it := range items {
		score := it.Scores[column]
		if math.IsNaN(score) {
			continue
		}
		key := it.Method + "/" + it.Video
		if videos[key] == nil {
			videos[key] = &group{fake: it.Fake}
		}
		videos[key].total, videos[key].n = videos[key].total+score, videos[key].n+1
		if it.Fake {
			fakes = append(fakes, score)
		} else {
			reals = append(reals, score)
		}
	}
	var realVideos, fakeVideos []float64
	for _, v := range videos {
		if v.fake {
			fakeVideos = append(fakeVideos, v.total/v.n)
		} else {
			realVideos = append(realVideos, v.total/v.n)
		}
	}
	for level, want := range map[string]struct {
		reals, fakes []float64
		coverage     float64
	}{"frame": {reals, fakes, 15. / 16}, "video": {realVideos, fakeVideos, 1}} {
		found := false
		for _, test := range r.Tests {
			if test.Level != level {
				continue
			}
			found = true
			auc := 0.0
			for _, fake := range want.fakes {
				for _, real := range want.reals {
					if fake > real {
						auc++
					} else if fake == real {
						auc += 0.5
					}
				}
			}
			auc /= float64(len(want.fakes) * len(want.reals))
			if test.Dataset != "drawn" || test.Method != "all" || math.Abs(test.AUC-auc) > 1e-9 ||
				test.Low > test.AUC || test.High < test.AUC || test.Coverage != want.coverage ||
				test.NReal != len(want.reals) || test.NFake != len(want.fakes) {
				t.Errorf("%+v; want AUC %g of %d real and %d fake, coverage %g", test, auc, len(want.reals), len(want.fakes), want.coverage)
			}
		}
		if !found {
			t.Errorf("no test of level %s", level)
		}
	}
	if len(reals) != 8 || len(fakes) != 7 || len(realVideos) != 4 || len(fakeVideos) != 4 {
		t.Errorf("%d and %d frames, %d and %d videos", len(reals), len(fakes), len(realVideos), len(fakeVideos))
	}
}

// folder reads all files of a folder.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}

func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three times")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	scores := func(seed string) string {
		results := t.TempDir()
		var record store.Record
		text := must(t, "run", experiment, "--set", "seed="+seed, "--data", data, "--results", results, "--json")
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			t.Fatal(err)
		}
		return folder(t, filepath.Join(results, record.Run))[store.ScoresFile]
	}
	first := scores("1")
	if again := scores("1"); again != first {
		t.Errorf("the same spec gives other scores:\n%s\nthan\n%s", again, first)
	}
	if other := scores("2"); other == first {
		t.Error("another seed gives the same scores")
	}
}

func TestBench(t *testing.T) {
	for _, what := range []string{"discrepancy", "variants", "train"} {
		flags := []string{"bench", what, "--size", "32", "--seconds", "0.05", "--json"}
		if what == "train" {
			if testing.Short() {
				continue // compiles a network
			}
			acceltest.ForTest(t)
			flags = append(flags, "--batch", "8", "--checkpoint")
		}
		var got struct {
			Bench           string
			Size            int
			Checkpoint      bool
			ImagesPerSecond float64 `json:"images_per_second"`
			FacesPerSecond  float64 `json:"faces_per_second"`
			PeakRSS         float64 `json:"peak_rss_mb"`
		}
		text := must(t, flags...)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if got.Bench != what || got.Size != 32 || got.ImagesPerSecond <= 0 || got.PeakRSS < 1 || got.PeakRSS > 1e5 || got.Checkpoint != (what == "train") {
			t.Errorf("%s", text)
		}
		// The default K is 32, and the face itself.
		if ratio := got.ImagesPerSecond / got.FacesPerSecond; what == "variants" && math.Abs(ratio-33) > 1e-9 {
			t.Errorf("%g images a face, want 33", ratio)
		}
	}
}

// The samples of every method are timed, those of the reference against themselves too; a method brings its small experiment.
func TestBenchMakers(t *testing.T) {
	if testing.Short() {
		t.Skip("measures every method twice: seconds")
	}
	var got struct{ Bench []lab.Speed }
	if err := json.Unmarshal([]byte(must(t, "bench", "makers", "--size", "64", "--seconds", "0.02", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got.Bench {
		names = append(names, s.Method)
		if s.Size != 64 || s.ImagesPerSecond <= 0 || s.CPUPerImage <= 0 || s.Cost <= 0 {
			t.Errorf("%+v", s)
		}
	}
	for _, m := range spec.Methods() {
		if !slices.Contains(names, m.Name) {
			t.Errorf("%s is not among %q", m.Name, names)
		}
	}
	var one lab.Speed
	text := must(t, "bench", "discrepancy", "--method", "ost-real", "--seconds", "0.02", "--json")
	if err := json.Unmarshal([]byte(text), &one); err != nil || one.Method != "ost-real" || one.Size != 128 {
		t.Errorf("%s, %v", text, err)
	}
	if code, _, stderr := seelab(t, "bench", "train", "--method", "nobody"); code == 0 || !strings.Contains(stderr, `method = "nobody"`) {
		t.Errorf("code %d, %s", code, stderr)
	}
}
