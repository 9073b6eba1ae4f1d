package method

import (
	"math/rand/v2"

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

func init() {
	spec.RegisterMethod(spec.MethodInfo{
		Name:   "sbi",
		Doc:    "tells real faces from self-blended ones by a binary head (Shiohara and Yamasaki 2022)",
		Scores: []spec.Choice{{Name: "logit", Doc: "log odds of being self-blended"}},
		Reads: []string{
			"discrepancy.strength", "discrepancy.rgb_shift", "discrepancy.rgb_shift_p", "discrepancy.hsv_shift", "discrepancy.brightness",
			"discrepancy.contrast", "discrepancy.downscale", "discrepancy.sharpen_alpha", "discrepancy.sharpen_lightness",
			"discrepancy.translate", "discrepancy.elastic", "discrepancy.elastic_sigma", "discrepancy.kernel", "discrepancy.ratios",
			"encoder.hidden", "score.flip",
		},
		Check: func(s spec.Spec, v *spec.Checker) {
			v.Want("train.views", s.Train.Views%2 == 0, s.Train.Views, "an even number for sbi: real and fake in turn")
			v.Want("score.variants", s.Score.Variants == 0, s.Score.Variants, "0 for sbi, which makes no variants")
		},
	})
	Register("sbi", func(s spec.Spec) (Method, error) { return newSBI(s) })
}

func newSBI(s spec.Spec) (*SBI, error) {
	shared, err := newSampling(s)
	return &SBI{shared, s}, err
}

// Classes implements Method: 0 is real, 1 self-blended.
func (m *SBI) Classes() int { return 2 }

// Views implements Method: real and self-blended in turn, neighbours with the same crop and augmentation, so that nothing
// but the blending tells them apart.
func (m *SBI) Views(s *Sampler, dst [][]uint8, labels []int32, f face.Face, factor float64, rng *rand.Rand) error {
	var view face.Face
	var augmentation discrepancy.Augmentation
	var err error
	for i := range dst {
		labels[i] = int32(i % 2)
		if i%2 == 0 {
			if view, err = m.glance(f, rng); err != nil {
				return err
			}
			augmentation = discrepancy.DrawAugmentation(m.augment, rng)
		}
		if err := m.blend(s, view, int(labels[i]), rng); err != nil {
			return err
		}
		augmentation.Apply(s.out, &s.workspace)
		fill(dst[i], s.out)
	}
	return nil
}

// blend puts the face into s.out, self-blended when label is 1.
func (m *SBI) blend(s *Sampler, f face.Face, label int, rng *rand.Rand) error {
	if label == 1 {
		return m.generator.SelfBlend(s.out, f, rng, &s.workspace)
	}
	copy(s.out.Pix, f.Image.Pix)
	return nil
}

// Check implements Method: real or self-blended, not augmented.
func (m *SBI) Check(s *Sampler, dst []uint8, f face.Face, rng *rand.Rand) (int, error) {
	view, err := m.look(f)
	if err != nil {
		return 0, err
	}
	label := rng.IntN(2)
	if err := m.blend(s, view, label, rng); err != nil {
		return 0, err
	}
	fill(dst, s.out)
	return label, nil
}

// Embeddings implements Method: the logits of real and self-blended, float32 [B, 2].
func (m *SBI) Embeddings(scope *model.Scope, images *Node) *Node {
	features := encoder.Features(scope, m.spec.Encoder, images)
	return encoder.Project(scope.In("head"), features, m.spec.Encoder.Hidden, 2)
}

// Loss implements Method: softmax cross-entropy; the warm-up loss is the same.
func (m *SBI) Loss(logits, labels, _ *Node) (total, hits *Node) {
	total, _ = loss.SoftmaxCrossEntropy(logits, labels)
	right := Equal(ArgMax(logits, -1, dtypes.Int32), ConvertDType(labels, dtypes.Int32))
	return total, ReduceAllSum(ConvertDType(right, dtypes.Float32))
}

// Outputs implements Method: the log odds of being fake, [B, 1].
func (m *SBI) Outputs(scope *model.Scope, images *Node) *Node {
	logits := m.Embeddings(scope, images)
	return Sub(Slice(logits, AxisRange(), AxisRange(1, 2)), Slice(logits, AxisRange(), AxisRange(0, 1)))
}

// Guesses implements Method.
func (m *SBI) Guesses(scope *model.Scope, images *Node) *Node {
	return ArgMax(m.Embeddings(scope, images), -1, dtypes.Int32)
}

// Scores implements Method.
func (m *SBI) Scores() []string { return []string{"logit"} }

// Variants implements Method: the face, and its mirror image when the spec says so.
func (m *SBI) Variants(_ *Sampler, dst []uint8, _ string, f face.Face, _ string) ([]uint8, error) {
	view, err := m.look(f)
	if err != nil {
		return dst, err
	}
	dst = discrepancy.AppendRGB(dst, view.Image)
	if m.spec.Score.Flip {
		dst = discrepancy.AppendRGB(dst, face.Mirror(view).Image)
	}
	return dst, nil
}

// Score implements Method: the mean log odds.
func (m *SBI) Score(_ string, outputs [][]float32, _ *Calibration) float64 {
	total := 0.0
	for _, row := range outputs {
		total += float64(row[0])
	}
	return total / float64(len(outputs))
}
