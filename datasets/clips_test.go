package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// frames returns a set of one video's faces at these frames.
func framesOf(track int, numbers ...int) (items []Item) {
	for _, n := range numbers {
		items = append(items, Item{Dataset: "d", Method: "m", Video: "v", Frame: n, Track: track, File: fmt.Sprintf("%06d-%d.jpg", n, track)})
	}
	return items
}

func TestClips(t *testing.T) {
	set := Set{Name: "d", Items: slices.Concat(framesOf(1, 3, 4, 5, 6, 8, 9, 10), framesOf(2, 4, 5, 6, 6, 7, 8))}
	sortItems(set.Items)
	for _, c := range []struct {
		length, step int
		want         string
	}{
		{3, 1, "1:3-5 1:4-6 1:8-10"},
		{3, 3, "1:3-5 1:8-10"},
		{2, 2, "1:3-4 1:5-6 1:8-9 2:4-5 2:7-8"}, // frame 6 of track 2 is there twice
		{4, 9, "1:3-6"},
	} {
		clips, err := set.Clips(c.length, c.step)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, clip := range clips {
			a, b := set.Items[clip[0]], set.Items[clip[len(clip)-1]]
			found = append(found, fmt.Sprintf("%d:%d-%d", a.Track, a.Frame, b.Frame))
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("clips of %d every %d: %s, want %s", c.length, c.step, got, c.want)
		}
	}
}

func TestClipsErrors(t *testing.T) {
	still := Set{Name: "stills", Items: framesOf(0, 10, 20, 30)}
	for _, c := range []struct {
		set          Set
		length, step int
		want         []string
	}{
		{still, 8, 1, []string{"stills", "not consecutive", "--consecutive 8"}},
		{Set{Name: "d", Items: framesOf(1, 3, 4, 5, 7)}, 8, 1, []string{"of d", "longest run", "3, in d/m/v"}},
		{Set{Name: "d"}, 0, 1, []string{"at least 1"}},
		{Set{Name: "d"}, 1, 0, []string{"at least 1"}},
	} {
		_, err := c.set.Clips(c.length, c.step)
		for _, want := range append(c.want, "datasets: ") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("clips of %d every %d: %v lacks %q", c.length, c.step, err, want)
			}
		}
	}
}

// Clips of one frame are the faces of the set in its order; longer ones are those that a search over all pairs of items finds.
func TestClipsProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var set Set
		for i := range rng.IntN(40) {
			it := Item{Dataset: "d", Method: "m", Video: fmt.Sprint(rng.IntN(3)), Frame: rng.IntN(12) - 1, Track: rng.IntN(3), File: fmt.Sprint(i)}
			if rng.IntN(5) == 0 {
				it.File = ""
			}
			set.Items = append(set.Items, it)
		}
		rng.Shuffle(len(set.Items), func(i, j int) { set.Items[i], set.Items[j] = set.Items[j], set.Items[i] })
		one, err := set.Clips(1, 1+rng.IntN(3))
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, it := range set.Items {
			if it.NoFace() {
				continue
			}
			if at >= len(one) || !slices.Equal(one[at], []int{i}) {
				t.Fatalf("clip %d of %v, want item %d", at, one, i)
			}
			at++
		}
		if at != len(one) {
			t.Fatalf("%d clips of one frame, want %d", len(one), at)
		}
		// only is the item of a video's track at a frame, −1 if there is none or more than one.
		only := func(video string, track, frame int) int {
			found := -1
			for i, it := range set.Items {
				if !it.NoFace() && it.Video == video && it.Track == track && it.Frame == frame {
					if found >= 0 {
						return -1
					}
					found = i
				}
			}
			return found
		}
		length := 2 + rng.IntN(3)
		var want [][]int
		for _, video := range []string{"0", "1", "2"} {
			for track := range 3 {
				for first := range 12 {
					var clip []int
					for frame := first; frame < first+length; frame++ {
						if i := only(video, track, frame); i >= 0 {
							clip = append(clip, i)
						}
					}
					if len(clip) == length {
						want = append(want, clip)
					}
				}
			}
		}
		found, err := set.Clips(length, 1)
		if (err != nil) != (len(want) == 0) || !slices.EqualFunc(found, want, slices.Equal[[]int]) {
			t.Fatalf("clips of %d: %v (%v), want %v", length, found, err, want)
		}
	}
}
