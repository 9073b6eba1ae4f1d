package discrepancy

import (
	"bytes"
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// extra is a generator of a grid with whole and pristine faces: 2·(16 + 1) + 1 classes.
func extra(t *testing.T, change func(*spec.Spec)) *Generator {
	t.Helper()
	s := spec.Default()
	s.Discrepancy.Whole, s.Discrepancy.Pristine, s.Discrepancy.Side = 0.3, 0.2, "inside"
	if change != nil {
		change(&s)
	}
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestLabelsWithWholeAndPristine(t *testing.T) {
	g := extra(t, nil)
	if g.Classes() != 35 {
		t.Fatalf("%d classes, want 35", g.Classes())
	}
	for label := range 34 {
		region, kind, ok := g.Class(label)
		if !ok || region != label%17 || kind != spec.Types[label/17] {
			t.Errorf("label %d is %s at region %d, %t", label, kind, region, ok)
		}
		if d := g.Draw(label, 1, stream.New(1)); d.Label != label || d.Region != region {
			t.Errorf("label %d draws label %d at region %d", label, d.Label, d.Region)
		}
	}
	for _, label := range []int{-1, 34, 35} {
		if _, _, ok := g.Class(label); ok {
			t.Errorf("label %d has a region", label)
		}
	}
	if got := g.Draw(34, 3, stream.New(1)); got != (Draw{Label: 34}) {
		t.Errorf("a pristine face draws %+v", got)
	}
}

// A whole discrepancy changes pixels in many cells, a pristine face none, and out of range is an error.
func TestSampleWithWholeAndPristine(t *testing.T) {
	f := paint(96)
	g := extra(t, func(s *spec.Spec) { s.Augment = spec.Augment{} })
	var w Workspace
	dst := image.NewRGBA(f.Image.Rect)
	changed := func() (box image.Rectangle) {
		for y := range 96 {
			for x := range 96 {
				if dst.RGBAAt(x, y) != f.Image.RGBAAt(x, y) {
					box = box.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		return box
	}
	for i := range 20 {
		for _, label := range []int{16, 33} {
			got, err := g.Sample(dst, f, label, 5, stream.New(1, i), &w)
			if err != nil || got != label {
				t.Fatalf("label %d, error %v", got, err)
			}
			if box := changed(); box.Dx() < 40 || box.Dy() < 40 {
				t.Errorf("draw %d of the whole face, label %d, changes %v only", i, label, box)
			}
		}
		got, err := g.Sample(dst, f, 34, 5, stream.New(1, i), &w)
		if err != nil || got != 34 {
			t.Fatalf("label %d, error %v", got, err)
		}
		if box := changed(); !box.Empty() {
			t.Errorf("a pristine face is changed at %v", box)
		}
	}
	if _, err := g.Sample(dst, f, 35, 1, stream.New(1), &w); err == nil {
		t.Error("label 35: no error")
	}
	// A pristine face has no region that could be too small, so it needs no redrawing.
	shrunk := face.Face{Image: f.Image, Landmarks: make([]face.Point, face.Landmarks)}
	if label, err := g.Redraw(shrunk, 34, stream.New(1)); label != 34 || err != nil {
		t.Errorf("a pristine face with useless landmarks becomes %d, %v", label, err)
	}
}

// Variants are one image for each class: the discrepancies by their draws, and the face itself for pristine.
func TestVariantsWithWholeAndPristine(t *testing.T) {
	f := paint(64)
	g := extra(t, nil)
	var w Workspace
	got, err := g.Variants(nil, f, 5, "item", &w)
	if err != nil {
		t.Fatal(err)
	}
	const row = 64 * 64 * 3
	if len(got) != 35*row {
		t.Fatalf("%d bytes, want 35 images", len(got))
	}
	plain := AppendRGB(nil, f.Image)
	dst := image.NewRGBA(f.Image.Rect)
	for k := range 35 {
		if err := g.Apply(dst, f, g.Variant(5, "item", k), &w); err != nil {
			t.Fatal(err)
		}
		image := got[k*row:][:row]
		if !bytes.Equal(image, AppendRGB(nil, dst)) {
			t.Errorf("variant %d is not its draw", k)
		}
		if bytes.Equal(image, plain) != (k == 34) {
			t.Errorf("variant %d is the face itself: %t", k, k != 34)
		}
	}
}
