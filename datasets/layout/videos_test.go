package layout

import (
	"fmt"
	"slices"
	"testing"
)

// videos makes so many videos of a part, called by part, label and number.
func videos(split Split, fake bool, n int) (made []Video) {
	for i := range n {
		made = append(made, Video{Dataset: "FF++ c23", Method: fmt.Sprint(fake), Name: fmt.Sprintf("%s%d", split, i), Fake: fake, Split: split})
	}
	return made
}

func TestVideosToTestAndToTrainOn(t *testing.T) {
	join := func(parts ...[]Video) Dataset { return Dataset{Name: "FF++ c23", Videos: slices.Concat(parts...)} }
	train := slices.Concat(videos(TrainSplit, false, 12), videos(TrainSplit, true, 3))
	val := videos(ValSplit, false, 2)
	plain := slices.Concat(videos(NoSplit, false, 2), videos(NoSplit, true, 3))
	for _, c := range []struct {
		name                 string
		d                    Dataset
		tests, trained, real int // videos to test on, the same if it is trained on, and to train on
	}{
		{"all of it", join(train, val, videos(TestSplit, false, 10), videos(TestSplit, true, 10)), 20, 20, 12},
		{"few real tests", join(train, val, videos(TestSplit, false, 9), videos(TestSplit, true, 30)), 15 + 2 + 39, 2 + 39, 12},
		{"few fake tests", join(train, val, videos(TestSplit, false, 30), videos(TestSplit, true, 9)), 15 + 2 + 39, 2 + 39, 12},
		{"no training part", join(val, videos(TestSplit, true, 1)), 3, 3, 0},
		{"no parts", join(plain), 5, 3, 2},
	} {
		d := c.d
		if tests, trained, real := len(d.TestVideos(false)), len(d.TestVideos(true)), len(d.TrainVideos(false)); tests != c.tests || trained != c.trained || real != c.real {
			t.Errorf("%s: %d to test on, %d if trained on, %d to train on; want %d, %d, %d", c.name, tests, trained, real, c.tests, c.trained, c.real)
		}
		for _, v := range d.TrainVideos(false) {
			if v.Fake || slices.ContainsFunc(d.TestVideos(true), func(o Video) bool { return o.ID() == v.ID() }) {
				t.Errorf("%s: %s is trained on and fake, or tested on as well", c.name, v.ID())
			}
		}
	}
}

func TestTrainedOn(t *testing.T) {
	for _, c := range []struct {
		set, trained string
		want         bool
	}{
		{"FF++ c23", "FF++ c23", true},
		{"FF++ c23", "FF++ c40", true},
		{"FF++ c23", "ffpp_raw", true},
		{"FF++ c23", "DFD c23", false},
		{"FF++ c23", "real/ytfaces", false},
		{"mine", "mine", true},
		{"mine", "yours", false},
	} {
		if got := (Dataset{Name: c.set}).TrainedOn([]string{"synthetic", c.trained}); got != c.want {
			t.Errorf("%s, training on %s: %v", c.set, c.trained, got)
		}
	}
}
