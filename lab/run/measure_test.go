package run

import (
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// What levels, people and rivals are made of comes with the faces of a set into its figures.
func TestFacesOfASetKeepWhatFiguresNeed(t *testing.T) {
	var found scoredSet
	for i := range 40 {
		// Two people in each frame of 10 videos of two frames.
		it := datasets.Item{
			Dataset: "pairs", Method: "real", Video: string(rune('a' + i/4)), Identity: "someone", Source: "other", File: string(rune('A' + i)), Frame: i / 2 % 2, Track: 1 + i%2, Fake: i >= 20,
		}
		found.faces = append(found.faces, it)
		found.scores = append(found.scores, float64(i*7%13), 0, 0, 0, -float64(i%3), 1, math.NaN()) // four scores, three rivals
	}
	m := brightness{}
	if got := columns(m); len(got) != 4+rival.Count || !slices.Equal(got[4:], rival.Names()) {
		t.Fatalf("columns %q", got)
	}
	for it := range found.items() {
		if i := slices.IndexFunc(found.faces, func(f datasets.Item) bool { return f.File == it.File }); it.Track != 1+i%2 || it.Source != "other" || len(it.Scores) != 7 {
			t.Errorf("%+v", it)
		}
	}
	tests, err := measure(datasets.Set{Name: "pairs"}, found.items(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var levels []string
	for _, test := range tests {
		levels = append(levels, test.Level)
	}
	if !slices.Equal(levels, []string{store.LevelVideo, store.LevelPerson, store.LevelFrame, store.LevelFace}) {
		t.Errorf("levels %q", levels)
	}
	rivals, err := measureRivals(found.items(), m, 0)
	if err != nil || len(rivals) != 2 || rivals[0].Name != "rival_sharpness" || rivals[1].AUC != 0.5 || rivals[0].NReal != 5 || rivals[0].NFake != 5 {
		t.Errorf("rivals %+v, error %v: want sharpness, and brightness at 0.5", rivals, err)
	}
}
