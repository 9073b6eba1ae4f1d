package discrepancy

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/stream"
)

// A Degradation is what video does to a face before a detector gets to see it: it is blurred, noisy, resized and compressed at a
// size of its own, larger than the network's input, and scaled down only then. JPEG at the size of the input leaves a grid of
// 8 × 8 pixels that no test set shows (section 4 of the specification of hard fakes). Its zero value changes nothing.
type Degradation struct {
	Scale  float64 // the picture is scaled up by it first, bicubically, and back at the end; 0 leaves all of it out, 4 is the most
	Blur   float64 // σ of a Gaussian blur in pixels of the scaled picture; 0 for none
	Noise  float64 // σ of Gaussian noise in levels of 255; 0 for none
	Grey   bool    // the noise is the same in all channels
	Seed   uint64  // of the noise
	Resize float64 // the scaled picture is resized by it, in (0, 1); 0 for not at all
	Filter int     // by which filter: 0 bilinear without antialiasing, 1 a triangle over the area, 2 bicubic
	JPEG   int     // quality of a JPEG round trip at the size that it then has; 0 for none
	Shift  [2]int  // by how many pixels the grid of the blocks is shifted right and down, 0 to 7
}

// filters are those of [Degradation].Filter.
var filters = [...]draw.Scaler{draw.ApproxBiLinear, draw.BiLinear, draw.CatmullRom}

// drawDegradation draws a degradation, of a scale in a range; a quarter of all are none (our choice, section 4.4 of the
// specification of hard fakes without its codec).
func drawDegradation(scale [2]float64, rng *rand.Rand) Degradation {
	if rng.Float64() < 0.25 {
		return Degradation{}
	}
	d := Degradation{Scale: between(rng, scale)}
	if rng.Float64() < 0.3 {
		d.Blur = between(rng, [2]float64{0.3, 1.2})
	}
	if rng.Float64() < 0.2 {
		d.Noise, d.Grey, d.Seed = between(rng, [2]float64{1, 8}), rng.IntN(2) == 0, rng.Uint64()
	}
	if rng.Float64() < 0.5 {
		d.Resize, d.Filter = between(rng, [2]float64{0.4, 1}), rng.IntN(len(filters))
	}
	if rng.Float64() < 0.5 {
		d.JPEG, d.Shift = 60+rng.IntN(36), [2]int{rng.IntN(8), rng.IntN(8)}
	}
	return d
}

// apply changes img in place.
func (d Degradation) apply(img *image.RGBA, w *Workspace) {
	if !(d.Scale > 0) {
		return
	}
	now, from := img, img.Rect
	turn := 0
	blank := func(size image.Point) *image.RGBA { // in the memory that now does not use
		turn = 1 - turn
		return w.larger[turn].resize(image.Rectangle{Max: size})
	}
	scaled := func(by draw.Scaler, factor float64) {
		size := from.Size()
		side := func(n int) int { return max(1, int(math.Round(factor*float64(n)))) }
		to := blank(image.Pt(side(size.X), side(size.Y)))
		by.Scale(to, to.Rect, now, from, draw.Src, nil)
		now, from = to, to.Rect
	}
	scaled(draw.CatmullRom, min(d.Scale, 4))
	if d.Blur > 0 {
		scaled(gaussian(min(d.Blur, 16)), 1)
	}
	if d.Noise > 0 {
		addNoise(now, d.Noise, d.Grey, stream.New(d.Seed, "noise"))
	}
	if d.Resize > 0 && d.Resize < 1 {
		scaled(filters[uint(d.Filter)%uint(len(filters))], d.Resize)
	}
	if d.JPEG > 0 {
		shift := image.Pt(d.Shift[0]&7, d.Shift[1]&7)
		to := blank(from.Size().Add(shift))
		extend(to, now, shift)
		w.jpeg.RoundTrip(to, d.JPEG)
		now, from = to, from.Add(shift)
	}
	draw.BiLinear.Scale(img, img.Rect, now, from, draw.Src, nil)
}

// gaussian is the filter of a blur.
func gaussian(sigma float64) draw.Scaler {
	return &draw.Kernel{Support: 3 * sigma, At: func(t float64) float64 { return math.Exp(-t * t / (2 * sigma * sigma)) }}
}

// addNoise adds normal noise to img, rounded and clipped.
func addNoise(img *image.RGBA, sigma float64, grey bool, rng *rand.Rand) {
	for at := 0; at < len(img.Pix); at += 4 {
		same := sigma * rng.NormFloat64()
		for c := range 3 {
			add := same
			if !grey && c > 0 {
				add = sigma * rng.NormFloat64()
			}
			img.Pix[at+c] = uint8(min(max(math.Round(float64(img.Pix[at+c])+add), 0), 255))
		}
	}
}

// extend writes src to dst, moved right and down by shift; its first column and row go on to the left and above.
func extend(dst, src *image.RGBA, shift image.Point) {
	for y := range dst.Rect.Dy() {
		from, to := src.Pix[max(0, y-shift.Y)*src.Stride:], dst.Pix[y*dst.Stride:]
		for x := range shift.X {
			copy(to[4*x:4*x+4], from)
		}
		copy(to[4*shift.X:4*dst.Rect.Dx()], from)
	}
}
