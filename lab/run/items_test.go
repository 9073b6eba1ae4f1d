package run

import (
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

// A row of scores.csv says of a face what its data set does, and whose face was put in.
func TestItemsOfScoredFaces(t *testing.T) {
	s := scoredSet{
		faces: []datasets.Item{
			{Dataset: "FF++ c40", Method: "Deepfakes", Video: "000_003", Identity: "000", Source: "003", Frame: 4, Fake: true, File: "a.jpg"},
			{Dataset: "FF++ c40", Method: "original", Video: "000", Identity: "000", Frame: -1, File: "b.jpg"},
		},
		scores: []float64{1, 2, 3, 4},
	}
	items := slices.Collect(s.items())
	if len(items) != 2 || !slices.Equal(items[0].Scores, []float64{1, 2}) || !slices.Equal(items[1].Scores, []float64{3, 4}) {
		t.Fatalf("%+v", items)
	}
	for i, it := range items {
		of := s.faces[i]
		if it.Dataset != of.Dataset || it.Method != of.Method || it.Video != of.Video || it.Identity != of.Identity || it.Source != of.Source || it.Frame != of.Frame || it.Fake != of.Fake || it.File != of.File {
			t.Errorf("%+v of %+v", it, of)
		}
	}
}
