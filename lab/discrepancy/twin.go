package discrepancy

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"slices"

	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

// The draws of a resample twin, all our choice.
var (
	twinScale            = [2]float64{0.25, 0.7} // by which the picture is made smaller
	twinSharpen          = 0.3                   // how often the twin is sharpened
	twinColour           = 0.5                   // how often its colours are changed
	blobShare            = 0.5                   // of masks that are blobs
	blobSigma            = [2]float64{0.1, 0.3}  // of the noise that makes a blob, in sides of the picture
	blobPoint            = [2]float64{0.4, 0.7}  // the share of the noise that lies below the threshold
	blobReach    float64 = 1.3                   // how far blobs may lie from the face's centre, in hulls
	wholeOutline         = faceShapes[0]
)

// TwinBlend writes a resample twin to dst: the face is blended with a copy of the whole picture that lost detail as what a generator
// makes does, without being moved. The copy was made smaller (triangle filter) and large again (bicubic), then perhaps changed in
// colour and sharpened, by the ranges of the spec's discrepancy. The mask is the hull of the landmarks or a blob, which may reach
// beyond it. Outside of the mask the face stays as it is. No global augmentation is applied.
func (g *Generator) TwinBlend(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	img, d := f.Image, g.discrepancy
	scale := between(rng, twinScale)
	change := Perturbation{Strength: 1}
	if rng.Float64() < twinSharpen {
		change.Sharpen, change.Lightness = between(rng, d.SharpAlpha), between(rng, d.SharpLight)
	}
	if rng.Float64() < twinColour {
		change.Colour = drawColour(colourRange{d.RGBShift, d.RGBShiftP, d.HSVShift, 1, d.Brightness, d.Contrast, 1}, rng)
	}
	soft := drawFeather(d, rng)
	mask := region.Union(wholeOutline, f.Landmarks, img.Rect)
	if rng.Float64() < blobShare {
		mask = blob(f, rng)
	}
	if mask.Rect.Empty() {
		return errors.New("discrepancy: no face to blend: check that its landmarks are 68 and lie in the image")
	}

	size := img.Rect.Size()
	few := func(n int) int { return max(1, int(math.Round(scale*float64(n)))) }
	small, large := image.NewRGBA(image.Rect(0, 0, few(size.X), few(size.Y))), image.NewRGBA(img.Rect)
	draw.BiLinear.Scale(small, small.Rect, img, img.Rect, draw.Src, nil)
	draw.CatmullRom.Scale(large, large.Rect, small, small.Rect, draw.Src, nil)
	twin := w.perturbed.resize(img.Rect)
	perturb(twin, large, &change, w)
	copyPixels(dst, img)
	w.inset(target{dst.Pix, dst.Stride, 4}, twin, mask, nil, Deformation{}, soft)
	return nil
}

// blob marks where smooth noise lies above one of its quantiles, within the hull of the landmarks made wider.
func blob(f face.Face, rng *rand.Rand) region.Mask {
	sigma, point, seed := between(rng, blobSigma), between(rng, blobPoint), rng.Uint64()
	var middle face.Point
	for _, p := range f.Landmarks {
		middle.X, middle.Y = middle.X+p.X/float64(len(f.Landmarks)), middle.Y+p.Y/float64(len(f.Landmarks))
	}
	wide := make([]face.Point, len(f.Landmarks))
	for i, p := range f.Landmarks {
		wide[i] = face.Point{X: middle.X + blobReach*(p.X-middle.X), Y: middle.Y + blobReach*(p.Y-middle.Y)}
	}
	mask := region.Union(wholeOutline, wide, f.Image.Rect)
	field := newHills(sigma, seed)
	var within []float32
	values := make([]float32, len(mask.Weight))
	size, width := f.Image.Rect.Size(), mask.Rect.Dx()
	for i, weight := range mask.Weight {
		if weight > 0 {
			x, y := mask.Rect.Min.X+i%width, mask.Rect.Min.Y+i/width
			values[i] = field.at((float64(x)+0.5)/float64(size.X), (float64(y)+0.5)/float64(size.Y))
			within = append(within, values[i])
		}
	}
	if len(within) == 0 {
		return region.Mask{}
	}
	slices.Sort(within)
	least := within[int(point*float64(len(within)))]
	for i, weight := range mask.Weight {
		if weight > 0 && values[i] < least {
			mask.Weight[i] = 0
		}
	}
	return mask
}

// hills is noise smoothed by a Gaussian, on a picture whose sides are 1: the field that bends regions, along one axis.
type hills struct{ bend }

func newHills(sigma float64, seed uint64) *hills {
	var h hills
	h.cover(Elastic{Seed: seed, Alpha: 1, Sigma: sigma * reference}, 0, 0, reference, reference)
	return &h
}

// at is the height at a place in [0, 1]².
func (h *hills) at(x, y float64) float32 {
	i, fx := split(x*reference/h.elastic.Sigma - float64(h.x0))
	j, fy := split(y*reference/h.elastic.Sigma - float64(h.y0))
	upper, lower := h.nodes[2*(j*h.cols+i):], h.nodes[2*((j+1)*h.cols+i):]
	top, bottom := upper[0]+fx*(upper[2]-upper[0]), lower[0]+fx*(lower[2]-lower[0])
	return top + fy*(bottom-top)
}
