package discrepancy

import (
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// The blend mask is where the discrepancy changes the face, and nowhere else: white pixels become those of the perturbed
// face, black ones stay.
func TestBlendMask(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Side = "inside"
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	f := face.Face{Image: image.NewRGBA(image.Rect(0, 0, 96, 96)), Landmarks: face.Template(image.Rect(12, 12, 84, 84))}
	for i := range f.Image.Pix {
		f.Image.Pix[i] = 100
		if i%4 == 3 {
			f.Image.Pix[i] = 255
		}
	}
	var w Workspace
	for label := range 16 {
		// A plain face and a plain change, so that each pixel tells its weight.
		d := g.Draw(label, 1, stream.New(1, "mask", label))
		d.Perturbation = Perturbation{Strength: 1, Colour: Colour{RGB: [3]float64{100, 100, 100}}}
		mask, err := g.BlendMask(f, d, &w)
		if err != nil {
			t.Fatal(err)
		}
		out := image.NewRGBA(f.Image.Rect)
		if err := g.Apply(out, f, d, &w); err != nil {
			t.Fatal(err)
		}
		change, err := Difference(f.Image, out, 2.55)
		if err != nil {
			t.Fatal(err)
		}
		white := 0
		for i, weight := range mask.Pix {
			if off := int(weight) - int(change.Pix[i]); off < -3 || off > 3 {
				t.Fatalf("label %d, pixel %d: weight %d of 255 and change %d", label, i, weight, change.Pix[i])
			}
			if weight > 0 {
				white++
			}
		}
		if white == 0 {
			t.Errorf("label %d: an empty mask", label)
		}
	}
	if _, err := g.BlendMask(f, Draw{Label: 32}, &w); err == nil {
		t.Error("no error for label 32 of 32")
	}
	if _, err := Difference(f.Image, image.NewRGBA(image.Rect(0, 0, 2, 2)), 1); err == nil {
		t.Error("no error for images of two sizes")
	}
}
