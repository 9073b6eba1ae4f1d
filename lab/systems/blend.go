package systems

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/swap"
)

// blending is every random choice of one face that is pasted into another, as Face X-ray and I2G make them.
type blending struct {
	donor       face.Face
	outline     region.Regions // of which all parts together are pasted, but those of omit
	omit        uint           // bits of parts that are left out
	deformation discrepancy.Deformation
	feather     discrepancy.Feather
	gradients   bool
	align       func(from, to []face.Point) (swap.Transform, error) // of the donor to the face; nil is by their boxes
}

// shape draws how a mask is deformed and feathered: bent by a grid of 4 × 4 displacements of a deviation in warp, in half of the
// cases eroded by up to 15/224, and blurred by a Gaussian of a deviation in blur, all of them in sides of the image. Published code
// enlarges masks by up to 2 pixels in the other half, which is left out (our choice).
func shape(warp, blur [2]float64, rng *rand.Rand) (discrepancy.Deformation, discrepancy.Feather) {
	const side, cell = 224.0, 224.0 / 4 // lengths of elastic fields and feathers are pixels at 224
	deviation := between(rng, warp) * side
	d := discrepancy.Deformation{Elastic: discrepancy.Elastic{Seed: rng.Uint64(), Sigma: cell, Alpha: deviation * cell * math.Sqrt(12*math.Pi)}}
	f := discrepancy.Feather{Erode: 1, Sigma: between(rng, blur) * side, Ratio: 1}
	f.Blur = 1 + 2*int(math.Ceil(2.5*f.Sigma))
	if erode := 1 + 2*rng.IntN(8); rng.IntN(2) == 0 {
		f.Erode = erode
	}
	return d, f
}

func between(rng *rand.Rand, r [2]float64) float64 { return r[0] + (r[1]-r[0])*rng.Float64() }

// leastArea is the share of an image below which a deformed mask is taken undeformed (our choice).
const leastArea = 0.01

// apply pastes the donor into f and writes what comes of it to dst, an image of the size of f's. It returns the mask that it
// blended by.
func (b *blending) apply(w *method.Worker, dst *image.RGBA, f face.Face) (region.Mask, error) {
	size := f.Image.Rect.Size()
	hard := region.Union(without{b.outline, b.omit}, f.Landmarks, f.Image.Rect)
	if hard.Rect.Empty() {
		return region.Mask{}, errors.New("systems: no face to paste into: check that its landmarks are 68 and lie in the image")
	}
	soft := w.Workspace.Soften(hard, b.deformation, b.feather, size)
	area := 0.0
	for _, weight := range soft.Weight {
		area += float64(weight)
	}
	if area < leastArea*b.feather.Ratio*float64(size.X*size.Y) {
		soft = w.Workspace.Soften(hard, discrepancy.Deformation{}, discrepancy.Feather{Erode: 1, Blur: b.feather.Blur, Sigma: b.feather.Sigma, Ratio: b.feather.Ratio}, size)
	}
	align := swap.Boxes
	if b.align != nil {
		align = b.align
	}
	onto, err := align(b.donor.Landmarks, f.Landmarks)
	if err != nil {
		return region.Mask{}, err
	}
	copy(dst.Pix, f.Image.Pix)
	return workspace(w).Paste(dst, b.donor.Image, onto, soft, b.gradients)
}

// pasted makes pseudo-fakes of the frames of a clip by the blends that draw returns.
func pasted(w *method.Worker, c face.Clip, draw func(w *method.Worker, l look, rng *rand.Rand) (blending, error)) func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
	return func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		b, err := draw(w, look{clip: c, face: f}, rng)
		if err == nil {
			_, err = b.apply(w, dst, f)
		}
		return err
	}
}

// workspace is what a worker keeps for pasting.
func workspace(w *method.Worker) *swap.Workspace {
	own, ok := w.Own.(*swap.Workspace)
	if !ok {
		own = &swap.Workspace{}
		w.Own = own
	}
	return own
}

// drawDonor draws another person's face for a look at one, mirrored as that is.
func drawDonor(w *method.Worker, l look, rng *rand.Rand) (face.Face, error) {
	f, err := w.Donors.Draw(l.clip, rng)
	if err == nil && l.flipped {
		f = face.Mirror(f)
	}
	return f, err
}

// without is a strategy less some of its parts.
type without struct {
	region.Regions
	omit uint
}

func (o without) Mask(i int, landmarks []face.Point, bounds image.Rectangle) region.Mask {
	if o.omit>>i&1 == 1 {
		return region.Mask{}
	}
	return o.Regions.Mask(i, landmarks, bounds)
}

// smaller is a face at a share of its size, bilinear as published code has it.
func smaller(w *method.Worker, f face.Face, share float64) face.Face {
	size := f.Image.Rect.Size()
	few := image.Pt(max(1, int(math.Round(share*float64(size.X)))), max(1, int(math.Round(share*float64(size.Y)))))
	small := image.NewRGBA(image.Rectangle{Max: few})
	w.Workspace.Stretch(small, f.Image)
	sx, sy := float64(few.X)/float64(size.X), float64(few.Y)/float64(size.Y)
	points := make([]face.Point, len(f.Landmarks))
	for i, p := range f.Landmarks {
		points[i] = face.Point{X: (p.X+0.5)*sx - 0.5, Y: (p.Y+0.5)*sy - 0.5}
	}
	return face.Face{Image: small, Landmarks: points}
}

// larger is a mask of an image of a size at another size, bilinear.
func larger(mask region.Mask, from, to image.Point) region.Mask {
	if from == to {
		return mask
	}
	out := region.Mask{Rect: image.Rectangle{Max: to}, Weight: make([]float32, to.X*to.Y)}
	at := func(x, y int) float32 {
		if p := image.Pt(x, y); p.In(mask.Rect) {
			return mask.Weight[(y-mask.Rect.Min.Y)*mask.Rect.Dx()+x-mask.Rect.Min.X]
		}
		return 0
	}
	place := func(i, n, m int) (low, high int, frac float32) {
		x := min(max((float64(i)+0.5)*float64(m)/float64(n)-0.5, 0), float64(m-1))
		low = int(x)
		return low, min(low+1, m-1), float32(x - float64(low))
	}
	for y := range to.Y {
		y0, y1, fy := place(y, to.Y, from.Y)
		for x := range to.X {
			x0, x1, fx := place(x, to.X, from.X)
			top, bottom := at(x0, y0)*(1-fx)+at(x1, y0)*fx, at(x0, y1)*(1-fx)+at(x1, y1)*fx
			out.Weight[y*to.X+x] = top*(1-fy) + bottom*fy
		}
	}
	return out
}
