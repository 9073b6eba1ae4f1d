package discrepancy

import (
	"errors"
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

// selfBlendScale is SBI's range of scales, 0.95 to 1/0.95, (spec section 2.4).
var selfBlendScale = [2]float64{0.95, 1 / 0.95}

// faceShapes are the outlines of a whole face that self-blending chooses from. Their diversity is worth about ten points
// of AUC (spec section 9.2, issue 41).
var faceShapes = region.Faces()

// SelfBlendKeys are the keys of a spec that [Generator.SelfBlend] reads, for what a method says that it reads.
var SelfBlendKeys = []string{
	"discrepancy.strength", "discrepancy.rgb_shift", "discrepancy.rgb_shift_p", "discrepancy.hsv_shift", "discrepancy.brightness",
	"discrepancy.contrast", "discrepancy.downscale", "discrepancy.sharpen_alpha", "discrepancy.sharpen_lightness",
	"discrepancy.translate", "discrepancy.elastic", "discrepancy.elastic_sigma", "discrepancy.kernel", "discrepancy.ratios",
}

// SelfBlend writes a self-blended image (SBI, Shiohara and Yamasaki 2022) to dst: the whole face is blended with a copy
// of itself, one of the two changed in colour and then in detail (spec sections 2.4 to 2.6, the SBI columns). Ranges are
// those of the spec's discrepancy but for the scale; the mask is the landmarks' hull or the union of the regions of
// another strategy. No global augmentation is applied: real faces need it too ([Generator.Augment]).
func (g *Generator) SelfBlend(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	return g.ApplySelfBlend(dst, f, g.DrawSelfBlend(rng), w)
}

// SelfBlendBackground writes to dst the real face that goes with a pseudo-fake of [Generator.SelfBlend], [Generator.PoissonBlend] or
// [Generator.PartBlend] by the same draws: their [Generator.Background], so that sharpness or colours of the whole picture do not
// tell the two apart.
func (g *Generator) SelfBlendBackground(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	return g.Background(dst, f, g.DrawSelfBlend(rng), w)
}

// ApplySelfBlend is [Generator.SelfBlend] by a draw of [Generator.DrawSelfBlend].
func (g *Generator) ApplySelfBlend(dst *image.RGBA, f face.Face, d Draw, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	mask := region.Union(faceShapes[d.Region], f.Landmarks, f.Image.Rect)
	if mask.Rect.Empty() {
		return errors.New("discrepancy: no face to blend: check that its landmarks are 68 and lie in the image")
	}
	w.disturb(dst, f.Image, mask, &d)
	return nil
}

// SelfBlendMask is [Generator.SelfBlend], by the same draws and to the same pixels, that also returns the mask it blended by,
// after deformation and feathering: for each pixel the weight of the one of the two copies that lies inside, in [0, 1], at most
// the ratio that was drawn. Which of the copies was changed makes no difference to it.
func (g *Generator) SelfBlendMask(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) (region.Mask, error) {
	if err := g.SelfBlend(dst, f, rng, w); err != nil {
		return region.Mask{}, err
	}
	return w.blendMask.mask(), nil
}

// DrawSelfBlend draws a self-blended image, for [Generator.ApplySelfBlend] and [Generator.Background]. Its Region is the outline of
// the face, no region of the spec's strategy, and it has no label.
func (g *Generator) DrawSelfBlend(rng *rand.Rand) Draw {
	d := g.discrepancy
	d.Side = "random"
	out := newDraw(d, "spatial", d.Strength, rng)
	out.Perturbation.drawDetail(d, rng)
	out.Deformation.Scale = [2]float64{between(rng, selfBlendScale), between(rng, selfBlendScale)}
	out.Region = rng.IntN(len(faceShapes))
	return out
}
