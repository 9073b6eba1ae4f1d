package official

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// sharedData returns the folder of research data, which no clone holds.
func sharedData(t *testing.T) string {
	root := os.Getenv("SEEABLE_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no research data at %s: set SEEABLE_DATA to test with it", root)
	}
	return root
}

// The counts are those of the data's README.md; the parts those of the official lists.
func TestSharedVideos(t *testing.T) {
	report, err := layout.Examine(sharedData(t), false, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	type state struct {
		name       string
		real, fake int
		partial    bool
	}
	var got []state
	for _, d := range report.Datasets {
		got = append(got, state{d.Name, d.Real, d.Fake, d.Partial})
		if len(d.Problems) > 0 {
			t.Errorf("%s: %v", d.Name, d.Problems)
		}
	}
	want := []state{{"Celeb-DF v2", 6, 6, true}, {"DFDC", 1, 5, true}, {"FF++ c23", 2, 5, true}, {"FF++ c40", 6, 24, true}}
	if !slices.Equal(got, want) {
		t.Errorf("found %v; want %v", got, want)
	}
	for _, s := range report.Sets {
		if s.Partial != (s.Kind == datasets.FaceCrops) {
			t.Errorf("%s is partial: %v", s.Name, s.Partial)
		}
	}
	sets, err := layout.Open(filepath.Join(sharedData(t), "FaceForensics++"), datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	// Of 183, 253, 469, 481, 585 and 599, the last two are validation sequences and the others training ones.
	for _, d := range sets {
		for _, c := range d.Counts {
			if there := map[layout.Split]int{layout.TrainSplit: 4, layout.ValSplit: 2}[c.Split]; d.Name == "FF++ c40" && c.There != there {
				t.Errorf("%s %s: %d; want %d", c.Split, c.Method, c.There, there)
			}
		}
	}
	// Every video of the crops is one of these: both name and label them alike.
	crops, _, err := datasets.Tests(sharedData(t), nil, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	fake := map[string]bool{}
	for _, set := range crops {
		for _, it := range set.Items {
			fake[it.VideoID()] = it.Fake
		}
	}
	same := 0
	for _, dir := range []string{"FaceForensics++", "Celeb-DF-v2", "DFDC"} {
		sets, err := layout.Open(filepath.Join(sharedData(t), dir), datasets.Strict)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range sets {
			for _, v := range d.Videos {
				if label, ok := fake[v.ID()]; ok && label == v.Fake {
					same++
				} else if ok {
					t.Errorf("%s is fake: %v, among the crops %v", v.ID(), v.Fake, label)
				}
			}
		}
	}
	t.Logf("%d of 55 videos are among the crops, with the same label", same)
	if same < 50 {
		t.Errorf("only %d videos have the ID of their crops", same)
	}
}
