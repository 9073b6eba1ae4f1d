package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Single frames have one folder, with or without a run of 1.
func TestSingleFramesHaveTheFolderTheyHad(t *testing.T) {
	text := fmt.Sprintf(`{"frames":32,"margin":0.5,"side":448,"version":3,"detector":%q,"mesh":%q}`, toolbox.CenterFace.MemberSHA256, toolbox.FaceMesh.MemberSHA256)
	sum := sha256.Sum256([]byte(text))
	want := "32frames-margin0.5-side448-" + hex.EncodeToString(sum[:4])
	for _, run := range []int{0, 1} {
		p := Default
		p.Run = run
		if got, err := p.recipe().folder(); got != want || err != nil {
			t.Errorf("run %d: folder %s (%v), want %s", run, got, err, want)
		}
	}
	p := Params{Frames: 32, Margin: 0.5, Side: 448, Run: 8}
	if got, _ := p.recipe().folder(); got[:len("32frames-run8-margin")] != "32frames-run8-margin" {
		t.Errorf("runs of 8: folder %s", got)
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		count, n, run int
		want          []int
	}{
		{100, 4, 1, []int{12, 37, 62, 87}},
		{100, 6, 3, []int{24, 25, 26, 74, 75, 76}},
		{100, 4, 4, []int{48, 49, 50, 51}},
		{7, 6, 3, []int{0, 1, 2, 4, 5, 6}},
		{6, 6, 3, []int{0, 1, 2, 3, 4, 5}},
		{3, 6, 3, []int{0, 1, 2}},
		{0, 6, 3, []int{}},
	} {
		if got := spread(c.count, c.n, c.run); !slices.Equal(got, c.want) {
			t.Errorf("%d of %d frames in runs of %d: %v, want %v", c.n, c.count, c.run, got, c.want)
		}
	}
	// All are there, and none twice, whatever the numbers.
	for count := range 40 {
		for run := 1; run < 6; run++ {
			for parts := 1; parts < 6; parts++ {
				got := spread(count, parts*run, run)
				if len(got) != min(count, parts*run) || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) ||
					len(got) > 0 && (got[0] < 0 || got[len(got)-1] >= count) {
					t.Fatalf("%d runs of %d out of %d frames: %v", parts, run, count, got)
				}
			}
		}
	}
}

// Faces of runs have tracks, by which they are put together to clips.
func TestRunsBecomeClips(t *testing.T) {
	d := usual(t)
	c := cached(t, Params{Frames: 6, Margin: 0.5, Side: 48, Run: 3})
	extracted(t, c, d, &fakeNets{})
	test, problems, err := c.Test(d, false, datasets.Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	train, _, err := c.Train(d, false, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []datasets.Set{test, train} {
		clips, err := set.Clips(3, 3)
		if err != nil || len(clips) != len(set.Items)/3 {
			t.Fatalf("%s: %d clips of %d faces (%v)", set.Name, len(clips), len(set.Items), err)
		}
		for _, it := range set.Items {
			if it.Track != 1 || it.Frame < 0 || len(it.Landmarks()) != 68 {
				t.Errorf("%s: track %d, frame %d", it.ID(), it.Track, it.Frame)
			}
		}
	}
	if len(test.Items) != 5*6 || len(train.Items) != 2*6 {
		t.Errorf("%d faces to test on, %d to train on", len(test.Items), len(train.Items))
	}
}

// With fakes the largest faces of all videos train, under their labels.
func TestTrainWithFakes(t *testing.T) {
	d := wild(t, map[string]string{"real/anna.mp4": "pair", "real/ben.mp4": "blank", "fake/swap/anna.mp4": "pair", "fake/swap/ben.mp4": "late"})
	c := cached(t, small)
	extracted(t, c, d, &fakeNets{})
	set, problems, err := c.Train(d, true, datasets.Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	faces := map[string]int{}
	for _, it := range set.Items {
		if it.Fake != (it.Method == "swap") || it.NoFace() || len(it.Landmarks()) != 68 || filepath.Ext(it.Path) != ".jpg" {
			t.Errorf("%+v", it)
		}
		faces[it.VideoID()]++
	}
	if len(faces) != 3 || faces["wild/real/anna"] != 3 || faces["wild/swap/anna"] != 3 || faces["wild/swap/ben"] != 2 {
		t.Errorf("faces %v", faces)
	}
	reals, _, err := c.Train(d, false, datasets.Strict)
	if err != nil || len(reals.Items) != 3 || slices.ContainsFunc(reals.Items, func(it datasets.Item) bool { return it.Fake || it.Track != 0 }) {
		t.Errorf("without fakes %d faces (%v)", len(reals.Items), err)
	}
}
