package datasets

import (
	"fmt"
	"testing"
)

func TestPartialTestSets(t *testing.T) {
	var whole []Item
	for name, of := range ffppSequences() {
		if of.split != TestSplit {
			continue
		}
		for frame := range 2 {
			whole = append(whole, Item{Dataset: "FF++ c23", Method: "original", Video: name, Identity: name, Frame: frame},
				Item{Dataset: "FF++ c23", Method: "FaceSwap", Video: name + "_" + of.partner, Identity: name, Fake: true, Frame: frame})
		}
	}
	celeb := func(reals, fakes int) (items []Item) {
		for i := range reals + fakes {
			items = append(items, Item{Dataset: "x", Method: "m", Video: fmt.Sprint(i), Fake: i >= reals})
		}
		return items
	}
	train := append(whole[4:], Item{Dataset: "FF++ c23", Method: "original", Video: "071"}, Item{Dataset: "FF++ c23", Method: "original", Video: "054"})
	for _, c := range []struct {
		name  string
		items []Item
		want  bool
	}{
		{"FF++ c23", whole, false},
		{"FF++ c23", whole[4:], true}, // one sequence less
		{"FF++ c23", train, true},     // as many, but not the official ones
		{"FF++ c23", append(whole, Item{Dataset: "FF++ c23", Method: "Deepfakes", Video: "000_003", Identity: "000", Fake: true}), true},
		{"Celeb-DF v2", celeb(178, 340), false},
		{"Celeb-DF v2", celeb(178, 339), true},
		{"Celeb-DF v2", celeb(177, 341), true},
		{"DFDC", celeb(2500, 2500), false},
		{"DFDC", celeb(2499, 2501), true},
		{"DFDC preview", celeb(276, 504), false},
		{"DFDC preview", celeb(276, 503), true},
		{"mine", celeb(1, 1), false},
	} {
		if got := partialTest(c.name, c.items); got != c.want {
			t.Errorf("%s with %d faces is partial: %v", c.name, len(c.items), got)
		}
	}
}
