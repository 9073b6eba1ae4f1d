package systems

import (
	"fmt"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// classOdds is the score of all of them that is the classifier's, and classTerm its part of the loss.
const classOdds, classTerm = "class-odds", "class"

// paired is what the systems share whose network tells real faces from fakes of them by two logits: samples in pairs that have the
// same crop, scale and augmentation, so that nothing but the manipulation tells the two apart (our choice; published code draws
// anew for each).
type paired struct {
	method.Crops // brings Keep
	spec         spec.Spec
}

// register makes a system known whose sub-table is a T.
func register[T any](info spec.MethodInfo, build func(shared paired, own T) method.Method) {
	spec.RegisterMethod(info)
	method.Register(info.Name, func(s spec.Spec) (method.Method, error) {
		shared, err := newPaired(s)
		if err != nil {
			return nil, err
		}
		own, err := spec.Own[T](s)
		return build(shared, own), err
	})
}

func newPaired(s spec.Spec) (paired, error) {
	upright := s
	upright.Augment.Flip = 0 // what is pasted has to be mirrored too: see sample
	crops, err := method.NewCrops(upright)
	return paired{crops, s}, err
}

// look is a face as a sample shows it, and the clip that it is of.
type look struct {
	clip    face.Clip
	face    face.Face
	flipped bool
}

// maker makes the image of one of a pair into a worker's Out and its map into a sample: the fake where its label is 1.
type maker func(dst *method.Sample) error

// sample makes training samples, real and fake in turn, by the makers that draw returns.
func (m *paired) sample(w *method.Worker, dst []method.Sample, c face.Clip, rng *rand.Rand, draw func(w *method.Worker, l look, rng *rand.Rand) (maker, error)) error {
	var made maker
	var augmentation discrepancy.Augmentation
	for i := range dst {
		dst[i].Label = int32(i % 2)
		if i%2 == 0 {
			l, err := m.glance(c, rng)
			if err != nil {
				return err
			}
			if made, err = draw(w, l, rng); err != nil {
				return err
			}
			augmentation = discrepancy.DrawAugmentation(m.spec.Augment, rng)
		}
		clear(dst[i].Map)
		if err := made(&dst[i]); err != nil {
			return err
		}
		augmentation.Apply(w.Out, &w.Workspace)
		discrepancy.AppendRGB(dst[i].Images[:0], w.Out)
	}
	return nil
}

// glance crops the face of a clip as training does, perhaps mirrored.
func (m *paired) glance(c face.Clip, rng *rand.Rand) (look, error) {
	view, err := m.Glance(c, rng)
	if err != nil {
		return look{}, err
	}
	l := look{c, view, rng.Float64() < m.spec.Augment.Flip}
	if l.flipped {
		l.face = face.Mirror(view)
	}
	return l, nil
}

// check makes one sample as tests look at a face, not augmented.
func (m *paired) check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand, draw func(w *method.Worker, l look, rng *rand.Rand) (maker, error)) error {
	view, err := m.Look(c)
	if err != nil {
		return err
	}
	dst.Label = int32(rng.IntN(2))
	made, err := draw(w, look{c, view, false}, rng)
	if err != nil {
		return err
	}
	clear(dst.Map)
	if err := made(dst); err != nil {
		return err
	}
	discrepancy.AppendRGB(dst.Images[:0], w.Out)
	return nil
}

// selfBlended makes pairs whose fakes are those of SBI, for the ablation that a system's own samples are replaced.
func (m *paired) selfBlended(w *method.Worker, l look, rng *rand.Rand, toMap func(dst *method.Sample, mask region.Mask)) (maker, error) {
	seed := rng.Uint64()
	return func(dst *method.Sample) error {
		if dst.Label == 0 {
			copy(w.Out.Pix, l.face.Image.Pix)
			return nil
		}
		mask, err := m.Generator().SelfBlendMask(w.Out, l.face, stream.New(seed, "selfblend"), &w.Workspace)
		if err == nil {
			toMap(dst, mask)
		}
		return err
	}, nil
}

// pseudo makes a pseudo-fake for a [method.Faker] by blend, or, where samples says so, as SBI makes its own.
func (m *paired) pseudo(w *method.Worker, c face.Clip, rng *rand.Rand, samples string, blend func(dst *image.RGBA, f face.Face, rng *rand.Rand) error) (face.Clip, error) {
	if samples == selfBlendSamples {
		blend = func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
			return m.Generator().SelfBlend(dst, f, rng, &w.Workspace)
		}
	}
	return method.MakePseudo(c, m.spec.Augment, w, rng, blend)
}

// Classes implements [method.Classifier]: 0 is real, 1 fake.
func (m *paired) Classes() int { return 2 }

// Guess implements [method.Classifier].
func (m *paired) Guess(out []*Node, _ method.Inputs) *Node { return ArgMax(out[0], -1, dtypes.Int32) }

// Probe implements [method.Method]: the face, and its mirror image when the spec says so.
func (m *paired) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	return m.AppendLooks(dst, c, m.spec.Score.Flip)
}

// placeLogits are the logits, [B, side·side], of the places of a map of the image, by the last of the encoder's maps of that side.
func (m *paired) placeLogits(scope *model.Scope, stages []*Node, side int) *Node {
	stage := lastOf(stages, side)
	if stage == nil {
		panic(fmt.Sprintf("systems: %s: encoder %s has no map of stride %d: choose another", m.spec.Method, m.spec.Encoder.Name, m.spec.Encoder.Size/side))
	}
	logits := Add(encoder.Convolution(scope, stage, 3, 1, 1), encoder.Variable(scope, stage, "bias", 0, 1, 1, 1, 1))
	return Reshape(logits, -1, side*side)
}

// placeLoss is the mean cross-entropy of the logits of places, [B, P], and the maps of samples.
func placeLoss(logits *Node, in method.Inputs) *Node {
	return binary(logits, DivScalar(ConvertDType(Reshape(in.Map, logits.Shape().Dimensions...), logits.DType()), 255))
}

// mean is that of what a network says of the places of a face.
func mean(said []float32) float64 {
	total := 0.0
	for _, v := range said {
		total += float64(v)
	}
	return total / float64(len(said))
}

// ofLargest makes weights of a mask shares of its largest, which is the ratio of the blend: where, and not how much.
func ofLargest(mask region.Mask) func(weight float64) float64 {
	most := float64(slices.Max(mask.Weight))
	return func(weight float64) float64 { return weight / most }
}

// shrink writes to a map, row by row, the mean of f, which is 0 of 0, over the weights of the pixels of each of its places. size is
// that of the image, a square that the map covers with places of whole pixels.
func shrink(dst []uint8, side int, mask region.Mask, size image.Point, f func(weight float64) float64) {
	cell := size.X / side
	sums := make([]float64, side*side)
	for i, weight := range mask.Weight {
		x, y := mask.Rect.Min.X+i%mask.Rect.Dx(), mask.Rect.Min.Y+i/mask.Rect.Dx()
		sums[y/cell*side+x/cell] += f(float64(weight))
	}
	for i, sum := range sums {
		dst[i] = uint8(min(255*sum/float64(cell*cell)+0.5, 255))
	}
}
