package detect

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// Tracked is a face in a frame of a video.
type Tracked struct {
	Detection
	// ID is the same for the same face through the video, as far as its place shows; the first is 0. No ID is used twice.
	ID int
}

// Tracker follows the faces of one video from frame to frame. It runs the detector on every so many frames; between them
// it looks for each face where its landmarks were, which costs less than half, and calls the detector at once when a face is no
// longer there or two of them seem to be one.
//
// A face keeps its ID by place alone: it goes on as it moved, and of all boxes found the one that overlaps most with where
// it should be is the same face, else the nearest of about its size. A face that was not seen for a while, and whatever
// comes after a cut, gets a new ID, unless it appears just where another one was.
//
// A Tracker is for one goroutine; several trackers can share one detector.
type Tracker struct {
	finder finder
	every  int
	frame  int // of the next call
	looked int // the frame in which the detector was last run
	runs   int // of the detector
	fine   int // the frame up to which the detector looks for small faces each time, as there was one
	tracks []*track
	ids    int
}

// finder is what a tracker needs of a detector.
type finder interface {
	boxes(img *image.RGBA, fine bool) ([]candidate, error)
	landmarks(*image.RGBA, region) ([]face.Point, float64, error)
}

// track is a face that is followed.
type track struct {
	Tracked
	relative face.Box // the detector's box in sides of the landmarks' box, when it was last run
	vx, vy   float64  // how far the box moves from one frame to the next
	last     int      // the frame in which it was last seen
}

const (
	// A face with less presence is taken for lost between two runs of the detector.
	present = 0.5
	// A track is given up when it was not seen for this many frames, about a second.
	patience = 30
	// While a face is missing, the detector runs at least every so many frames.
	searching = 3
	// The detector looks for small faces beside large ones on the first of every so many runs, and on all while there are some.
	fineEvery = 4
	// A box that overlaps less with where a face should be is not matched by overlap.
	sameFace = 0.3
)

// Track begins to follow the faces of a video. The detector runs on every frame whose number is a multiple of every; 1
// means each frame, which is right for frames that do not follow each other closely. Less counts as 1.
func (d *Detector) Track(every int) *Tracker { return newTracker(d, every) }

func newTracker(f finder, every int) *Tracker {
	return &Tracker{finder: f, every: max(every, 1)}
}

// Next finds the faces of the next frame, the largest first. A frame without a face gives an empty list and no error.
func (t *Tracker) Next(img *image.RGBA) ([]Tracked, error) {
	if err := check(img); err != nil {
		return nil, err
	}
	// A track that is coasting waits for the detector.
	current := slices.DeleteFunc(slices.Clone(t.tracks), func(k *track) bool { return k.last != t.frame-1 })
	wait := t.every
	if len(current) < len(t.tracks) {
		wait = min(wait, searching)
	}
	due := t.frame == 0 || t.frame-t.looked >= wait
	if !due {
		ok, err := t.follow(img, current)
		if err != nil {
			return nil, err
		}
		due = !ok
	}
	if due {
		if err := t.look(img); err != nil {
			return nil, err
		}
		t.looked = t.frame
	}
	var list []Tracked
	t.tracks = slices.DeleteFunc(t.tracks, func(k *track) bool {
		if k.last == t.frame {
			list = append(list, k.Tracked)
		}
		return t.frame-k.last >= patience
	})
	slices.SortStableFunc(list, func(a, b Tracked) int { return cmp.Compare(b.Box.Area(), a.Box.Area()) })
	t.frame++
	return list, nil
}

// follow finds each face where it was. It changes the tracks only if all are still there, and reports whether they are.
func (t *Tracker) follow(img *image.RGBA, tracks []*track) (bool, error) {
	moved := make([]Detection, len(tracks))
	for i, k := range tracks {
		r := follow(k.Landmarks)
		r.x, r.y = r.x+k.vx, r.y+k.vy
		points, presence, err := t.finder.landmarks(img, r)
		if err != nil {
			return false, err
		}
		if !(presence >= present) {
			return false, nil
		}
		box := apply(k.relative, frontal(points))
		next := Detection{Box: clip(box, img), Score: k.Score, Landmarks: points, Presence: presence}
		// A face does not jump or change its size from one frame to the next; a net that sees none can.
		was := k.expected(t.frame)
		if grown := box.Area() / k.Box.Area(); next.Box.Overlap(clip(was, img)) < sameFace || grown > 2 || grown < 0.5 {
			return false, nil
		}
		for _, other := range moved[:i] {
			if other.Box.Overlap(next.Box) > overlap {
				return false, nil
			}
		}
		moved[i] = next
	}
	for i, k := range tracks {
		k.move(moved[i], t.frame)
	}
	return true, nil
}

