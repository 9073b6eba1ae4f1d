package detect

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// stage is a finder that knows where the faces are. A face that lies behind another one, by more than the share that
// [distinct] allows, is not seen.
type stage struct {
	faces []face.Box // the front first
	looks int
	err   error
}

func (s *stage) boxes(*image.RGBA, bool) ([]candidate, error) {
	s.looks++
	var found []candidate
	for i, b := range s.faces {
		e := face.Point{X: b.X0 + b.Width()*0.3, Y: b.Y0 + b.Height()*0.4}
		found = append(found, candidate{box: b, score: 1 - float64(i)/10, eyes: [2]face.Point{e, {X: e.X + b.Width()*0.4, Y: e.Y}}})
	}
	return distinct(found), s.err
}

// landmarks gives those of the first face whose middle lies in the inner half of the region.
func (s *stage) landmarks(_ *image.RGBA, r region) ([]face.Point, float64, error) {
	for _, b := range s.faces {
		if math.Abs((b.X0+b.X1)/2-r.x) < r.side/4 && math.Abs((b.Y0+b.Y1)/2-r.y) < r.side/4 {
			return laid(b), 1, s.err
		}
	}
	return laid(face.Box{X0: r.x, Y0: r.y, X1: r.x + r.side, Y1: r.y + r.side}), 0, s.err
}

// laid puts the mean face's landmarks into the lower part of a detector's box.
func laid(b face.Box) []face.Point {
	base := face.Template(image.Rect(0, 0, 1001, 1001))
	top := b.Y1 - b.Height()/(1+forehead)
	for i, p := range base {
		base[i] = face.Point{X: b.X0 + p.X/1000*(b.Width()-1), Y: top + p.Y/1000*(b.Y1-1-top)}
	}
	return base
}

func square(x, y, side float64) face.Box {
	return face.Box{X0: x - side/2, Y0: y - side/2, X1: x + side/2, Y1: y + side/2}
}

// which returns the ID of the face at a place, or −1.
func which(list []Tracked, at face.Box) int {
	for _, f := range list {
		if f.Box.Overlap(at) > 0.8 {
			return f.ID
		}
	}
	return -1
}

// Two faces walk past each other, one behind the other for a while. Neither may take the other's ID.
func TestTrackerKeepsIDsWhereFacesPass(t *testing.T) {
	frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for _, every := range []int{1, 3, 5, 10} {
		for _, speed := range []float64{2, 4, 8} {
			s := &stage{}
			tracker := newTracker(s, every)
			met := false
			for i := range int(480 / speed) {
				a, b := square(80+speed*float64(i), 180, 100), square(560-speed*float64(i), 190, 90)
				s.faces = []face.Box{a, b}
				got, err := tracker.Next(frame)
				if err != nil {
					t.Fatal(err)
				}
				if a.Overlap(b) > 0 {
					met = true
					continue // one may hide the other
				}
				if len(got) != 2 || which(got, a) != 0 || which(got, b) != 1 {
					t.Fatalf("every %d, speed %v, frame %d: the faces are %d and %d of %d, want 0 and 1 of 2", every, speed, i, which(got, a), which(got, b), len(got))
				}
			}
			if !met {
				t.Fatal("the faces never met: the test tests nothing")
			}
		}
	}
}

func TestTrackerRunsTheDetectorNowAndThen(t *testing.T) {
	frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
	s := &stage{}
	tracker := newTracker(s, 5)
	for i := range 50 {
		at := square(100+3*float64(i), 150+math.Sin(float64(i))*2, 80)
		s.faces = []face.Box{at}
		got, err := tracker.Next(frame)
		if err != nil || len(got) != 1 || got[0].ID != 0 || got[0].Box.Overlap(at) < 0.9 || len(got[0].Landmarks) != face.Landmarks {
			t.Fatalf("frame %d: %+v, %v; want face 0 at %+v", i, got, err, at)
		}
	}
	if s.looks != 10 {
		t.Errorf("%d looks in 50 frames, want one in five", s.looks)
	}
}

