package discrepancy

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// typed is a generator of a grid of 4 × 4 with some types.
func typed(t testing.TB, types ...string) *Generator {
	t.Helper()
	s := spec.Default()
	s.Discrepancy.Types = types
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A combined discrepancy changes colour by the ranges of a spatial one and, as in SBI, exactly one of the two things that one
// of frequency does to detail, with even odds.
func TestCombinedDraws(t *testing.T) {
	g := typed(t, "combined", "spatial")
	if name := g.Name(5); name != "combined, row 2, col 2" {
		t.Errorf("label 5 is %q", name)
	}
	rng := stream.New(3, "combined")
	const n = 20_000
	var shifted, down float64
	for i := range n {
		p := g.Draw(i%16, 1, rng).Perturbation
		if !p.Colour.ThroughHSV || (p.Downscale > 0) == (p.Sharpen > 0) || p.Strength != 1 {
			t.Fatalf("draw %d: %+v: want colour, and one of downscaling and sharpening", i, p)
		}
		within := func(what string, v, low, high float64) {
			if v < low || v > high {
				t.Fatalf("draw %d: %s %v, want it in [%v, %v]", i, what, v, low, high)
			}
		}
		for c := range 3 {
			within("shift", p.Colour.RGB[c], -20, 20)
			within("HSV shift", p.Colour.HSV[c], -0.3, 0.3)
		}
		within("brightness", p.Colour.Brightness, -0.1, 0.1)
		within("contrast", p.Colour.Contrast, -0.1, 0.1)
		if p.Colour.RGB != [3]float64{} {
			shifted++
		}
		if p.Downscale > 0 {
			down++
			within("ratio", float64(p.Downscale), 2, 4)
			continue
		}
		within("α", p.Sharpen, 0.2, 0.5)
		within("lightness", p.Lightness, 0.5, 1)
	}
	if math.Abs(shifted/n-0.3) > 0.015 || math.Abs(down/n-0.5) > 0.015 {
		t.Errorf("shares of shifts %.3f and of downscaling %.3f, want 0.3 and 0.5", shifted/n, down/n)
	}
	for label := 16; label < 32; label++ {
		if p := g.Draw(label, 1, rng).Perturbation; p.Downscale > 0 || p.Sharpen > 0 {
			t.Fatalf("the other type changes detail too: %+v", p)
		}
	}
}

// The order of the draws is part of the format: runs that are stored depend on it.
func TestCombinedDrawIsStable(t *testing.T) {
	d := typed(t, "combined").Draw(6, 1, stream.New(1, "golden"))
	p := d.Perturbation
	got := fmt.Sprintf("%x %x %x %d %x %x %t %x %x %d %+v", p.Colour.HSV, p.Colour.Brightness, p.Colour.Contrast, p.Downscale, p.Sharpen, p.Lightness,
		d.Outside, d.Deformation.Translate, d.Deformation.Scale, d.Deformation.Elastic.Seed, d.Feather)
	const want = "[-0x1.40abda544213bp-04 0x1.80bfce04b8dcdp-07 -0x1.2c9a0ef23787fp-02] -0x1.16029604a3fap-06 -0x1.767445acb398dp-05 4 0x0p+00 0x0p+00 " +
		"false [-0x1.62af0340d70dep-06 0x1.529ec5b95d17bp-08] [0x1.f74d12c31edbcp-01 0x1.03dfe603416d5p+00] 13471466544301363651 " +
		"{Size:[256 228] Erode:17 Blur:21 Sigma:31 Ratio:0.5}"
	if got != want {
		t.Errorf("the draw is\n%s, was\n%s", got, want)
	}
}

// Colour comes first, then detail: what is perturbed is what the two types make one after the other.
func TestCombinedIsColourThenDetail(t *testing.T) {
	f := paint(80)
	g := typed(t, "combined")
	rng := stream.New(5, "combined")
	got, coloured, want := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
	var w Workspace
	for i := range 40 {
		p := g.Draw(i%16, 1, rng).Perturbation
		perturb(got, f.Image, &p, &w)
		colour, detail := p, p
		colour.Downscale, colour.Sharpen, detail.Colour = 0, 0, Colour{}
		perturb(coloured, f.Image, &colour, &w)
		perturb(want, coloured, &detail, &w)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("draw %d, %+v: not colour, then detail", i, p)
		}
		if bytes.Equal(got.Pix, coloured.Pix) {
			t.Errorf("draw %d, %+v: detail is as it was", i, p)
		}
	}
}
