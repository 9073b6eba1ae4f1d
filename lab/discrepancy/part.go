package discrepancy

import (
	"errors"
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

// faceParts divides a face into the eight parts of the strategy "components".
var faceParts = region.Components()

// PartBlend is [Generator.SelfBlend] that blends a single part of the face, one of the eight of the strategy "components", as one of
// the five kinds of masks of PMM does. The draws are those of SelfBlend, then the part.
func (g *Generator) PartBlend(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	d := g.DrawSelfBlend(rng)
	mask := faceParts.Mask(rng.IntN(faceParts.Len()), f.Landmarks, f.Image.Rect)
	if mask.Rect.Empty() {
		return errors.New("discrepancy: no part to blend: check that the landmarks are 68 and lie in the image")
	}
	w.disturb(dst, f.Image, mask, &d)
	return nil
}
