package method

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/spec"
)

// SBI tells real faces from self-blended ones by a binary head (Shiohara and Yamasaki 2022): the yardstick at equal data
// and time.
type SBI struct {
	sampling
	spec spec.Spec
}

// sbi is what a spec says of the method.
var sbi = spec.MethodInfo{
	Name:   "sbi",
	Doc:    "tells real faces from self-blended ones by a binary head (Shiohara and Yamasaki 2022)",
	Scores: []spec.Choice{{Name: "logit", Doc: "log odds of being self-blended"}}, Yardstick: true,
	Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"discrepancy.paired", "discrepancy.soft_label", "encoder.hidden", "score.flip"}),
	Check: func(s spec.Spec, v *spec.Checker) {
		v.Want("train.views", s.Train.Views%2 == 0, s.Train.Views, "an even number for sbi: real and fake in turn")
		v.Want("score.variants", s.Score.Variants == 0, s.Score.Variants, "0 for sbi, which makes no variants")
	},
}

func init() {
	spec.RegisterMethod(sbi)
	Register(sbi.Name, newSBI)
}

func newSBI(s spec.Spec) (Method, error) {
	shared, err := newSampling(s)
	return &SBI{shared, s}, err
}

// Classes implements [Classifier]: 0 is real, 1 self-blended, however soft its label is to the loss.
func (m *SBI) Classes() int { return 2 }

// Layout implements [Method]. Where labels are soft, the map is one place: the share of the fake, of 255.
func (m *SBI) Layout() Layout {
	l := Layout{Side: m.size, Views: m.spec.Train.Views}
	if m.spec.Discrepancy.SoftLabel {
		l.Map = 1
	}
	return l
}

// Sample implements [Method]: real and self-blended in turn, neighbours with the same crop and augmentation and, where the spec is
// paired, the same background, so that nothing but the blending tells them apart.
func (m *SBI) Sample(w *Worker, dst []Sample, c face.Clip, d Draw) error {
	f, err := still(c)
	if err != nil {
		return err
	}
	var view face.Face
	var augmentation discrepancy.Augmentation
	var blend discrepancy.Draw
	for i := range dst {
		dst[i].Label = int32(i % 2)
		if i%2 == 0 {
			if view, err = m.glance(f, d.Rand); err != nil {
				return err
			}
			augmentation = discrepancy.DrawAugmentation(m.augment, d.Rand)
			blend = m.generator.DrawSelfBlend(d.Rand)
		}
		if err := m.blend(w, &dst[i], view, blend); err != nil {
			return err
		}
		augmentation.Apply(w.Out, &w.Workspace)
		fill(dst[i].Images, w.Out)
	}
	return nil
}

// blend puts the face into w.Out, self-blended by the draw when the label is 1, and what share of it is a fake into the map.
func (m *SBI) blend(w *Worker, dst *Sample, f face.Face, d discrepancy.Draw) error {
	clear(dst.Map)
	switch {
	case dst.Label == 1:
		for i := range dst.Map {
			dst.Map[i] = uint8(math.Round(255 * d.Feather.Ratio))
		}
		return m.generator.ApplySelfBlend(w.Out, f, d, &w.Workspace)
	case m.spec.Discrepancy.Paired:
		return m.generator.Background(w.Out, f, d, &w.Workspace)
	}
	copy(w.Out.Pix, f.Image.Pix)
	return nil
}

// Check implements [Method]: real or self-blended, not augmented.
func (m *SBI) Check(w *Worker, dst *Sample, c face.Clip, rng *rand.Rand) error {
	view, err := m.lookAt(c)
	if err != nil {
		return err
	}
	dst.Label = int32(rng.IntN(2))
	if err := m.blend(w, dst, view, m.generator.DrawSelfBlend(rng)); err != nil {
		return err
	}
	fill(dst.Images, w.Out)
	return nil
}

// Forward implements [Method]: the logits of real and self-blended, float32 [B, 2].
func (m *SBI) Forward(scope *model.Scope, in Inputs) []*Node {
	features := encoder.Features(scope, m.spec.Encoder, in.Images)
	return []*Node{encoder.Project(scope.In("head"), features, m.spec.Encoder.Hidden, 2)}
}

// Guess implements [Classifier].
func (m *SBI) Guess(out []*Node, _ Inputs) *Node { return ArgMax(out[0], -1, dtypes.Int32) }

// Loss implements [Method]: softmax cross-entropy, to the share of the fake where labels are soft.
func (m *SBI) Loss(_ *model.Scope, out []*Node, in Inputs) []Term {
	if m.spec.Discrepancy.SoftLabel {
		fake := DivScalar(ConvertDType(Reshape(in.Map, -1, 1), out[0].DType()), 255)
		mean, _ := loss.SoftCrossEntropy(out[0], Concatenate([]*Node{OneMinus(fake), fake}, -1))
		return []Term{{"ce", mean}}
	}
	mean, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	return []Term{{"ce", mean}}
}

// Outputs implements [Method]: the log odds of being fake, [B, 1].
func (m *SBI) Outputs(scope *model.Scope, in Inputs) []*Node {
	return []*Node{LogOdds(m.Forward(scope, in)[0])}
}

// Scores implements [Method].
func (m *SBI) Scores() []string { return sbi.ScoreNames() }

// Probe implements [Method]: the face, and its mirror image when the spec says so.
func (m *SBI) Probe(_ *Worker, dst *Samples, _ string, _ Fit, c face.Clip, _ string) error {
	return m.appendLooks(dst, c, m.spec.Score.Flip)
}

// Score implements [Method]: the mean log odds.
func (m *SBI) Score(_ string, rows []Row, _ Fit) float64 {
	return Mean(rows, func(row Row) float64 { return float64(row[0][0]) })
}
