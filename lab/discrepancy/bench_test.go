package discrepancy

import (
	"fmt"
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// The Python peer (albumentations 1.3.1 with OpenCV, the official operations) made 220 to 270 samples a second at 128
// pixels and 70 to 80 at 224 on two cores; these benchmarks run on one.
func BenchmarkSample(b *testing.B) {
	for _, size := range []int{64, 128, 224} {
		for _, factor := range []float64{1, 5} {
			b.Run(fmt.Sprintf("size=%d/factor=%g", size, factor), func(b *testing.B) {
				d := spec.Default()
				g, err := New(d.Discrepancy, d.Augment)
				if err != nil {
					b.Fatal(err)
				}
				f := paint(size)
				dst := image.NewRGBA(f.Image.Rect)
				var w Workspace
				rng := stream.New(1)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := g.Sample(dst, f, rng.IntN(g.Classes()), factor, rng, &w); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
			})
		}
	}
}

func BenchmarkVariants(b *testing.B) {
	for _, size := range []int{64, 128, 224} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			d := spec.Default()
			g, err := New(d.Discrepancy, d.Augment)
			if err != nil {
				b.Fatal(err)
			}
			f := paint(size)
			var w Workspace
			var batch []uint8
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if batch, err = g.Variants(batch[:0], f, uint64(i), "item", &w); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "faces/s")
		})
	}
}

func BenchmarkSelfBlend(b *testing.B) {
	d := spec.Default()
	g, err := New(d.Discrepancy, d.Augment)
	if err != nil {
		b.Fatal(err)
	}
	f := paint(128)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	rng := stream.New(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.SelfBlend(dst, f, rng, &w); err != nil {
			b.Fatal(err)
		}
		g.Augment(dst, rng, &w)
	}
}

// BenchmarkAugment times what is drawn of it, by augment.scale.
func BenchmarkAugment(b *testing.B) {
	for _, scale := range [][2]float64{{1, 1}, {1.5, 3}} {
		b.Run(fmt.Sprint("scale=", scale), func(b *testing.B) {
			s := spec.Default()
			s.Augment.Scale = scale
			g, err := New(s.Discrepancy, s.Augment)
			if err != nil {
				b.Fatal(err)
			}
			img := paint(128).Image
			var w Workspace
			rng := stream.New(1)
			for b.Loop() {
				g.Augment(img, rng, &w)
			}
		})
	}
}

// BenchmarkTypes times soft discrepancies of one type, without augmentation.
func BenchmarkTypes(b *testing.B) {
	for _, kind := range spec.Types {
		b.Run(kind, func(b *testing.B) {
			g := typed(b, kind)
			f := paint(128)
			dst := image.NewRGBA(f.Image.Rect)
			var w Workspace
			rng := stream.New(1)
			for b.Loop() {
				if err := g.Apply(dst, f, g.Draw(rng.IntN(g.Classes()), 1, rng), &w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOperation times the parts of a sample, each on a whole image of 128 pixels.
func BenchmarkOperation(b *testing.B) {
	f := paint(128)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	for name, p := range map[string]Perturbation{
		"hsv":       {Colour: Colour{ThroughHSV: true}, Strength: 1},
		"contrast":  {Colour: Colour{Contrast: 0.1}, Strength: 1},
		"downscale": {Downscale: 2, Strength: 1},
		"sharpen":   {Sharpen: 0.3, Strength: 1},
		"amplified": {Sharpen: 0.3, Strength: 5},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				perturb(dst, f.Image, &p, &w)
			}
		})
	}
	for name, a := range map[string]Augmentation{
		"jpeg": {JPEG: 70}, "resample": {Resample: 0.5}, "scale 1.5": {Degradation: Degradation{Scale: 1.5}}, "scale 3": {Degradation: Degradation{Scale: 3}},
		"degradation": {Degradation: Degradation{Scale: 2, Blur: 0.8, Noise: 4, Resize: 0.7, Filter: 2, JPEG: 80}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				copyPixels(dst, f.Image)
				a.Apply(dst, &w)
			}
		})
	}
	d := spec.Default().Discrepancy
	regions, err := region.New(d)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("region", func(b *testing.B) {
		for b.Loop() {
			regions.Mask(5, f.Landmarks, f.Image.Rect)
		}
	})
	mask := regions.Mask(5, f.Landmarks, f.Image.Rect)
	b.Run("draw", func(b *testing.B) {
		rng := stream.New(1)
		for b.Loop() {
			newDraw(d, "spatial", 1, rng)
		}
	})
	b.Run("deform", func(b *testing.B) {
		rng := stream.New(1)
		for b.Loop() {
			deform(&w.region, mask, newDraw(d, "spatial", 1, rng).Deformation, f.Image.Rect.Max, &w)
		}
	})
	b.Run("feather", func(b *testing.B) {
		rng := stream.New(1)
		deform(&w.region, mask, newDraw(d, "spatial", 1, rng).Deformation, f.Image.Rect.Max, &w)
		for b.Loop() {
			feather(&w.blendMask, &w.region, drawFeather(d, rng), f.Image.Rect.Max, &w)
		}
	})
}
