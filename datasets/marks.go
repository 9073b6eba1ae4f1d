package datasets

import (
	"math"
	"slices"
	"unsafe"

	"github.com/seeable-lab/seeable/lab/face"
)

// marks are the landmarks of a face in a quarter of the memory, exact to the last bit: as manifests give hundredths of a
// pixel, whole numbers hold them. Data sets have millions of faces, and landmarks would be most of what is known of one. The
// zero value is none.
type marks struct {
	compact *compactMarks
	exact   *[]face.Point // where compact does not hold them
}

// compactMarks are x0, y0 … x67, y67 in hundredths of a pixel from −lowest. There is no pointer in it, so that the garbage
// collector passes it by.
type compactMarks [2 * face.Landmarks]uint16

// lowest is how far left of or above its image a landmark may lie, in hundredths of a pixel; the largest is 491 pixels.
const lowest = 1 << 14

// newMarks keeps landmarks, in room if they fit into it; nil points are none.
func newMarks(points []face.Point, room *compactMarks) marks {
	if points == nil {
		return marks{}
	}
	if len(points) == face.Landmarks {
		for i, p := range points {
			room[2*i], room[2*i+1] = hundredths(p.X), hundredths(p.Y)
		}
		same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
		if slices.EqualFunc(room.points(), points, func(a, b face.Point) bool { return same(a.X, b.X) && same(a.Y, b.Y) }) {
			return marks{compact: room}
		}
	}
	points = slices.Clone(points)
	return marks{exact: &points}
}

func hundredths(x float64) uint16 {
	return uint16(min(max(math.Round(100*x)+lowest, 0), math.MaxUint16))
}

func (c *compactMarks) points() []face.Point {
	at := func(n uint16) float64 { return float64(int(n)-lowest) / 100 }
	points := make([]face.Point, face.Landmarks)
	for i := range points {
		points[i] = face.Point{X: at(c[2*i]), Y: at(c[2*i+1])}
	}
	return points
}

func (m marks) points() []face.Point {
	switch {
	case m.compact != nil:
		return m.compact.points()
	case m.exact != nil:
		return slices.Clone(*m.exact)
	}
	return nil
}

// size is in bytes.
func (m marks) size() int64 {
	switch {
	case m.compact != nil:
		return int64(unsafe.Sizeof(*m.compact))
	case m.exact != nil:
		return int64(len(*m.exact)) * int64(unsafe.Sizeof(face.Point{}))
	}
	return 0
}
