package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Where the landmarks of a set's faces come from.
const (
	SetLandmarks    = "set"    // its manifest; a face without any gets a mean shape
	DetectLandmarks = "detect" // a detector, for all faces alike; a face in which it finds none is left out
)

// Detector finds landmarks. It may be used by several goroutines.
type Detector interface {
	// ID tells detectors with other results apart.
	ID() string
	// Find returns the 68 landmarks of the largest face in an image, in its pixels; an error that wraps [detect.ErrNoFace] if
	// there is none.
	Find(img *image.RGBA) ([]face.Point, error)
}

// own is the lab's detector.
type own struct{ *detect.Detector }

func (own) ID() string {
	return fmt.Sprintf("%s %s %d", toolbox.CenterFace.MemberSHA256, toolbox.FaceMesh.MemberSHA256, detect.Version)
}

func (d own) Find(img *image.RGBA) ([]face.Point, error) {
	found, err := d.Faces(img)
	if err != nil {
		return nil, err
	}
	return found[0].Landmarks, nil // the largest comes first
}

// finder finds the landmarks of the items of a set, those of one image once.
type finder struct {
	Detector
	dir    string // of what was found in images, by their content; "" for none
	points [][]face.Point
	errs   []error
	locks  [64]sync.Mutex // of the items whose index has this remainder
}

func newFinder(o Options, items int) *finder {
	f := &finder{Detector: o.Detector, points: make([][]face.Point, items), errs: make([]error, items)}
	if f.Detector == nil {
		f.Detector = own{}
	}
	if o.Settled != "" {
		id := sha256.Sum256([]byte(f.ID()))
		f.dir = filepath.Join(o.Settled, "landmarks", hex.EncodeToString(id[:8]))
	}
	return f
}

// open opens the lab's detector, if that is wanted.
func (f *finder) open(ctx context.Context) error {
	if d, ok := f.Detector.(own); !ok || d.Detector != nil {
		return nil
	}
	d, err := detect.Open(ctx, nil)
	if err != nil {
		return fmt.Errorf("source: landmarks are to be detected: %w", err)
	}
	f.Detector = own{d}
	return nil
}

// machineError is an error that says nothing about an image.
type machineError struct{ error }

func (e machineError) Unwrap() error { return e.error }

func isOurs(err error) bool {
	_, ok := errors.AsType[machineError](err)
	return ok
}

// locate gives the face of item i the landmarks that are found in its image.
func (s *Set) locate(i int, f face.Face) (face.Face, error) {
	it := s.items[i]
	f.Landmarks, f.Fallback = it.Landmarks(), false
	if f.Landmarks == nil { // not settled yet
		lock := &s.find.locks[i%len(s.find.locks)]
		lock.Lock()
		if s.find.points[i] == nil && s.find.errs[i] == nil {
			s.find.points[i], s.find.errs[i] = s.find.of(f.Image)
		}
		points, err := s.find.points[i], s.find.errs[i]
		lock.Unlock()
		if err != nil {
			return face.Face{}, fmt.Errorf("source: %s (%s): %w", it.ID(), it.Path, err)
		}
		f.Landmarks = points
	}
	if err := face.Check(f); err != nil {
		return face.Face{}, fmt.Errorf("source: detected landmarks of %s (%s): %w", it.ID(), it.Path, err)
	}
	return f, nil
}

// located is what was found in an image, as it is kept.
type located struct {
	Points []int32 `json:"points,omitempty"` // x0, y0 … x67, y67 in hundredths of a pixel
	None   string  `json:"none,omitempty"`   // why there are none
}

// of finds the landmarks in an image, rounded to hundredths of a pixel as in manifests.
func (f *finder) of(img *image.RGBA) ([]face.Point, error) {
	path := ""
	if f.dir != "" {
		sum := sha256.New()
		fmt.Fprintf(sum, "%v %d\n", img.Rect, img.Stride)
		sum.Write(img.Pix)
		name := hex.EncodeToString(sum.Sum(nil))
		path = filepath.Join(f.dir, name[:2], name[2:34])
		var known located
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &known) == nil && (known.None != "" || len(known.Points) == 2*face.Landmarks) {
			return known.result()
		}
	}
	points, err := f.Find(img)
	var found located
	switch {
	case errors.Is(err, detect.ErrNoFace):
		found.None = "no face was found, so that there are no landmarks"
	case err != nil:
		return nil, machineError{err}
	case len(points) != face.Landmarks:
		return nil, machineError{fmt.Errorf("source: the detector found %d landmarks; want %d", len(points), face.Landmarks)}
	default:
		found.Points = appendHundredths(nil, points)
	}
	if path != "" {
		if text, err := json.Marshal(found); err == nil {
			// A cache that cannot be written costs time only.
			_ = writeFile(path, text)
		}
	}
	return found.result()
}

func (l located) result() ([]face.Point, error) {
	if l.None != "" {
		return nil, errors.New(l.None)
	}
	return fromHundredths(l.Points), nil
}

func appendHundredths(to []int32, points []face.Point) []int32 {
	for _, p := range points {
		to = append(to, int32(math.Round(100*p.X)), int32(math.Round(100*p.Y)))
	}
	return to
}

func fromHundredths(flat []int32) []face.Point {
	points := make([]face.Point, len(flat)/2)
	for i := range points {
		points[i] = face.Point{X: float64(flat[2*i]) / 100, Y: float64(flat[2*i+1]) / 100}
	}
	return points
}

// used are the items of the clips, each once, in the order of the set.
func (s *Set) used() []int {
	in := make([]bool, len(s.items))
	for _, i := range s.clips.items {
		in[i] = true
	}
	var items []int
	for i, ok := range in {
		if ok {
			items = append(items, i)
		}
	}
	return items
}

// place gives the items the landmarks that an earlier settlement found. It is false if their number is not right.
func (s *Set) place(flat []int32) bool {
	const each = 2 * face.Landmarks
	used := s.used()
	if len(flat) != each*len(used) {
		return false
	}
	for k, i := range used {
		s.items[i].SetLandmarks(fromHundredths(flat[k*each : (k+1)*each]))
	}
	return true
}

// collect moves what was found into the items, and returns it as a settlement keeps it.
func (s *Set) collect() (flat []int32) {
	for _, i := range s.used() {
		flat = appendHundredths(flat, s.find.points[i])
		s.items[i].SetLandmarks(s.find.points[i])
	}
	return flat
}
