package jpeg

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/internal/facetest"
	"github.com/seeable-lab/seeable/lab/stream"
)

// The round trip is that of Go's image/jpeg, an independent encoder and decoder with whole-number transforms.
func TestJPEGMatchesImageJPEG(t *testing.T) {
	drawn := facetest.Ellipse(192)
	for _, size := range []image.Point{{128, 128}, {64, 64}, {37, 50}, {18, 33}} {
		for _, quality := range []int{1, 10, 40, 50, 75, 90, 100} {
			t.Run(fmt.Sprintf("%v at %d", size, quality), func(t *testing.T) {
				src := image.NewRGBA(image.Rectangle{Max: size})
				draw.Draw(src, src.Rect, drawn, image.Pt(20, 20), draw.Src)
				var file bytes.Buffer
				if err := jpeg.Encode(&file, src, &jpeg.Options{Quality: quality}); err != nil {
					t.Fatal(err)
				}
				decoded, err := jpeg.Decode(&file)
				if err != nil {
					t.Fatal(err)
				}
				want := image.NewRGBA(src.Rect)
				draw.Draw(want, want.Rect, decoded, image.Point{}, draw.Src)

				got := image.NewRGBA(src.Rect)
				copy(got.Pix, src.Pix)
				new(Codec).RoundTrip(got, quality)

				var off, change float64
				for i := range got.Pix {
					off += math.Abs(float64(got.Pix[i]) - float64(want.Pix[i]))
					change += math.Abs(float64(want.Pix[i]) - float64(src.Pix[i]))
				}
				off, change = off/float64(len(got.Pix)), change/float64(len(got.Pix))
				// Coefficients near one half fall to either side, so single levels differ by as much as a step: the mean tells.
				if off > 0.5 {
					t.Errorf("differs from image/jpeg by %.3f levels in the mean, which changes the picture by %.3f", off, change)
				}
			})
		}
	}
}

// The transform and its inverse, without loss, are the definition's cosine sums.
func TestTransformMatchesCosineSums(t *testing.T) {
	rng := stream.New(1)
	var a, f [8]float64
	for i := range a {
		a[i] = 256*rng.Float64() - 128
	}
	var got [8]float32
	got[0], got[1], got[2], got[3], got[4], got[5], got[6], got[7] = transform(float32(a[0]), float32(a[1]), float32(a[2]),
		float32(a[3]), float32(a[4]), float32(a[5]), float32(a[6]), float32(a[7]))
	for k := range f {
		for i, v := range a {
			f[k] += v * math.Cos(float64(2*i+1)*float64(k)*math.Pi/16) / 2
		}
		if k == 0 {
			f[k] /= math.Sqrt2
		}
		if want := f[k] * math.Sqrt(8) * aan[k]; math.Abs(float64(got[k])-want) > 1e-3 {
			t.Errorf("frequency %d: %v, want %v", k, got[k], want)
		}
		got[k] = float32(f[k] * aan[k] / math.Sqrt(8))
	}
	got[0], got[1], got[2], got[3], got[4], got[5], got[6], got[7] = restore(got[0], got[1], got[2], got[3], got[4], got[5],
		got[6], got[7])
	for i, v := range a {
		if math.Abs(float64(got[i])-v) > 1e-3 {
			t.Errorf("value %d comes back as %v, want %v", i, got[i], v)
		}
	}
}

// A flat picture has only mean values, and at quality 100 a step is one level.
func TestJPEGKeepsFlatPictures(t *testing.T) {
	for _, c := range []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {200, 120, 40, 255}, {3, 250, 128, 255}} {
		img := image.NewRGBA(image.Rect(0, 0, 33, 17))
		draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
		new(Codec).RoundTrip(img, 100)
		for i := 0; i < len(img.Pix); i += 4 {
			for j, want := range []uint8{c.R, c.G, c.B, 255} {
				if is := int(img.Pix[i+j]); max(is-int(want), int(want)-is) > 2 {
					t.Fatalf("%v becomes %v", c, img.Pix[i:i+4])
				}
			}
		}
	}
}
