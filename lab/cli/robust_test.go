package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/store"
)

func TestRobust(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	path, _ := tinySpec(t, "score.name=cosine")
	var r store.Record
	if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", results, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	before := folder(t, filepath.Join(results, r.Run))
	measure := func(more ...string) (found lab.Robustness) {
		t.Helper()
		text := must(t, append([]string{"robust", "--run", r.Run, "--data", data, "--results", results, "--json"}, more...)...)
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}

	first := measure("--kinds", "blur,noise", "--levels", "1,5")
	if len(first.Sets) != 1 || first.Sets[0].Data != "drawn" || first.Run != r.Run || first.Score != "cosine" {
		t.Fatalf("%+v", first)
	}
	set := first.Sets[0]
	var clean store.Test
	for _, x := range r.Tests {
		if x.Level == store.LevelVideo && x.Method == "all" {
			clean = x
		}
	}
	// The clean faces are those that the run was tested on.
	if set.Clean.AUC == nil || *set.Clean.AUC != clean.AUC || set.Clean.Real != clean.NReal || set.Clean.Fake != clean.NFake || set.Clean.Coverage != clean.Coverage {
		t.Errorf("clean %+v, want the test of the run, %+v", set.Clean, clean)
	}
	var cells []string
	for _, c := range set.Cells {
		cells = append(cells, strings.Join([]string{c.Kind, c.Applied, c.Faces, c.Encoded}, " "))
		if c.AUC == nil || c.Drop == nil || c.N != c.Real+c.Fake || c.Lost != 0 {
			t.Fatalf("%+v", c)
		}
		// All videos are in both, so that the drop is that of the figures.
		if d := *set.Clean.AUC - *c.AUC - *c.Drop; d > 1e-12 || d < -1e-12 {
			t.Errorf("%s %d: drop %g of %g to %g", c.Kind, c.Level, *c.Drop, *set.Clean.AUC, *c.AUC)
		}
		if c.Smallest[0] < 1 || c.Largest[0] < c.Smallest[0] {
			t.Errorf("sizes %v to %v", c.Smallest, c.Largest)
		}
	}
	if want := []string{"blur crop clean no", "blur crop clean no", "noise crop clean no", "noise crop clean no"}; !slices.Equal(cells, want) {
		t.Errorf("%q, want %q", cells, want)
	}
	if set.Mean7 != nil || len(set.Kinds) != 0 || len(set.Levels) != 0 {
		t.Errorf("means %+v %+v %+v of what is not all there", set.Mean7, set.Kinds, set.Levels)
	}
	// A damage that does nothing would leave all scores as they are.
	scores := func(c string) string {
		text, err := os.ReadFile(filepath.Join(results, "robust", r.Run, c, store.ScoresFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if scores(set.Clean.Dir) == scores(set.Cells[1].Dir) {
		t.Error("the strongest blur changes no score")
	}
	for _, name := range first.Files {
		if info, err := os.Stat(name); err != nil || info.Size() < 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(first.Files) != 3 { // curves, page, record: no kind has all of its levels
		t.Errorf("files %q", first.Files)
	}

	// What is there is not made again, and a cell that is lost is made as it was.
	lost := filepath.Join(results, "robust", r.Run, set.Cells[0].Dir)
	was := scores(set.Cells[0].Dir)
	kept, err := os.Stat(filepath.Join(results, "robust", r.Run, set.Cells[3].Dir, store.RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(lost); err != nil {
		t.Fatal(err)
	}
	second := measure("--kinds", "blur,noise")
	if again, err := os.Stat(filepath.Join(results, "robust", r.Run, set.Cells[3].Dir, store.RecordFile)); err != nil || !again.ModTime().Equal(kept.ModTime()) {
		t.Errorf("a cell that was there was made again: %v", err)
	}
	if was != scores(set.Cells[0].Dir) {
		t.Error("a cell that was made again has other scores")
	}
	if got := second.Sets[0]; len(got.Cells) != 10 || !reflect.DeepEqual(got.Cells[0], set.Cells[0]) || len(got.Kinds) != 2 || got.Mean7 != nil {
		t.Errorf("%+v", got)
	}
	for _, k := range second.Sets[0].Kinds {
		sum, drop := 0., 0.
		for _, c := range second.Sets[0].Cells {
			if c.Kind == k.Kind {
				sum, drop = sum+*c.AUC/5, drop+*c.Drop/5
			}
		}
		if d := k.AUC - sum; d > 1e-12 || d < -1e-12 || k.Drop != drop {
			t.Errorf("%s: mean %g and drop %g, want %g and %g", k.Kind, k.AUC, k.Drop, sum, drop)
		}
	}

	// Two at once share the cells and find the same.
	var both [2]*lab.Robustness
	var wait sync.WaitGroup
	for i := range both {
		wait.Go(func() {
			l, err := lab.Open(results, lab.WithData(data))
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			run, err := l.Load(r.Run)
			if err != nil {
				t.Error(err)
				return
			}
			if both[i], err = l.Robust(t.Context(), run, lab.Damages{Kinds: []string{"pixel", "saturation"}, Seed: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	if !reflect.DeepEqual(both[0], both[1]) || len(both[0].Sets[0].Cells) != 10 {
		t.Errorf("%+v\n%+v", both[0], both[1])
	}

	if got := measure("--kinds", "contrast", "--levels", "1", "--limit", "2").Sets[0]; got.Clean.Real != 2 || got.Clean.Fake != 2 || !got.Partial {
		t.Errorf("a limit of 2 gives %+v", got.Clean)
	}
	text := must(t, "robust", "--run", r.Run, "--data", data, "--results", results, "--kinds", "blur", "--levels", "5")
	for _, want := range []string{"damaged faces of drawn", "kernel in pixels 21", "drop", "Written: "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if after := folder(t, filepath.Join(results, r.Run)); !reflect.DeepEqual(after, before) {
		t.Error("the run folder was changed")
	}
	// A cell that was tampered with is named.
	file := filepath.Join(results, "robust", r.Run, set.Cells[1].Dir, store.ScoresFile)
	write(t, file, []byte("x"))
	if code, _, stderr := seelab(t, "robust", "--run", r.Run, "--data", data, "--results", results, "--kinds", "blur", "--levels", "5"); code == 0 || !strings.Contains(stderr, set.Cells[1].Dir) {
		t.Errorf("code %d, %s", code, stderr)
	}
	// Runs are not hidden or added to.
	if list := must(t, "runs", "--results", results); strings.Count(list, "\n") > 3 || !strings.Contains(list, r.Run) {
		t.Errorf("runs:\n%s", list)
	}
	for _, bad := range [][]string{{"--kinds", "rain"}, {"--levels", "6"}, {"--limit", "-1"}, {"--sets", "nothing"}, {"--kinds", "blur,blur"}} {
		code, _, stderr := seelab(t, append([]string{"robust", "--run", r.Run, "--data", data, "--results", results}, bad...)...)
		if code == 0 || !strings.Contains(stderr, strings.Split(bad[1], ",")[0]) {
			t.Errorf("%q: code %d, %s", bad, code, stderr)
		}
	}
}

// withoutX264 puts an ffmpeg without libx264 in front of others, and returns its path.
func withoutX264(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\ncase \"$*\" in *-encoders*) echo ' V....D libopenh264 OpenH264';; *) echo 'ffmpeg version 9'; echo 'libavutil      60.  8.100';; esac\n"
	path := filepath.Join(bin, "ffmpeg")
	write(t, path, []byte(script))
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return path
}

// Without libx264 nothing is scored.
func TestRobustWithoutX264(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	ffmpeg := withoutX264(t)
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	id := untrainedRun(t, results, "compact")
	code, _, stderr := seelab(t, "robust", "--run", id, "--data", data, "--results", results)
	want := "ffmpeg " + ffmpeg + " has no encoder libx264 (it has libopenh264): want a build with --enable-libx264, or leave out " + robust.H264
	if code == 0 || !strings.Contains(stderr, want) {
		t.Errorf("code %d, %s\nwant %s", code, stderr, want)
	}
	if _, err := os.Stat(filepath.Join(results, "robust")); err == nil {
		t.Error("something was scored before")
	}
}

// Of videos the frames are damaged, faces are found on them again, and those that were cut before stay as they are.
func TestRobustOnVideos(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	_, _, results, faces, run := onVideos(t)
	must(t, append([]string{"faces"}, faces...)...)
	var r store.Record
	if err := json.Unmarshal([]byte(must(t, run...)), &r); err != nil {
		t.Fatal(err)
	}
	kinds := "blur,noise," + robust.Resize
	if _, err := robust.OpenEncoder(t.Context()); err == nil {
		kinds += "," + robust.H264
	} else {
		t.Log(err)
	}
	var found lab.Robustness
	measure := append([]string{"robust", "--run", r.Run, "--results", results, "--kinds", kinds, "--levels", "1,3", "--json"}, faces...)
	if err := json.Unmarshal([]byte(must(t, measure...)), &found); err != nil {
		t.Fatal(err)
	}
	set := found.Sets[0]
	if set.Clean.AUC == nil || *set.Clean.AUC != r.Tests[0].AUC || set.Clean.N != 6 {
		t.Errorf("clean %+v, want %+v", set.Clean, r.Tests[0])
	}
	rows := func(c string) []store.Item {
		_, items, err := store.ReadItems(filepath.Join(results, "robust", r.Run, c, store.ScoresFile))
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	clean := fmt.Sprint(rows(set.Clean.Dir)) // NaN is not itself
	for _, c := range set.Cells {
		applied, encoded := "frame found again", "no"
		switch c.Kind {
		case robust.Resize:
			applied = "crop clean"
		case robust.H264:
			encoded = "video"
			if !strings.Contains(c.Encoder, "ffmpeg") {
				t.Errorf("encoder %q", c.Encoder)
			}
		}
		if got := c.Applied + " " + c.Faces; got != applied || c.Encoded != encoded {
			t.Errorf("%s at level %d: %s, encoded %s; want %s, %s", c.Kind, c.Level, got, c.Encoded, applied, encoded)
		}
		if c.Level == 1 && (c.AUC == nil || c.Coverage < 0.8) {
			t.Errorf("%s at level 1: %+v", c.Kind, c)
		}
		if fmt.Sprint(rows(c.Dir)) == clean {
			t.Errorf("%s at level %d leaves rows as they are", c.Kind, c.Level)
		}
		if (c.Kind == "blur" || c.Kind == "noise") && c.Smallest != [2]int{320, 288} {
			t.Errorf("%s damages pictures of %v, want frames", c.Kind, c.Smallest)
		}
	}
	// The faces that were cut before are found as they were.
	if again := must(t, append([]string{"faces"}, faces...)...); !strings.Contains(again, "mine          12    0      36             1") {
		t.Errorf("again:\n%s", again)
	}
}
