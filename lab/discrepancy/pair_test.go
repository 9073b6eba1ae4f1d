package discrepancy

import (
	"bytes"
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Where the mask has no weight, real and fake are equal to the byte; in half of the pairs the real one is the copy that was changed.
func TestPairsAreEqualOutsideTheMask(t *testing.T) {
	g, f := generator(t, "grid"), paint(128)
	var used, w Workspace
	real, fake := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
	untouched := func(dst *image.RGBA, f face.Face) error { copyPixels(dst, f.Image); return nil }
	for name, pair := range map[string]struct{ real, fake func(seed uint64) error }{
		"selfblend": {
			func(seed uint64) error { return g.SelfBlendBackground(real, f, stream.New(seed), &used) },
			func(seed uint64) error { return g.SelfBlend(fake, f, stream.New(seed), &w) }},
		"poisson": {
			func(seed uint64) error { return g.SelfBlendBackground(real, f, stream.New(seed), &used) },
			func(seed uint64) error { return g.PoissonBlend(fake, f, stream.New(seed), &w) }},
		"part": {
			func(seed uint64) error { return g.SelfBlendBackground(real, f, stream.New(seed), &used) },
			func(seed uint64) error { return g.PartBlend(fake, f, stream.New(seed), &w) }},
		"twin": {
			func(uint64) error { return untouched(real, f) },
			func(seed uint64) error { return g.TwinBlend(fake, f, stream.New(seed), &w) }},
	} {
		changed, area := 0, 0
		const seeds = 24
		for seed := range uint64(seeds) {
			if err := pair.real(seed); err != nil {
				t.Fatal(err)
			}
			if err := pair.fake(seed); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(real.Pix, f.Image.Pix) {
				changed++
			}
			m, inside := &w.blendMask, 0
			for y := range 128 {
				for x := range 128 {
					at := fake.PixOffset(x, y)
					if fake.Pix[at+3] != 255 {
						t.Fatalf("%s %d: pixel %d, %d is not opaque", name, seed, x, y)
					}
					weight := int32(0)
					if p := image.Pt(x, y); p.In(m.rect) {
						weight = m.weights[(y-m.rect.Min.Y)*m.rect.Dx()+x-m.rect.Min.X]
					}
					if same := bytes.Equal(fake.Pix[at:at+4], real.Pix[at:at+4]); !same && weight == 0 {
						t.Fatalf("%s %d: pixel %d, %d differs outside of the mask", name, seed, x, y)
					} else if !same {
						inside++
					}
				}
			}
			if inside == 0 && name != "poisson" { // the gradients of a weak change may round to nothing
				t.Errorf("%s %d: nothing has changed", name, seed)
			}
			area += inside
		}
		if untouched := name == "twin"; untouched && changed > 0 || !untouched && (changed < seeds/4 || changed > seeds*3/4) {
			t.Errorf("%s: %d of %d real faces are changed ones", name, changed, seeds)
		}
		t.Logf("%s: %d pixels of a fake differ", name, area/seeds)
	}
}

// A part is one of eight, and smaller than the face; blobs lie on the face and beyond, and follow their seed.
func TestMasksOfPartsAndBlobs(t *testing.T) {
	f := paint(128)
	if faceParts.Len() != 8 {
		t.Fatalf("%d parts", faceParts.Len())
	}
	whole := wholeOutline.Mask(0, f.Landmarks, f.Image.Rect)
	weight := func(values []float32) (sum float64) {
		for _, v := range values {
			sum += float64(v)
		}
		return sum
	}
	beyond, most, least := 0, 0.0, 1e9
	for seed := range uint64(40) {
		m, again := blob(f, stream.New(seed)), blob(f, stream.New(seed))
		if m.Rect != again.Rect || weight(m.Weight) != weight(again.Weight) {
			t.Errorf("seed %d: another blob", seed)
		}
		share := weight(m.Weight) / (blobReach * blobReach * weight(whole.Weight))
		most, least = max(most, share), min(least, share)
		for i, v := range m.Weight {
			p := image.Pt(m.Rect.Min.X+i%m.Rect.Dx(), m.Rect.Min.Y+i/m.Rect.Dx())
			if v > 0 && !p.In(whole.Rect) {
				beyond++
				break
			}
		}
	}
	// 30 to 60 % of the hull made wider, which the picture may cut.
	if least < 0.25 || most > 0.62 || beyond < 20 {
		t.Errorf("blobs have %.2f to %.2f of the hull, %d of 40 reach beyond the face", least, most, beyond)
	}
	if m := blob(face.Face{Image: f.Image, Landmarks: make([]face.Point, 1)}, stream.New(1)); !m.Rect.Empty() {
		t.Errorf("without landmarks a blob at %v", m.Rect)
	}
	g, dst, lost := generator(t, "grid"), image.NewRGBA(f.Image.Rect), face.Face{Image: f.Image}
	var w Workspace
	for name, blend := range map[string]func() error{
		"background": func() error { return g.SelfBlendBackground(dst, lost, stream.New(1), &w) },
		"part":       func() error { return g.PartBlend(dst, lost, stream.New(1), &w) },
		"twin":       func() error { return g.TwinBlend(dst, lost, stream.New(1), &w) },
	} {
		if blend() == nil {
			t.Errorf("%s of a face without landmarks is no error", name)
		}
	}
}
