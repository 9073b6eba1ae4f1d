package discrepancy

import (
	"image"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// A pseudo-fake is a function of the face and the stream, takes as many draws as a self-blended image, and is its background
// byte for byte outside of the mask; within it the Laplacian is that of the moved copy, a shift of whose colours is lost.
func TestPoissonBlend(t *testing.T) {
	s := spec.Default().Discrepancy
	s.RGBShift, s.RGBShiftP, s.HSVShift, s.Brightness, s.Contrast = 60, 1, -1, 0, 0
	s.Downscale, s.SharpAlpha, s.Elastic, s.Translate = nil, [2]float64{}, 0, [2]float64{}
	s.Ratios, s.Kernel = []float64{1}, [2]int{5, 5}
	g, err := New(s, spec.Augment{})
	if err != nil {
		t.Fatal(err)
	}
	f := paint(128)
	var used Workspace
	changed, gradient, weighted := 0, 0.0, 0.0
	for seed := range uint64(12) {
		first, second := stream.New(seed), stream.New(seed)
		plain, dst := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
		var fresh Workspace
		if err := g.SelfBlend(plain, f, first, &fresh); err != nil {
			t.Fatal(err)
		}
		if err := g.PoissonBlend(dst, f, second, &fresh); err != nil {
			t.Fatal(err)
		}
		if first.Uint64() != second.Uint64() {
			t.Errorf("seed %d: other draws than those of a self-blended image", seed)
		}
		again := image.NewRGBA(f.Image.Rect)
		if err := g.PoissonBlend(again, f, stream.New(seed), &used); err != nil || string(again.Pix) != string(dst.Pix) {
			t.Errorf("seed %d: another image in a workspace that was used (%v)", seed, err)
		}
		d := g.DrawSelfBlend(stream.New(seed))
		around := image.NewRGBA(f.Image.Rect)
		copyPixels(around, f.Image)
		if d.Outside {
			perturb(around, f.Image, &d.Perturbation, &fresh)
		}
		source := image.NewRGBA(f.Image.Rect)
		copyPixels(source, f.Image)
		if !d.Outside {
			perturb(source, f.Image, &d.Perturbation, &fresh)
		}
		ax, ay := d.Deformation.axes(f.Image.Rect.Size())
		box, inside := (&gradientBlend{}).hard(&fresh.blendMask, 1, f.Image.Rect.Size())
		for at := range f.Image.Pix {
			x, y := at/4%f.Image.Rect.Dx(), at/4/f.Image.Rect.Dx()
			in := image.Pt(x, y).In(box) && inside[(y-box.Min.Y)*box.Dx()+x-box.Min.X]
			delta := math.Abs(float64(dst.Pix[at]) - float64(around.Pix[at]))
			if !in && delta != 0 {
				t.Fatalf("seed %d: pixel %d, %d outside of the mask has changed", seed, x, y)
			}
			if delta > 1 {
				changed++
			}
			if c := at % 4; in && c < 3 {
				// Its Laplacian is that of the copy, where nothing was clipped and but for rounding.
				laplacian, want, clipped := 0.0, 0.0, false
				for _, step := range []image.Point{{}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
					v := dst.Pix[dst.PixOffset(x+step.X, y+step.Y)+c]
					clipped = clipped || v == 0 || v == 255
					weight := -1.0
					if step == (image.Point{}) {
						weight = 4
					}
					laplacian += weight * float64(v)
					want += weight * colourAt(source, ax.origin(float64(x+step.X)), ay.origin(float64(y+step.Y)))[c]
				}
				if !clipped && math.Abs(laplacian-want) > 4.5 {
					t.Fatalf("seed %d: the Laplacian at %d, %d is %v, want %v", seed, x, y, laplacian, want)
				}
			}
			gradient += delta
			weighted += math.Abs(float64(plain.Pix[at]) - float64(around.Pix[at]))
		}
	}
	// Colours moved by up to 60 levels: in the gradient domain little of that is left.
	if gradient > weighted/3 {
		t.Errorf("the changes sum up to %v, and to %v where blending is by weights", gradient, weighted)
	}
	t.Logf("changes %v, by weights %v", gradient, weighted)
	if changed < 1000 {
		t.Errorf("%d values have changed in all", changed)
	}
	if err := g.PoissonBlend(image.NewRGBA(f.Image.Rect), face.Face{Image: f.Image}, stream.New(1), &used); err == nil {
		t.Error("a face without landmarks is no error")
	}
}

// Half of the ratio is half of the change, and a mask that reaches the image's edge ends a pixel before it.
func TestPoissonBlendRatio(t *testing.T) {
	make := func(f face.Face, ratio float64) *image.RGBA {
		s := spec.Default().Discrepancy
		s.Ratios, s.RGBShiftP = []float64{ratio}, 1
		g, err := New(s, spec.Augment{})
		if err != nil {
			t.Fatal(err)
		}
		dst := image.NewRGBA(f.Image.Rect)
		// By this seed the inside is changed.
		if err := g.PoissonBlend(dst, f, stream.New(5), &Workspace{}); err != nil {
			t.Fatal(err)
		}
		if g.DrawSelfBlend(stream.New(5)).Outside {
			t.Fatal("want a seed whose inside is changed")
		}
		return dst
	}
	f := paint(96)
	whole, half := make(f, 1), make(f, 0.5)
	changed := 0
	for i, v := range f.Image.Pix {
		full := float64(whole.Pix[i]) - float64(v)
		if whole.Pix[i] == 0 || whole.Pix[i] == 255 {
			continue // clipped
		}
		if math.Abs(full) > 10 {
			changed++
		}
		if got := float64(half.Pix[i]) - float64(v); math.Abs(got-full/2) > 1 {
			t.Fatalf("byte %d changes by %v, and by %v at half of the ratio", i, full, got)
		}
	}
	if changed < 50 {
		t.Errorf("%d values change by more than 10", changed)
	}
	for i := range f.Landmarks {
		f.Landmarks[i].X = (f.Landmarks[i].X-48)*1.6 + 48
		f.Landmarks[i].Y = (f.Landmarks[i].Y-55)*1.9 + 48
	}
	whole = make(f, 1)
	inner := 0
	for i, v := range f.Image.Pix {
		x, y := i/4%96, i/4/96
		if edge := x == 0 || y == 0 || x == 95 || y == 95; edge && whole.Pix[i] != v {
			t.Fatalf("pixel %d, %d of the edge has changed", x, y)
		}
		if (x == 1 || y == 1 || x == 94 || y == 94) && whole.Pix[i] != v {
			inner++
		}
	}
	if inner == 0 {
		t.Error("the mask does not reach the edge: the test shows nothing")
	}
}

// BenchmarkPoissonBlend makes pseudo-fakes of the size that a network of 128 pixels is trained on.
func BenchmarkPoissonBlend(b *testing.B) {
	g := generator(b, "grid")
	f := paint(182)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	seed := uint64(0)
	for b.Loop() {
		seed++
		if err := g.PoissonBlend(dst, f, stream.New(seed), &w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.Image.Rect.Dx()), "pixels")
}

// The colour between four pixels is bilinear, and beyond the edges it is that at them.
func TestColourAt(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	copy(img.Pix, []uint8{0, 1, 2, 255, 100, 101, 102, 255, 40, 41, 42, 255, 200, 201, 202, 255})
	for _, c := range []struct{ x, y, want float64 }{
		{0, 0, 0}, {1, 0, 100}, {0, 1, 40}, {1, 1, 200}, {0.25, 0, 25}, {0, 0.75, 30}, {0.5, 0.5, 85}, {0.25, 0.75, 0.25*25 + 0.75*80},
		{-3, 0.5, 20}, {1.5, 0, 100}, {7, 9, 200}, {0.5, -1, 50},
	} {
		got := colourAt(img, c.x, c.y)
		for i := range got {
			if math.Abs(got[i]-c.want-float64(i)) > 1e-12 {
				t.Errorf("channel %d at (%g, %g) is %v, want %v", i, c.x, c.y, got[i], c.want+float64(i))
			}
		}
	}
}
