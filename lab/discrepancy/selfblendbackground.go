package discrepancy

import (
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
)

// SelfBlendBackground writes to dst the real face that goes with a pseudo-fake of [Generator.SelfBlend], [Generator.PoissonBlend] or
// [Generator.PartBlend] by the same draws: what that was blended into, the face or its changed copy. The two are equal, byte for
// byte, where the mask has no weight, as those of the official code are, so that sharpness or colours of the whole picture do not
// tell them apart.
func (g *Generator) SelfBlendBackground(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	if d := g.drawSelfBlend(rng); d.Outside {
		perturb(dst, f.Image, &d.Perturbation, w)
	} else {
		copyPixels(dst, f.Image)
	}
	return nil
}
