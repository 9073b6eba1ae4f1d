package discrepancy

import (
	"encoding/json"
	"image"
	"math"
	"os"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
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
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	rng := stream.New(7, "paint")
	scale := float64(size) / 256
	for y := range size {
		for x := range size {
			u, v := (float64(x)+0.5)/scale-128, (float64(y)+0.5)/scale-148
			base := [3]float64{70, 90, 110}
			if u*u/4900+v*v/3800 < 1 {
				shade := 1 - (u*u+v*v)/16000 + 0.15*math.Sin(u/6)*math.Sin(v/5)
				base = [3]float64{214 * shade, 160 * shade, 132 * shade}
			}
			grain := 6 * (rng.Float64() - 0.5)
			p := img.Pix[img.PixOffset(x, y):]
			for c := range 3 {
				p[c] = uint8(min(max(base[c]+grain, 0), 255))
			}
			p[3] = 255
		}
	}
	f := face.Face{Image: img}
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
