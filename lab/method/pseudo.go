package method

import (
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Pseudo makes what a score is chosen and fitted on without any deepfake: real clips and pseudo-fakes of them, both
// augmented with the same draws, so that nothing but the manipulation tells them apart.
type Pseudo struct {
	sampling
	own Faker // nil for self-blended images
}

// NewPseudo makes the pseudo-fakes of m: its own if it has some, else self-blended images, the most general ones (Shiohara
// and Yamasaki 2022).
func NewPseudo(s spec.Spec, m Method) (*Pseudo, error) {
	shared, err := newSampling(s)
	p := &Pseudo{sampling: shared}
	p.own, _ = As[Faker](m)
	return p, err
}

// Fake makes a pseudo-fake of a real clip.
func (p *Pseudo) Fake(w *Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	if p.own != nil {
		return p.own.Fake(w, c, rng)
	}
	f, err := still(c)
	if err != nil {
		return face.Clip{}, err
	}
	blended := image.NewRGBA(f.Image.Rect)
	augmentation := discrepancy.DrawAugmentation(p.augment, rng)
	if err := p.generator.SelfBlend(blended, f, rng, &w.Workspace); err != nil {
		return face.Clip{}, err
	}
	augmentation.Apply(blended, &w.Workspace)
	f.Image = blended
	return face.Clip{Frames: []face.Face{f}, Fake: true}, nil
}

// Real makes the real clip that a pseudo-fake goes with.
func (p *Pseudo) Real(w *Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	augmentation := discrepancy.DrawAugmentation(p.augment, rng)
	out := face.Clip{Frames: make([]face.Face, len(c.Frames))}
	for i, f := range c.Frames {
		plain := image.NewRGBA(f.Image.Rect)
		copy(plain.Pix, f.Image.Pix)
		augmentation.Apply(plain, &w.Workspace)
		f.Image = plain
		out.Frames[i] = f
	}
	return out, nil
}
