package discrepancy

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/facetest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// masksFile is the golden of the spec's masks, which package region shares.
const masksFile = "../region/testdata/masks.json"

func golden(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// faceShape is the spec's synthetic face in an image of 256 × 256 (golden/masks.json).
var faceShape = func() []face.Point {
	raw, err := os.ReadFile(masksFile)
	if err != nil {
		panic(err)
	}
	var golden struct {
		Landmarks [][2]float64 `json:"landmarks_81"`
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		panic(err)
	}
	var points []face.Point
	for _, p := range golden.Landmarks[:face.Landmarks] {
		points = append(points, face.Point{X: p[0], Y: p[1]})
	}
	return points
}()

// paint makes a face of size × size pixels with soft shading, edges and grain, so that every operation changes it.
func paint(size int) face.Face {
	scale := float64(size) / 256
	f := face.Face{Image: facetest.Ellipse(size)}
	for _, p := range faceShape {
		f.Landmarks = append(f.Landmarks, face.Point{X: p.X * scale, Y: p.Y * scale})
	}
	return f
}

func generator(t testing.TB, regions string) *Generator {
	t.Helper()
	s := spec.Default()
	s.Discrepancy.Regions = regions
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func distance(a, b int) int { return max(a-b, b-a) }
