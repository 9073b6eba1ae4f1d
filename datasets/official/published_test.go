package official

import (
	"fmt"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

func TestPartialTestSets(t *testing.T) {
	var whole []datasets.Item
	for name, of := range ffppSequences() {
		if of.split != layout.TestSplit {
			continue
		}
		whole = append(whole, datasets.Item{Dataset: "FF++ c23", Method: "original", Video: name, Identity: name},
			datasets.Item{Dataset: "FF++ c23", Method: "FaceSwap", Video: name + "_" + of.partner, Identity: name, Fake: true})
	}
	celeb := func(reals, fakes int) (items []datasets.Item) {
		for i := range reals + fakes {
			items = append(items, datasets.Item{Dataset: "x", Method: "m", Video: fmt.Sprint(i), Fake: i >= reals})
		}
		return items
	}
	train := append(whole[2:], datasets.Item{Dataset: "FF++ c23", Method: "original", Video: "071"}, datasets.Item{Dataset: "FF++ c23", Method: "original", Video: "054"})
	for _, c := range []struct {
		name  string
		items []datasets.Item
		want  bool
	}{
		{"FF++ c23", whole, false},
		{"FF++ c23", whole[2:], true}, // one sequence less
		{"FF++ c23", train, true},     // as many, but not the official ones
		{"FF++ c23", append(whole, datasets.Item{Dataset: "FF++ c23", Method: "Deepfakes", Video: "000_003", Identity: "000", Fake: true}), true},
		{"Celeb-DF v2", celeb(178, 340), false},
		{"Celeb-DF v2", celeb(178, 339), true},
		{"Celeb-DF v2", celeb(177, 341), true},
		{"DFDC", celeb(2500, 2500), false},
		{"DFDC", celeb(2499, 2501), true},
		{"DFDC preview", celeb(276, 504), false},
		{"DFDC preview", celeb(276, 503), true},
		{"mine", celeb(1, 1), false},
	} {
		p, ok := datasets.PublishedAs(c.name)
		if got := ok && p.Lacks(c.items); got != c.want {
			t.Errorf("%s with %d videos is partial: %v", c.name, len(c.items), got)
		}
	}
}