// look runs the detector and gives each box to a track, or to a new one.
func (t *Tracker) look(img *image.RGBA) error {
	fine := t.runs%fineEvery == 0 || t.frame <= t.fine
	t.runs++
	found, err := t.finder.boxes(img, fine)
	if err != nil {
		return err
	}
	if fine && slices.ContainsFunc(found, func(f candidate) bool { return t.needsFine(img, f) }) {
		t.fine = t.frame + patience
	}
	for i, k := range t.match(found) {
		f := found[i]
		points, presence, err := t.finder.landmarks(img, f.region())
		if err != nil {
			return err
		}
		d := Detection{Box: f.box, Score: f.score, Landmarks: points, Presence: presence}
		if k == nil {
			k = &track{Tracked: Tracked{Detection: d, ID: t.ids}, last: t.frame}
			t.ids++
			t.tracks = append(t.tracks, k)
		} else {
			k.move(d, t.frame)
		}
		k.relative = relate(f.box, frontal(points))
	}
	return nil
}

// needsFine tells that a face is too small for any but a fine look.
func (t *Tracker) needsFine(img *image.RGBA, f candidate) bool {
	longest := max(img.Rect.Dx(), img.Rect.Dy())
	return max(f.box.Width(), f.box.Height()) < float64(seen*max(longest, sides[0]))/float64(sides[0])
}

// match finds the track of each box, nil for a new one: first those that overlap most, then those whose middles are
// nearest, if not farther than half a side and of about the same size.
func (t *Tracker) match(found []candidate) []*track {
	type pair struct {
		box   int
		track *track
		rank  float64
	}
	var pairs []pair
	for i, f := range found {
		for _, k := range t.tracks {
			want := k.expected(t.frame)
			side := (math.Sqrt(want.Area()) + math.Sqrt(f.box.Area())) / 2
			away := math.Hypot(f.box.X0+f.box.X1-want.X0-want.X1, f.box.Y0+f.box.Y1-want.Y0-want.Y1) / 2
			grown := f.box.Area() / want.Area()
			if o := f.box.Overlap(want); o >= sameFace {
				pairs = append(pairs, pair{i, k, o})
			} else if away < side/2 && grown < 2 && grown > 0.5 {
				pairs = append(pairs, pair{i, k, -away / side})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.rank, a.rank) })
	matched := make([]*track, len(found))
	for _, p := range pairs {
		if matched[p.box] == nil && !slices.Contains(matched, p.track) {
			matched[p.box] = p.track
		}
	}
	return matched
}

// expected is where the face should be in a frame if it goes on as it did.
func (k *track) expected(frame int) face.Box {
	n := float64(frame - k.last)
	return face.Box{X0: k.Box.X0 + n*k.vx, Y0: k.Box.Y0 + n*k.vy, X1: k.Box.X1 + n*k.vx, Y1: k.Box.Y1 + n*k.vy}
}

// move brings the face to its place in a frame.
func (k *track) move(d Detection, frame int) {
	n := float64(frame - k.last)
	vx, vy := (d.Box.X0+d.Box.X1-k.Box.X0-k.Box.X1)/2/n, (d.Box.Y0+d.Box.Y1-k.Box.Y0-k.Box.Y1)/2/n
	k.vx, k.vy = (k.vx+vx)/2, (k.vy+vy)/2
	k.Detection, k.last = d, frame
}

// frontal is the box that a detector would give for an upright face with these landmarks.
func frontal(points []face.Point) face.Box {
	b := face.Bounds(points)
	b.Y0 -= forehead * b.Height()
	return b
}

// relate gives box in sides of base, and apply turns it back, for a base that has moved or grown.
func relate(box, base face.Box) face.Box {
	w, h := base.Width(), base.Height()
	return face.Box{X0: (box.X0 - base.X0) / w, Y0: (box.Y0 - base.Y0) / h, X1: (box.X1 - base.X0) / w, Y1: (box.Y1 - base.Y0) / h}
}

func apply(relative, base face.Box) face.Box {
	w, h := base.Width(), base.Height()
	return face.Box{X0: base.X0 + relative.X0*w, Y0: base.Y0 + relative.Y0*h, X1: base.X0 + relative.X1*w, Y1: base.Y0 + relative.Y1*h}
}

func clip(b face.Box, img *image.RGBA) face.Box {
	w := whole(img)
	return face.Box{X0: max(b.X0, 0), Y0: max(b.Y0, 0), X1: min(b.X1, w.X1), Y1: min(b.Y1, w.Y1)}
}
