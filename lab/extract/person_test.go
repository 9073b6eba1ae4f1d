package extract

import (
	"image"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

func TestPersons(t *testing.T) {
	at := func(track, x, side int) Sighting { return Sighting{track, image.Rect(x, 0, x+side, side)} }
	for name, c := range map[string]struct {
		frames [][]Sighting
		want   map[int]int
	}{
		"nobody":                     {[][]Sighting{{}, {}}, map[int]int{}},
		"one who moves far":          {[][]Sighting{{at(0, 0, 50)}, {at(1, 500, 50)}, {at(2, 0, 50)}}, map[int]int{0: 1, 1: 1, 2: 1}},
		"two":                        {[][]Sighting{{at(0, 0, 50), at(1, 500, 50)}, {at(0, 0, 50), at(1, 500, 50)}}, map[int]int{0: 1, 1: 2}},
		"the larger first":           {[][]Sighting{{at(0, 0, 40), at(1, 500, 50)}}, map[int]int{0: 2, 1: 1}},
		"the one seen more first":    {[][]Sighting{{at(0, 0, 90), at(1, 500, 50)}, {at(1, 500, 50)}}, map[int]int{0: 2, 1: 1}},
		"one comes back where seen":  {[][]Sighting{{at(0, 0, 50), at(1, 500, 50)}, {at(1, 500, 50)}, {at(1, 500, 50), at(2, 20, 55)}}, map[int]int{0: 2, 1: 1, 2: 2}},
		"another comes elsewhere":    {[][]Sighting{{at(0, 0, 50), at(1, 500, 50)}, {at(1, 500, 50)}, {at(1, 500, 50), at(2, 250, 50)}}, map[int]int{0: 2, 1: 1, 2: 3}},
		"nobody is twice in a frame": {[][]Sighting{{at(0, 0, 50)}, {at(0, 0, 50), at(1, 10, 50)}}, map[int]int{0: 1, 1: 2}},
		"of another size":            {[][]Sighting{{at(0, 0, 300), at(1, 500, 50)}, {at(1, 500, 50)}, {at(1, 500, 50), at(2, 100, 40)}}, map[int]int{0: 2, 1: 1, 2: 3}},
	} {
		if got := Persons(c.frames); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Where a video shows several persons the manifest tells them apart; without such a video it is as it was.
func TestManifestOfPersons(t *testing.T) {
	d := wild(t, map[string]string{"real/anna.mp4": "crowd", "real/ben.mp4": "one", "fake/swap/ben.mp4": "late"})
	c := cached(t, small)
	r := extracted(t, c, d, &fakeNets{})
	if len(r.Several) != 1 || !strings.HasSuffix(r.Several[0], "anna") || r.Unclear != small.Frames {
		t.Errorf("several in %v, %d unclear; want anna and %d", r.Several, r.Unclear, small.Frames)
	}
	set, problems, err := c.Test(d, false, datasets.Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	tracks := map[string][]int{}
	for _, it := range set.Items {
		tracks[it.Video] = append(tracks[it.Video], it.Track)
	}
	if got, want := tracks["anna"], []int{1, 2, 1, 2, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("persons of two: %v, want %v", got, want)
	}
	if got, want := tracks["ben"], make([]int, 2*small.Frames); !slices.Equal(got, want) {
		t.Errorf("persons of one: %v, want none", got)
	}
	d = usual(t)
	c = cached(t, small)
	extracted(t, c, d, &fakeNets{})
	text, err := os.ReadFile(filepath.Join(c.set(d), "manifest.csv"))
	if header, _, _ := strings.Cut(string(text), "\n"); err != nil || header != strings.Join(testedHeader, ",") {
		t.Errorf("%v; of single persons the header is %q", err, header)
	}
}

// A face that lies on its side is cut as the same face upright, turned, and the square stays that of the frame.
func TestCutTurns(t *testing.T) {
	d := wild(t, map[string]string{"real/anna.mp4": "lying", "fake/x/a.mp4": "one"})
	c := cached(t, small)
	if r := extracted(t, c, d, &fakeNets{}); r.Turned != small.Frames {
		t.Errorf("%d turned faces, want %d", r.Turned, small.Frames)
	}
	var upright, lying *Face
	for _, v := range d.Videos {
		for frame, err := range (&fakeNets{}).extractor().Frames(t.Context(), v, small) {
			if err != nil {
				t.Fatal(err)
			}
			f := frame.Faces[0]
			if v.Fake {
				upright = &f
			} else {
				lying = &f
			}
		}
	}
	if upright.Turned != 0 || lying.Turned != 3 || face.Quarters(lying.Landmarks) != 0 || lying.Square.Dx() != upright.Square.Dx() {
		t.Fatalf("%d and %d quarter turns of %v and %v; want 0 and 3 of squares of one size", upright.Turned, lying.Turned, upright.Square, lying.Square)
	}
	decoded, err := lying.Decode()
	if err != nil || face.Check(decoded) != nil {
		t.Errorf("%v, %v", err, face.Check(decoded))
	}
}

// A face that is surely one in some frame counts in all, before and after; what never is does not. Frames come in order and
// none waits for more than there is room for.
func TestDoubtfulFacesWait(t *testing.T) {
	for _, most := range []int{2, 10} {
		var got []Frame
		w := waiting{counts: map[int]bool{}, yield: func(f Frame, err error) bool {
			got = append(got, f)
			return err == nil
		}}
		for i := range 6 {
			main, person, toy := Face{Track: 0, Length: 200}, Face{Track: 1, Length: 60, doubtful: true}, Face{Track: 2, Length: 30, doubtful: true}
			if i == 4 {
				w.counts[1] = true
			}
			w.frames = append(w.frames, Frame{Index: i, Faces: []Face{main, person, toy}})
			if !w.give(most) || len(w.frames) > most {
				t.Fatalf("%d frames wait", len(w.frames))
			}
		}
		w.give(0)
		if len(got) != 6 {
			t.Fatalf("%d frames, want 6", len(got))
		}
		for i, f := range got {
			want := [3]int{2, 1, 0}
			if most == 2 && i < 2 { // gone before the person was known
				want = [3]int{1, 1, 1}
			}
			if have := [3]int{len(f.Faces), f.Small, f.Unclear}; f.Index != i || have != want {
				t.Errorf("room for %d, frame %d: %v faces, small ones, unclear ones; want %v", most, f.Index, have, want)
			}
		}
	}
}
