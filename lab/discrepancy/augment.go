package discrepancy

import (
	"image"
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// An Augmentation holds every random choice of one global augmentation, which changes the whole finished image whether
// or not it carries a discrepancy (spec section 2.7). Its zero value changes nothing.
type Augmentation struct {
	Colour   Colour
	Resample float64 // the image is scaled by it and back, bilinearly; 0 and 1 leave it out (ours, before JPEG)
	JPEG     int     // quality of a JPEG round trip, 1 to 100; 0 leaves it out

	Degradation Degradation // after the others (ours)
}

// DrawAugmentation draws one augmentation. The degradation has a stream of its own. Flips and margins move landmarks and are left to the caller.
func DrawAugmentation(a spec.Augment, rng *rand.Rand) Augmentation {
	var out Augmentation
	out.Colour = drawColour(colourRange{
		a.RGBShift, a.RGBShiftP, a.HSVShift, a.HSVShiftP, a.Brightness, a.Contrast, a.ContrastP,
	}, rng)
	if rng.Float64() < a.ResampleP {
		out.Resample = between(rng, a.Resample)
	}
	if rng.Float64() < a.JPEGP {
		out.JPEG = a.JPEG[0] + rng.IntN(a.JPEG[1]-a.JPEG[0]+1)
	}
	if a.Scale[1] > 1 {
		out.Degradation = drawDegradation(a.Scale, stream.New(rng.Uint64(), "degradation"))
	}
	return out
}

// Apply changes img in place.
func (a Augmentation) Apply(img *image.RGBA, w *Workspace) {
	if img.Rect.Empty() {
		return
	}
	if a.Colour != (Colour{}) {
		w.curves.set(a.Colour)
		w.curves.apply(img, img)
	}
	if a.Resample > 0 && a.Resample < 1 {
		resample(img, a.Resample, w)
	}
	if a.JPEG > 0 {
		w.jpeg.RoundTrip(img, a.JPEG)
	}
	a.Degradation.apply(img, w)
}

// resample scales img down and up again.
func resample(img *image.RGBA, scale float64, w *Workspace) {
	size := img.Rect.Size()
	few := image.Pt(max(int(math.Round(scale*float64(size.X))), 1), max(int(math.Round(scale*float64(size.Y))), 1))
	small := w.small.resize(image.Rectangle{Max: few})
	w.Stretch(small, img)
	w.Stretch(img, small)
}

// Stretch fills dst with src, interpolated bilinearly as OpenCV does.
func (w *Workspace) Stretch(dst, src *image.RGBA) {
	r := &w.resampler
	r.reset(src)
	to, from := dst.Rect.Size(), src.Rect.Size()
	for x := range to.X {
		r.cols = append(r.cols, clampedTap(x, to.X, from.X))
	}
	for y := range to.Y {
		r.rows = append(r.rows, clampedTap(y, to.Y, from.Y))
	}
	r.into(dst)
}
