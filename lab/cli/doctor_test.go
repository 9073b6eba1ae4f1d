package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
)

func TestDoctor(t *testing.T) {
	t.Setenv(lab.DataEnv, "")
	t.Setenv(extract.DirEnv, t.TempDir())
	root := t.TempDir()
	video := []byte("\x00\x00\x00\x18ftypisom")
	write(t, filepath.Join(root, "FF/original_sequences/youtube/c40/videos/000.mp4"), video)
	write(t, filepath.Join(root, "FF/manipulated_sequences/FaceSwap/c40/videos/000_003.mp4"), video)
	write(t, filepath.Join(root, "FF/manipulated_sequences/FaceSwap/c40/videos/003_000.mp4"), nil)
	write(t, filepath.Join(root, "DFDC/abofeumbvv.mp4"), video)

	text := must(t, "doctor", "--data", root)
	for _, want := range []string{
		`FF\+\+ c40 +partial +1 +1 +5000 +4998 +0 +0 +1 +FF`,
		`FF\+\+ c40 +original +real +0/720 +0/140 +1/140`,
		`FF\+\+ c40 +FaceSwap +fake +0/720 +0/140 +1/140`,
		`Problems of FF\+\+ c40 \(1 empty\)\n.*003_000.mp4: the file is empty`,
		`DFDC: looks like DFDC, but metadata.json or labels.csv is missing`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "001_870") {
		t.Error("it names missing videos unasked")
	}
	if text := must(t, "doctor", "--data", root, "--verbose"); !strings.Contains(text, "FF++ c40/FaceSwap/001_870") {
		t.Error("--verbose does not name missing videos")
	}
	var report layout.Report
	if err := json.Unmarshal([]byte(must(t, "doctor", "--data", root, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if d := report.Datasets; len(d) != 1 || d[0].Name != "FF++ c40" || !d[0].Partial || d[0].Faults[datasets.Empty] != 1 {
		t.Errorf("%+v", d)
	}

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--data", filepath.Join(root, "DFDC")}, "looks like DFDC, but metadata.json or labels.csv is missing beside its 1 videos"},
		{[]string{"--data", t.TempDir()}, "no data set was recognised"},
		{[]string{"--data", root + "/absent"}, "is not there"},
		{[]string{"--data", root, "--strict"}, "003_000.mp4: the file is empty"},
		{nil, "no data folder is given"},
	} {
		code, _, stderr := seelab(t, append([]string{"doctor"}, c.args...)...)
		if code != failed || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("doctor %v: exit code %d, %q; want %q", c.args, code, stderr, c.want)
		}
	}
}

func TestDoctorOnSharedData(t *testing.T) {
	root := sharedtest.Data(t)
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no research data at %s: set SEEABLE_DATA to test with it", root)
	}
	text := must(t, "doctor", "--data", root)
	for _, want := range []string{
		`Celeb-DF v2 +partial +6 +6 +6529 `, `DFDC +partial +1 +5 +128154 `, `FF\+\+ c23 +partial +2 +5 +5000 `, `FF\+\+ c40 +partial +6 +24 +5000 `,
		`FF\+\+ c40 +face crops +partial +398 `, `List_of_testing_videos.txt is not the official list`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// Trivial rivals are measured on every test set of both classes, once; the file size of faces cut from videos is that of the
// videos.
func TestDoctorMeasuresRivals(t *testing.T) {
	t.Setenv(extract.DirEnv, t.TempDir())
	root, truncated := drawData(t)
	plantSets(t, root)
	var report layout.Report
	if err := json.Unmarshal([]byte(must(t, "doctor", "--data", root, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	found := map[string][]layout.Rival{}
	for _, s := range report.Sets {
		found[s.Kind+" "+s.Name] = s.Rivals
	}
	rivals := found["face crops drawn"]
	delete(found, "face crops drawn")
	if len(rivals) != 3 || slices.ContainsFunc(slices.Collect(maps.Values(found)), func(r []layout.Rival) bool { return r != nil }) {
		t.Fatalf("rivals %+v, and of drawn %+v; want three of that alone", found, rivals)
	}
	// The size, by hand: the mean over the frames of a video that can be read.
	type video struct {
		total, n float64
		fake     bool
	}
	set, _, err := datasets.OpenCrops(filepath.Join(root, "crops/drawn"), datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*video{}
	for _, it := range set.Items {
		info, err := os.Stat(it.Path)
		if err != nil {
			t.Fatal(err)
		}
		if it.Path == truncated {
			continue
		}
		if all[it.VideoID()] == nil {
			all[it.VideoID()] = &video{fake: it.Fake}
		}
		all[it.VideoID()].total += float64(info.Size())
		all[it.VideoID()].n++
	}
	wins := 0.
	for _, f := range all {
		for _, r := range all {
			if f.fake && !r.fake {
				switch a, b := f.total/f.n, r.total/r.n; {
				case a < b:
					wins++
				case a == b:
					wins += 0.5
				}
			}
		}
	}
	if r := rivals[2]; r.Name != "file size" || math.Abs(r.AUC-wins/16) > 1e-12 || r.Real != 4 || r.Fake != 4 {
		t.Errorf("%+v, want AUC %v of 4 and 4 videos", r, wins/16)
	}
	if text := must(t, "doctor", "--data", root); !regexp.MustCompile(`drawn +file size +` + fmt.Sprintf("%.3f", wins/16)).MatchString(text) {
		t.Error(text)
	}
}
