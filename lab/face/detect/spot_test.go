package detect

import (
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// The places of the landmarks on the mesh, measured anew: for each landmark, the two vertices toward which to go from its
// own are picked one after the other, each so that the squared error is least, by ridge regression over the frames of
// every second person.
func TestSpots(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the nets on hundreds of frames")
	}
	d := detector(t)
	faces, people := youtube(t)
	var meshes [][]face.Point
	var labels [][]face.Point
	for i, f := range faces {
		if !fitted(people, f.person) || i%2 == 1 {
			continue
		}
		img := open(t, f.path)
		found, err := d.boxes(img, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found {
			if c.box.Overlap(face.Bounds(f.points)) > 0.4 {
				mesh, _, err := d.vertices(img, c.region())
				if err != nil {
					t.Fatal(err)
				}
				meshes, labels = append(meshes, mesh), append(labels, f.points)
				break
			}
		}
	}
	t.Logf("%d faces", len(meshes))
	for l, s := range spots {
		if got := measure(meshes, labels, l, s.on); got.toward != s.toward || math.Abs(got.weight[0]-s.weight[0]) > 0.001 || math.Abs(got.weight[1]-s.weight[1]) > 0.001 {
			t.Errorf("landmark %d: {%d, [2]int{%d, %d}, [2]float64{%.4f, %.4f}}, measured {%d, [2]int{%d, %d}, [2]float64{%.4f, %.4f}}",
				l, s.on, s.toward[0], s.toward[1], s.weight[0], s.weight[1], got.on, got.toward[0], got.toward[1], got.weight[0], got.weight[1])
		}
	}
}

// measure finds the best two vertices for landmark l.
func measure(meshes, labels [][]face.Point, l, on int) spot {
	const ridge = 1
	// One column for each vertex: the way from on to it, in distances of the eyes; y is the way to the landmark.
	columns := make([][]float64, meshVertices)
	var y []float64
	for i, m := range meshes {
		size := eyes(labels[i])
		for v := range columns {
			columns[v] = append(columns[v], (m[v].X-m[on].X)/size, (m[v].Y-m[on].Y)/size)
		}
		y = append(y, (labels[i][l].X-m[on].X)/size, (labels[i][l].Y-m[on].Y)/size)
	}
	best := func(gain func(v int) float64) int {
		top, at := math.Inf(-1), 0
		for v := range columns {
			if g := gain(v); v != on && g > top {
				top, at = g, v
			}
		}
		return at
	}
	first := best(func(v int) float64 {
		x := columns[v]
		return math.Abs(dot(x, y)) / math.Sqrt(dot(x, x)+ridge)
	})
	a := columns[first]
	aa, ay := dot(a, a)+ridge, dot(a, y)
	rest := make([]float64, len(y)) // what the first leaves
	for i := range y {
		rest[i] = y[i] - ay/aa*a[i]
	}
	second := best(func(v int) float64 {
		if v == first {
			return math.Inf(-1)
		}
		b := columns[v]
		along := dot(a, b) / dot(a, a)
		var gain, length float64
		for i := range b {
			across := b[i] - along*a[i]
			gain, length = gain+across*rest[i], length+across*across
		}
		return math.Abs(gain) / math.Sqrt(length+ridge)
	})
	b := columns[second]
	bb, ab, by := dot(b, b)+ridge, dot(a, b), dot(b, y)
	det := aa*bb - ab*ab
	return spot{on, [2]int{first, second}, [2]float64{(ay*bb - by*ab) / det, (by*aa - ay*ab) / det}}
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
