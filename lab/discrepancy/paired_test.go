package discrepancy

import (
	"bytes"
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Where the deformed and feathered mask has no weight, a fake and its background are equal byte for byte, whichever side is
// perturbed and however strongly; the background of half of the fakes is not the face's own.
func TestBackgroundIsThatOfTheFake(t *testing.T) {
	const n = 96
	f := paint(n)
	g := typed(t, spec.Types...)
	fake, real := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
	var w, other Workspace
	for name, make1 := range map[string]func(seed int) (Draw, error){
		"discrepancy": func(seed int) (Draw, error) {
			d := g.Draw(seed%g.Classes(), 1+float64(seed%3), stream.New(1, seed))
			return d, g.Apply(fake, f, d, &w)
		},
		"self-blended": func(seed int) (Draw, error) {
			return g.DrawSelfBlend(stream.New(2, seed)), g.SelfBlend(fake, f, stream.New(2, seed), &w)
		},
		"Poisson": func(seed int) (Draw, error) {
			return g.DrawSelfBlend(stream.New(2, seed)), g.PoissonBlend(fake, f, stream.New(2, seed), &w)
		},
	} {
		perturbed := 0
		for seed := range 60 {
			d, err := make1(seed)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Background(real, f, d, &other); err != nil {
				t.Fatal(err)
			}
			blended := 0
			for i, weight := range spreadOut(w.blendMask, n) {
				same := bytes.Equal(fake.Pix[4*i:4*i+4], real.Pix[4*i:4*i+4])
				if weight == 0 && !same {
					t.Fatalf("%s %d: pixel (%d, %d) has no weight, %v in the fake and %v in the real face", name, seed, i%n, i/n, fake.Pix[4*i:4*i+4], real.Pix[4*i:4*i+4])
				}
				if !same {
					blended++
				}
			}
			if blended == 0 {
				t.Errorf("%s %d: the fake is its background", name, seed)
			}
			if changed := !bytes.Equal(real.Pix, f.Image.Pix); changed != d.Outside {
				t.Errorf("%s %d: the background is perturbed: %t, want %t", name, seed, changed, d.Outside)
			} else if changed {
				perturbed++
			}
		}
		if perturbed < 15 || perturbed > 45 {
			t.Errorf("%s: %d of 60 backgrounds are perturbed, want about half", name, perturbed)
		}
		if name == "self-blended" {
			if err := g.SelfBlendBackground(fake, f, stream.New(2, 59), &w); err != nil || !bytes.Equal(fake.Pix, real.Pix) {
				t.Errorf("SelfBlendBackground is not the background of the same draws (%v)", err)
			}
		}
	}
	if err := g.Background(f.Image, f, Draw{}, &w); err == nil {
		t.Error("in place: no error")
	}
}

// In a paired spec pristine faces are perturbed as the backgrounds of discrepancies are, by all types; variants of a test stay
// plain.
func TestPairedPristine(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Pristine, s.Discrepancy.Paired, s.Discrepancy.Types = 0.5, true, spec.Types
	g, err := New(s.Discrepancy, spec.Augment{})
	if err != nil {
		t.Fatal(err)
	}
	pristine := g.Classes() - 1
	f := paint(64)
	got, want := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
	var w Workspace
	const n = 300
	outside, kinds := 0, map[[2]bool]int{}
	for seed := range n {
		d := g.Draw(pristine, 2, stream.New(4, seed))
		if d.Label != pristine || d.Perturbation.Strength != 2 {
			t.Fatalf("draw %d: %+v", seed, d)
		}
		kinds[[2]bool{d.Perturbation.Colour.ThroughHSV, d.Perturbation.Downscale > 0 || d.Perturbation.Sharpen > 0}]++
		if d.Outside {
			outside++
		}
		if err := g.Background(want, f, d, &w); err != nil {
			t.Fatal(err)
		}
		if err := g.Apply(got, f, d, &w); err != nil || !bytes.Equal(got.Pix, want.Pix) || bytes.Equal(got.Pix, f.Image.Pix) == d.Outside {
			t.Fatalf("draw %d, outside %t: not the background, or as it was (%v)", seed, d.Outside, err)
		}
		label, err := g.Sample(got, f, pristine, 2, stream.New(4, seed), &w)
		if err != nil || label != pristine || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("sample %d of label %d is not its draw (%v)", seed, label, err)
		}
	}
	if outside < n/2-45 || outside > n/2+45 {
		t.Errorf("%d of %d are perturbed, want about half", outside, n)
	}
	for _, kind := range [][2]bool{{true, false}, {false, true}, {true, true}} {
		if kinds[kind] < n/3-45 || kinds[kind] > n/3+45 {
			t.Errorf("colour and detail %v: %d of %d, want about a third", kind, kinds[kind], n)
		}
	}
	if err := g.Apply(got, f, g.Variant(1, "item", pristine), &w); err != nil || !bytes.Equal(got.Pix, f.Image.Pix) {
		t.Errorf("the pristine variant of a test is not the face (%v)", err)
	}
}
