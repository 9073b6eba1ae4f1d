package discrepancy

import (
	"errors"
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/poisson"
	"github.com/seeable-lab/seeable/lab/region"
)

// PoissonBlend writes a pseudo-fake to dst that is blended in the gradient domain (Pérez, Gangnet and Blake 2003), as PCL, SLADD, OST
// and PMM make theirs: the whole face is a copy of itself, one of the two changed in colour and then in detail, by the draws of
// [Generator.SelfBlend], and the copy is moved and scaled by as much. Inside of the mask the result has the Laplacian of the
// copy, and on its border the pixels around it, so that neither an edge nor a shift of colour is left: what remains is
// detail, and misplaced features. Each channel is solved for alone, rounded and clipped. No global augmentation is applied.
//
// The mask is where that of SelfBlend has at least half of its largest weight, less what touches the image's edge, and the ratio
// that was drawn is the share of the solution, the rest being the face around (both our choices; OpenCV erodes the mask and weighs
// gradients by it).
func (g *Generator) PoissonBlend(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	d := g.DrawSelfBlend(rng)
	img, size := f.Image, f.Image.Rect.Size()
	mask := region.Union(faceShapes[d.Region], f.Landmarks, img.Rect)
	if mask.Rect.Empty() {
		return errors.New("discrepancy: no face to blend: check that its landmarks are 68 and lie in the image")
	}
	deform(&w.region, mask, d.Deformation, size, w)
	feather(&w.blendMask, &w.region, d.Feather, size, w)

	w.background(dst, img, &d)
	source := img
	if !d.Outside {
		source = w.perturbed.resize(img.Rect)
		perturb(source, img, &d.Perturbation, w)
	}
	box, inside := w.gradients.hard(&w.blendMask, d.Feather.sane().Ratio, size)
	if box.Empty() {
		return nil
	}
	ax, ay := d.Deformation.axes(size)
	w.gradients.solver.Clone(dst, box, inside, func(x, y int) rgb {
		return colourAt(source, ax.origin(float64(x)), ay.origin(float64(y)))
	}, d.Feather.Ratio)
	return nil
}

// rgb are three channels, each a problem of its own.
type rgb = [3]float64

// colourAt is the colour of a picture at a place, bilinear; beyond its edges it goes on as it is at them.
func colourAt(img *image.RGBA, x, y float64) (out rgb) {
	x, y = min(max(x, 0), float64(img.Rect.Dx()-1)), min(max(y, 0), float64(img.Rect.Dy()-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, img.Rect.Dx()-1), min(y0+1, img.Rect.Dy()-1)
	fx, fy := x-float64(x0), y-float64(y0)
	at := func(x, y, c int) float64 { return float64(img.Pix[y*img.Stride+4*x+c]) }
	for c := range out {
		out[c] = (1-fy)*((1-fx)*at(x0, y0, c)+fx*at(x1, y0, c)) + fy*((1-fx)*at(x0, y1, c)+fx*at(x1, y1, c))
	}
	return out
}

// A gradientBlend is the memory of [Generator.PoissonBlend].
type gradientBlend struct {
	inside []bool
	solver poisson.Solver
}

// hard makes a mask of the pixels that have at least half of the ratio's weight and do not touch the image's edge, in a box that
// is wider than it by a pixel on each side.
func (b *gradientBlend) hard(m *blendMask, ratio float64, size image.Point) (box image.Rectangle, inside []bool) {
	whole := image.Rectangle{Max: size}
	within := m.rect.Intersect(whole.Inset(1))
	if within.Empty() || ratio == 0 {
		return image.Rectangle{}, nil
	}
	box = within.Inset(-1)
	b.inside = grown(b.inside, box.Dx()*box.Dy())
	clear(b.inside)
	for y := within.Min.Y; y < within.Max.Y; y++ {
		for x := within.Min.X; x < within.Max.X; x++ {
			weight := m.weights[(y-m.rect.Min.Y)*m.rect.Dx()+x-m.rect.Min.X]
			b.inside[(y-box.Min.Y)*box.Dx()+x-box.Min.X] = 2*float64(weight) >= ratio*full
		}
	}
	return box, b.inside
}
