// Package donor finds other people's faces to paste into a face: those whose landmarks lie most like its own, as the blended
// images of Face X-ray (Li et al. 2020) and I2G (Zhao et al. 2021) are made of.
//
// Landmarks are compared in the frame of their own box, so that size and place in the picture do not matter. The distance of two
// faces is the sum over the 68 points of how far they lie apart, as in the code that Face X-ray's first author published; that
// code takes the nearest of 5,000 faces drawn anew, ours one of the 100 nearest of all (our choice).
package donor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/source"
)

// Most is how many of the nearest faces a donor is drawn from.
const Most = 100

// nearCopy is the mean distance of landmarks, in sides of their box, below which two faces are one picture or the next frame of
// it (our choice): pasted into each other they would show nothing.
const nearCopy = 0.01

// Pool is the faces that donors are drawn from: the real ones with landmarks of their own of a source. It reads the landmarks of
// all at the first draw and pixels of none but those drawn. It may be used by several goroutines; a nil Pool has no donors.
type Pool struct {
	clips source.Source
	once  sync.Once
	index *index
	err   error

	mu    sync.Mutex
	known map[query][]int32 // what was found before, for as many faces as the pool has
}

// query is a face that was asked for: its person and a digest of its landmarks.
type query struct {
	person    string
	landmarks uint64
}

// New makes a pool of the clips of a source.
func New(clips source.Source) *Pool { return &Pool{clips: clips, known: map[query][]int32{}} }

// Draw draws a face to be pasted into that of a clip: one of the [Most] nearest of other people, each as likely. The clip may be
// of the pool or not; people without a name are taken for different ones.
func (p *Pool) Draw(c face.Clip, rng *rand.Rand) (face.Face, error) {
	if len(c.Frames) == 0 {
		return face.Face{}, errors.New("donor: a clip without frames: want at least one face")
	}
	near, err := p.Nearest(c.Frames[0].Landmarks, c.Person)
	if err != nil {
		return face.Face{}, err
	}
	chosen, err := p.clips.Clip(context.Background(), int(near[rng.IntN(len(near))]))
	if err != nil {
		return face.Face{}, err
	}
	return chosen.Frames[0], nil
}

// Nearest are the clips of the pool that are nearest to landmarks, in rising distance, without those of the person and near
// copies: [Most], or as many as there are. It is an error if there are none. The list must not be written to.
//
// The search is approximate: the distances of a few hundred faces are compared, those nearest in the first principal components
// of all landmarks. What it finds is the same whenever it is asked.
func (p *Pool) Nearest(landmarks []face.Point, person string) ([]int32, error) {
	if p == nil {
		return nil, errors.New("donor: no pool of other people's faces was given: set method.Worker.Donors")
	}
	p.once.Do(func() { p.index, p.err = newIndex(p.clips) })
	if p.err != nil {
		return nil, p.err
	}
	shape, ok := frame(landmarks)
	if !ok {
		return nil, fmt.Errorf("donor: face with %d landmarks, or with landmarks in one place: want %d", len(landmarks), face.Landmarks)
	}
	asked := query{person, digest(shape)}
	p.mu.Lock()
	near, ok := p.known[asked]
	p.mu.Unlock()
	if !ok {
		near = p.index.nearest(shape, person)
		p.mu.Lock()
		if len(p.known) < p.clips.Len() {
			p.known[asked] = near
		}
		p.mu.Unlock()
	}
	if len(near) == 0 {
		return nil, fmt.Errorf("donor: none of the %d real faces with landmarks is of another person than %q: want faces of at least two people", len(p.index.clips), person)
	}
	return near, nil
}

// points is how many numbers the landmarks of a face are.
const points = 2 * face.Landmarks

// shape is landmarks in the frame of their box: its centre is 0, its longer side 1.
type shape [points]float32

// frame is false of what is no face: too few landmarks, or those of one place.
func frame(landmarks []face.Point) (s shape, ok bool) {
	if len(landmarks) < face.Landmarks {
		return s, false
	}
	low, high := landmarks[0], landmarks[0]
	for _, q := range landmarks[:face.Landmarks] {
		low, high = face.Point{X: min(low.X, q.X), Y: min(low.Y, q.Y)}, face.Point{X: max(high.X, q.X), Y: max(high.Y, q.Y)}
	}
	side := max(high.X-low.X, high.Y-low.Y)
	if !(side > 0) || math.IsInf(side, 0) {
		return s, false
	}
	for i, q := range landmarks[:face.Landmarks] {
		s[2*i], s[2*i+1] = float32((q.X-(low.X+high.X)/2)/side), float32((q.Y-(low.Y+high.Y)/2)/side)
	}
	return s, true
}

// distance is the sum of how far the landmarks of two faces lie apart.
func (s *shape) distance(t *shape) float64 {
	total := 0.0
	for i := 0; i < points; i += 2 {
		x, y := s[i]-t[i], s[i+1]-t[i+1]
		total += float64(float32(math.Sqrt(float64(x*x + y*y)))) // one instruction in single precision
	}
	return total
}

func digest(s shape) uint64 {
	sum := fnv.New64a()
	var word [4]byte
	for _, v := range s {
		binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
		sum.Write(word[:])
	}
	return sum.Sum64()
}
