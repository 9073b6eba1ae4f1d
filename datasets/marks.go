package datasets

import (
	"math"

	"github.com/seeable-lab/seeable/lab/face"
)

// marks are the landmarks of a face in a quarter of the memory, exact to the last bit: as manifests give hundredths of a
// pixel, whole numbers hold them. Data sets have millions of faces, and landmarks would be most of what is known of one.
type marks struct {
	hundredths [2 * face.Landmarks]uint16 // of x0, y0 … from −lowest
	exact      []face.Point               // where hundredths do not hold them
}

// lowest is how far left of or above its image a landmark may lie, in hundredths of a pixel; the largest is 491 pixels.
const lowest = 1 << 14

func newMarks(points []face.Point) *marks {
	if points == nil {
		return nil
	}
	m := new(marks)
	m.set(points)
	return m
}

func (m *marks) set(points []face.Point) {
	*m = marks{}
	if len(points) == face.Landmarks {
		for i, p := range points {
			m.hundredths[2*i], m.hundredths[2*i+1] = hundredths(p.X), hundredths(p.Y)
		}
		for i, p := range m.points() {
			if math.Float64bits(p.X) != math.Float64bits(points[i].X) || math.Float64bits(p.Y) != math.Float64bits(points[i].Y) {
				m.exact = append([]face.Point{}, points...)
				return
			}
		}
		return
	}
	m.exact = append([]face.Point{}, points...)
}

func hundredths(x float64) uint16 {
	return uint16(min(max(math.Round(100*x)+lowest, 0), math.MaxUint16))
}

func (m *marks) points() []face.Point {
	if m == nil {
		return nil
	}
	points := make([]face.Point, face.Landmarks)
	if m.exact != nil {
		return append(points[:0], m.exact...)
	}
	at := func(n uint16) float64 { return float64(int(n)-lowest) / 100 }
	for i := range points {
		points[i] = face.Point{X: at(m.hundredths[2*i]), Y: at(m.hundredths[2*i+1])}
	}
	return points
}