// A face that is gone is not reported; it keeps its ID if it comes back soon.
func TestTrackerLosesFaces(t *testing.T) {
	frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
	at := square(300, 200, 80)
	for _, c := range []struct{ gone, id int }{{1, 0}, {patience - 6, 0}, {patience + 6, 1}} {
		s := &stage{}
		tracker := newTracker(s, 4)
		id := -1
		for i := range 16 + c.gone {
			s.faces = []face.Box{at}
			hidden := i >= 10 && i < 10+c.gone
			if hidden {
				s.faces = nil
			}
			got, err := tracker.Next(frame)
			if err != nil {
				t.Fatal(err)
			}
			if hidden && len(got) != 0 {
				t.Fatalf("gone for %d frames: frame %d shows %+v", c.gone, i, got)
			}
			id = which(got, at)
		}
		if id != c.id {
			t.Errorf("gone for %d frames: face %d came back, want %d", c.gone, id, c.id)
		}
	}
}

// The faces of a frame come by size, the largest first, and what the detector fails with is told.
func TestTrackerOrder(t *testing.T) {
	frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
	s := &stage{}
	tracker := newTracker(s, 2)
	small, main, large := square(50, 50, 40), square(300, 200, 100), square(500, 200, 200)
	for i := range 40 {
		s.faces = []face.Box{small}
		if i >= 2 && i < 30 {
			s.faces = append(s.faces, main)
		}
		if i >= 10 && i < 14 {
			s.faces = append(s.faces, large)
		}
		got, err := tracker.Next(frame)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k < len(got); k++ {
			if got[k].Box.Area() > got[k-1].Box.Area() {
				t.Fatalf("frame %d: a larger face comes later", i)
			}
		}
	}
	s.err = errors.New("broken")
	if _, err := tracker.Next(frame); !errors.Is(err, s.err) {
		t.Errorf("error %v, want that of the detector", err)
	}
	if _, err := tracker.Next(nil); err == nil {
		t.Error("no error for no image")
	}
}

// Two real faces walk across a screen in opposite directions, at heights that let them touch.
func TestTrackerOnRealFaces(t *testing.T) {
	d := detector(t)
	faces := youtube(t)
	a, b := faces[0], faces[len(faces)/2]
	pa, pb := open(t, a.path), open(t, b.path)
	every, step := 4, 12
	if testing.Short() {
		step = 30
	}
	tracker := d.Track(every)
	shift := func(b face.Box, at image.Point) face.Box {
		x, y := float64(at.X), float64(at.Y)
		return face.Box{X0: b.X0 + x, Y0: b.Y0 + y, X1: b.X1 + x, Y1: b.Y1 + y}
	}
	n, first := 0, [2]int{}
	for x := 0; x <= 460; x += step {
		frame := image.NewRGBA(image.Rect(0, 0, 720, 576))
		draw.Draw(frame, frame.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
		atA, atB := image.Pt(x, 10), image.Pt(460-x, 300)
		draw.Draw(frame, pa.Rect.Add(atA), pa, image.Point{}, draw.Src)
		draw.Draw(frame, pb.Rect.Add(atB), pb, image.Point{}, draw.Src)
		got, err := tracker.Next(frame)
		if err != nil {
			t.Fatal(err)
		}
		var ids [2]int
		for k, want := range []face.Box{shift(face.Bounds(a.points), atA), shift(face.Bounds(b.points), atB)} {
			ids[k] = -1
			for _, f := range got {
				if face.Bounds(f.Landmarks).Overlap(want) > 0.7 && f.Box.Overlap(want) > 0.5 {
					ids[k] = f.ID
				}
			}
		}
		if n == 0 {
			first = ids
		}
		if n++; len(got) != 2 || ids != first || ids[0]+ids[1] != 1 {
			t.Fatalf("frame %d: %d faces, those shown are %v; want 2, those of the first frame: %v", n, len(got), ids, first)
		}
	}
}
