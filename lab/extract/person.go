package extract

import (
	"cmp"
	"image"
	"maps"
	"math"
	"slices"
)

// Sighting is a face of a frame: its track and the square that was cut.
type Sighting struct {
	Track  int
	Square image.Rectangle
}

// returns is how far a person may have gone, by the side of the face and with what it grew or shrank by, to be the same one
// when a track begins where another has ended.
const returns = 1.5

// Persons tells whom the tracks of a video show, as far as places tell: persons from 1, the one that is seen in most frames
// first. Where no frame has two faces, all are one person. Otherwise a track goes on with the person that was last seen
// nearest to where it begins and that is in none of its frames.
func Persons(frames [][]Sighting) map[int]int {
	type person struct {
		tracks []int
		frames map[int]bool
		at     map[int]image.Rectangle // by frame
		area   int                     // of all its squares
	}
	tracks := map[int]*person{} // each as if it were a person
	var order []int             // as they begin, the largest first
	several := false
	for i, frame := range frames {
		several = several || len(frame) > 1
		for _, s := range frame {
			t := tracks[s.Track]
			if t == nil {
				t = &person{tracks: []int{s.Track}, frames: map[int]bool{}, at: map[int]image.Rectangle{}}
				tracks[s.Track] = t
				order = append(order, s.Track)
			}
			t.frames[i], t.at[i] = true, s.Square
			t.area += s.Square.Dx() * s.Square.Dy()
		}
	}
	var people []*person
	for _, id := range order {
		t := tracks[id]
		begin := slices.Min(slices.Collect(maps.Keys(t.frames)))
		var same *person
		nearest := returns
		for _, p := range people {
			last, meets := -1, false
			for i := range p.frames {
				meets = meets || t.frames[i]
				if i < begin {
					last = max(last, i)
				}
			}
			if meets || last < 0 {
				continue
			}
			if away := apart(p.at[last], t.at[begin]); !several && same == nil || away < nearest {
				same, nearest = p, away
			}
		}
		if same == nil {
			people = append(people, t)
			continue
		}
		same.tracks, same.area = append(same.tracks, t.tracks...), same.area+t.area
		maps.Copy(same.frames, t.frames)
		maps.Copy(same.at, t.at)
	}
	slices.SortStableFunc(people, func(a, b *person) int {
		return cmp.Or(cmp.Compare(len(b.frames), len(a.frames)), cmp.Compare(b.area, a.area))
	})
	who := map[int]int{}
	for i, p := range people {
		for _, id := range p.tracks {
			who[id] = i + 1
		}
	}
	return who
}

// apart is how far two squares are from each other, by their side, and by the factor between their sides.
func apart(a, b image.Rectangle) float64 {
	side := math.Sqrt(float64(a.Dx()) * float64(b.Dx()))
	x, y := float64(a.Min.X+a.Max.X-b.Min.X-b.Max.X)/2, float64(a.Min.Y+a.Max.Y-b.Min.Y-b.Max.Y)/2
	return math.Hypot(x, y)/side + math.Abs(math.Log(float64(a.Dx())/float64(b.Dx())))
}
