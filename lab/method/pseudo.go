package method

import (
	"fmt"
	"image"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Blend writes a pseudo-fake of f to dst, an image of the size of f's. All chance is from rng. It is not augmented.
type Blend func(g *discrepancy.Generator, dst *image.RGBA, f face.Face, rng *rand.Rand, w *discrepancy.Workspace) error

// blends are the kinds of pseudo-fakes, by name, and the real faces that go with them; those of ownPseudo are nil.
var blends, backgrounds = map[string]Blend{}, map[string]Blend{}

// RegisterPseudo makes a kind of pseudo-fakes known, for specs to name in score.choose_on. What background makes of the same
// draws is the real face that goes with one where the spec has discrepancy.paired; nil leaves it as it is. It is for the init
// function of its file, and panics as [spec.RegisterPseudo] does.
func RegisterPseudo(info spec.PseudoInfo, blend, background Blend) {
	spec.RegisterPseudo(info)
	blends[info.Name], backgrounds[info.Name] = blend, background
}

// The kind that is the method's own, and the one that methods without any have in its place.
const ownPseudo, selfBlended = "own", "selfblend"

func init() {
	RegisterPseudo(spec.PseudoInfo{Name: ownPseudo, Doc: "those of the method (Faker); selfblend where it has none"}, nil, nil)
	RegisterPseudo(spec.PseudoInfo{Name: selfBlended, Doc: "self-blended images (Shiohara and Yamasaki 2022), the most general ones"},
		(*discrepancy.Generator).SelfBlend, (*discrepancy.Generator).SelfBlendBackground)
	RegisterPseudo(spec.PseudoInfo{Name: "poisson", Doc: "faces blended with a copy of themselves in the gradient domain"},
		(*discrepancy.Generator).PoissonBlend, (*discrepancy.Generator).SelfBlendBackground)
}

// Pseudo makes what a score is chosen and fitted on without any deepfake: real clips and pseudo-fakes of them, both
// augmented with the same draws, so that nothing but the manipulation tells them apart.
type Pseudo struct {
	sampling
	kind  string
	own   Faker // nil for other kinds
	blend Blend
	real  Blend // what is made of real faces
}

// NewPseudo makes a kind of pseudo-fakes for m, a method of s; see [spec.Pseudos].
func NewPseudo(s spec.Spec, m Method, kind string) (*Pseudo, error) {
	shared, err := newSampling(s)
	if err != nil {
		return nil, err
	}
	p := &Pseudo{sampling: shared, kind: kind, real: asItIs}
	if kind == ownPseudo {
		if own, ok := As[Faker](m); ok {
			p.own = own
			return p, nil
		}
		p.kind = selfBlended
	}
	if p.blend = blends[p.kind]; p.blend == nil {
		return nil, fmt.Errorf("method: no pseudo-fakes of the kind %q; RegisterPseudo makes one known", kind)
	}
	if background := backgrounds[p.kind]; background != nil && s.Discrepancy.Paired {
		p.real = background
	}
	return p, nil
}

func asItIs(_ *discrepancy.Generator, dst *image.RGBA, f face.Face, _ *rand.Rand, _ *discrepancy.Workspace) error {
	copy(dst.Pix, f.Image.Pix)
	return nil
}

// Kind is the name of the kind: never that of the method's own where it has none.
func (p *Pseudo) Kind() string { return p.kind }

// Fake makes a pseudo-fake of a real clip. The frames of a clip are blended by the same draws.
func (p *Pseudo) Fake(w *Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	if p.own != nil {
		return p.own.Fake(w, c, rng)
	}
	out, err := p.make(w, c, p.blend, rng)
	out.Fake = true
	return out, err
}

// Real makes the real clip that a pseudo-fake of the same draws goes with.
func (p *Pseudo) Real(w *Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return p.make(w, c, p.real, rng)
}

// SelfBlended makes a self-blended image of a real face, whatever the kind of p: by the same draws that which Fake makes of the kind
// selfblend. It returns the mask too, as [discrepancy.Generator.SelfBlendMask] does; the augmentation moves no pixel.
func (p *Pseudo) SelfBlended(w *Worker, f face.Face, rng *rand.Rand) (fake face.Face, mask region.Mask, err error) {
	c, err := p.make(w, face.Still(f), func(g *discrepancy.Generator, dst *image.RGBA, f face.Face, rng *rand.Rand, w *discrepancy.Workspace) (err error) {
		mask, err = g.SelfBlendMask(dst, f, rng, w)
		return err
	}, rng)
	if err != nil {
		return face.Face{}, region.Mask{}, err
	}
	return c.Frames[0], mask, nil
}

// make has all frames of a clip made by the same draws.
func (p *Pseudo) make(w *Worker, c face.Clip, blend Blend, rng *rand.Rand) (face.Clip, error) {
	return augmented(c, p.augment, w, rng, func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		return blend(p.generator, dst, f, rng, &w.Workspace)
	})
}

// MakePseudo makes a pseudo-fake of a clip, for a [Faker]: blend writes that of a frame to dst, which is augmented then. All
// frames have the same draws.
func MakePseudo(c face.Clip, a spec.Augment, w *Worker, rng *rand.Rand, blend func(dst *image.RGBA, f face.Face, rng *rand.Rand) error) (face.Clip, error) {
	out, err := augmented(c, a, w, rng, blend)
	out.Fake = true
	return out, err
}

// augmented has all frames of a clip made by the same draws, and augmented by the same.
func augmented(c face.Clip, a spec.Augment, w *Worker, rng *rand.Rand, blend func(dst *image.RGBA, f face.Face, rng *rand.Rand) error) (face.Clip, error) {
	augmentation := discrepancy.DrawAugmentation(a, rng)
	seed := rng.Uint64()
	out := face.Clip{Frames: make([]face.Face, len(c.Frames))}
	for i, f := range c.Frames {
		if f.Image == nil {
			return face.Clip{}, fmt.Errorf("method: pseudo-fake of a clip without picture %d", i)
		}
		made := image.NewRGBA(f.Image.Rect)
		if err := blend(made, f, stream.New(seed, "pseudo-fake")); err != nil {
			return face.Clip{}, err
		}
		augmentation.Apply(made, &w.Workspace)
		f.Image = made
		out.Frames[i] = f
	}
	return out, nil
}
