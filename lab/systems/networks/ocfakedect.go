package networks

import (
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// OCFakeDect is a variational autoencoder of real faces (Khalid and Woo 2020): what it cannot reconstruct is anomalous. Version 1
// scores the reconstruction in pixels, version 2 in the latent space, by a second encoder behind the decoder.
type OCFakeDect struct {
	method.Crops
	spec   spec.Spec
	scores []string
	own    ocFakeDect2 // Second is "" in version 1
}

// ocFakeDect1 is the sub-table [ocfakedect1] of a spec. The widths are those of the official code.
type ocFakeDect1 struct {
	Hidden       int     `toml:"hidden" doc:"width of the dense layers"`
	Latent       int     `toml:"latent" doc:"number of latent units"`
	KL           float64 `toml:"kl" doc:"weight of the Kullback-Leibler term; 0 is a plain autoencoder, without noise (the paper's OC-AE)"`
	VerticalFlip float64 `toml:"vertical_flip" doc:"probability that a training face stands on its head; 0.5 in the official code (0 is our choice)"`
}

// ocFakeDect2 is the sub-table [ocfakedect2].
type ocFakeDect2 struct {
	Hidden       int     `toml:"hidden" doc:"width of the dense layers"`
	Latent       int     `toml:"latent" doc:"number of latent units"`
	KL           float64 `toml:"kl" doc:"weight of the Kullback-Leibler term; 0 is a plain autoencoder, without noise (the paper's OC-AE)"`
	VerticalFlip float64 `toml:"vertical_flip" doc:"probability that a training face stands on its head; 0.5 in the official code (0 is our choice)"`
	Second       string  `toml:"second" doc:"what encodes the reconstruction: shared, the encoder itself | own, another one that learns to find the latent means again (both our choice: what trains it is not public)"`
}

// The places of second.
const secondShared, secondOwn = "shared", "own"

var (
	rmse       = spec.Choice{Name: "rmse", Doc: "root mean squared error of the reconstruction, over pixels and channels"}
	latentRMSE = spec.Choice{Name: "latent-rmse", Doc: "root mean squared difference of the latent means of the face and of its reconstruction"}

	ocFakeDects = []spec.MethodInfo{
		{
			Name:   "ocfakedect1",
			Doc:    "reconstructs real faces by a variational autoencoder and scores the error in pixels (Khalid and Woo 2020)",
			Scores: []spec.Choice{rmse},
			Table:  ocFakeDect1{Hidden: 1024, Latent: 1024, KL: 1},
		}, {
			Name:   "ocfakedect2",
			Doc:    "reconstructs real faces by a variational autoencoder and scores the error in its latent space (Khalid and Woo 2020)",
			Scores: []spec.Choice{latentRMSE, rmse},
			Table:  ocFakeDect2{Hidden: 1024, Latent: 1024, KL: 1, Second: secondShared},
		},
	}
)

func init() {
	encoder.Register(encoder.Network{
		Info:   spec.EncoderInfo{Name: "ocfakedect", Doc: "the four convolutions of OC-FakeDect, without pooling (Khalid and Woo 2020)", Multiple: ocReduction},
		Stages: ocFakeDectStages, Mean: [3]float64{ocHalf, ocHalf, ocHalf}, Deviation: [3]float64{ocHalf, ocHalf, ocHalf},
	})
	for _, info := range ocFakeDects {
		info.Reads = []string{"score.flip"}
		info.Check = checkOCFakeDect
		spec.RegisterMethod(info)
		method.Register(info.Name, newOCFakeDect)
	}
}

// ocHalf takes levels of 0 to 255 to [−1, 1]: (level − ocHalf)/ocHalf. ocReduction is by how much a side of the image is larger than that
// of the map which the decoder begins with, of ocChannels channels.
const ocHalf, ocReduction, ocChannels = 127.5, 4, 16

// ocFakeDectOf is the sub-table of either version.
func ocFakeDectOf(s spec.Spec) (ocFakeDect2, error) {
	if t, err := spec.Own[ocFakeDect1](s); err == nil {
		return ocFakeDect2{Hidden: t.Hidden, Latent: t.Latent, KL: t.KL, VerticalFlip: t.VerticalFlip}, nil
	}
	return spec.Own[ocFakeDect2](s)
}

func checkOCFakeDect(s spec.Spec, v *spec.Checker) {
	t, err := ocFakeDectOf(s)
	if err != nil {
		return
	}
	v.Within(s.Method+".hidden", float64(t.Hidden), 1, 65536)
	v.Within(s.Method+".latent", float64(t.Latent), 1, 65536)
	v.Within(s.Method+".kl", t.KL, 0, 1e6)
	v.Within(s.Method+".vertical_flip", t.VerticalFlip, 0, 1)
	if t.Second != "" {
		v.Name(s.Method+".second", t.Second, []string{secondShared, secondOwn})
	}
	v.Want("encoder.size", s.Encoder.Size%ocReduction == 0, s.Encoder.Size, "a multiple of 4, as the decoder doubles the side of its maps twice")
}

func newOCFakeDect(s spec.Spec) (method.Method, error) {
	crops, err := method.NewCrops(s)
	if err != nil {
		return nil, err
	}
	info, err := spec.MethodOf(s.Method)
	if err != nil {
		return nil, err
	}
	t, err := ocFakeDectOf(s)
	return &OCFakeDect{crops, s, info.ScoreNames(), t}, err
}

// ocFakeDectStages are 16, 32, 64 and 16 channels at strides 1, 2, 1 and 2.
func ocFakeDectStages(scope *model.Scope, x *Node) (stages []*Node) {
	for i, layer := range []struct{ channels, stride int }{{16, 1}, {32, 2}, {64, 1}, {ocChannels, 2}} {
		x = convolved(scope.In("conv%d", i+1), x, layer.channels, layer.stride)
		stages = append(stages, x)
	}
	return stages
}

// convolved is a 3×3 convolution, BatchNorm and ReLU.
func convolved(scope *model.Scope, x *Node, channels, stride int) *Node {
	return activation.Relu(encoder.BatchNorm(scope.In("bn"), encoder.Convolution(scope, x, 3, channels, stride)))
}

// Layout implements [method.Method].
func (m *OCFakeDect) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Views: m.spec.Train.Views}
}

// Sample implements [method.Method]: each view is another crop of the real face.
func (m *OCFakeDect) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	for i := range dst {
		view, err := m.Glance(c, d.Rand)
		if err != nil {
			return err
		}
		discrepancy.DrawAugmentation(m.spec.Augment, d.Rand).Apply(view.Image, &w.Workspace)
		pixels := discrepancy.AppendRGB(dst[i].Images[:0], view.Image)
		if d.Rand.Float64() < m.own.VerticalFlip {
			row := 3 * m.spec.Encoder.Size
			for top, bottom := 0, len(pixels)-row; top < bottom; top, bottom = top+row, bottom-row {
				for j := range row {
					pixels[top+j], pixels[bottom+j] = pixels[bottom+j], pixels[top+j]
				}
			}
		}
		dst[i].Label = 0
	}
	return nil
}

// Check implements [method.Method]: the real face, not augmented.
func (m *OCFakeDect) Check(_ *method.Worker, dst *method.Sample, c face.Clip, _ *rand.Rand) error {
	view, err := m.Look(c)
	if err == nil {
		discrepancy.AppendRGB(dst.Images[:0], view.Image)
	}
	return err
}

// encode builds mean and log variance of the latent units, [B, latent] each, of images with levels of 0 to 255. The second value
// is nil where it is not asked for.
func (m *OCFakeDect) encode(scope *model.Scope, levels *Node, variance bool) (mean, logVariance *Node) {
	stages := encoder.Maps(scope, m.spec.Encoder, levels)
	x := stages[len(stages)-1]
	scope = scope.In("latent")
	x = m.dense(scope.In("hidden"), Reshape(x, x.Shape().Dimensions[0], -1), m.own.Hidden)
	mean = encoder.Linear(scope.In("mean"), x, m.own.Latent)
	if variance {
		logVariance = encoder.Linear(scope.In("log_variance"), x, m.own.Latent)
	}
	return mean, logVariance
}

// dense is a fully connected layer, BatchNorm and ReLU.
func (m *OCFakeDect) dense(scope *model.Scope, x *Node, width int) *Node {
	return activation.Relu(encoder.BatchNorm(scope.In("bn"), encoder.Linear(scope, x, width)))
}

// decode builds the reconstruction [B, S, S, 3] of latent units, in the units in which real faces are in [−1, 1]. Places that are
// repeated and a convolution stand for the official code's transposed one of stride 2: as many weights, and no checkerboard (our choice).
func (m *OCFakeDect) decode(scope *model.Scope, z *Node) *Node {
	side := m.spec.Encoder.Size / ocReduction
	x := m.dense(scope.In("hidden"), z, m.own.Hidden)
	x = m.dense(scope.In("map"), x, side*side*ocChannels)
	x = Reshape(x, -1, side, side, ocChannels)
	x = convolved(scope.In("conv1"), x, 64, 1)
	x = convolved(scope.In("conv2"), encoder.Repeat(x, 2), 32, 1)
	x = convolved(scope.In("conv3"), x, 16, 1)
	return encoder.Convolution(scope.In("conv4"), encoder.Repeat(x, 2), 3, 3, 1)
}

// reconstruct builds the reconstruction, by how much it differs from the image, both [B, S, S, 3], and the latent units.
func (m *OCFakeDect) reconstruct(s *model.Scope, in method.Inputs) (made, difference, mean, logVariance *Node) {
	mean, logVariance = m.encode(s, in.Images, true)
	z := mean
	if m.own.KL > 0 {
		z = Add(mean, Mul(Exp(DivScalar(logVariance, 2)), encoder.Gaussians(s.In("noise"), mean)))
	}
	made = m.decode(s.In("decoder"), z)
	wanted := AddScalar(DivScalar(ConvertDType(in.Images, made.DType()), ocHalf), -1)
	return made, Sub(made, wanted), mean, logVariance
}

// again builds by how much the latent means of a reconstruction differ from those of the face, [B, latent].
func (m *OCFakeDect) again(s *model.Scope, made, mean *Node) *Node {
	levels := MulScalar(OnePlus(made), ocHalf)
	if m.own.Second == secondOwn {
		s = s.In("second")
	} else {
		s = s.ResetVisited()
	}
	second, _ := m.encode(s, StopGradient(levels), false)
	return Sub(second, StopGradient(mean))
}

// Forward implements [method.Method]: the difference between reconstruction and image, [B, S·S·3], mean and log variance of the
// latent units, and, where the second encoder is another one, what it misses of the means.
func (m *OCFakeDect) Forward(s *model.Scope, in method.Inputs) []*Node {
	made, difference, mean, logVariance := m.reconstruct(s, in)
	out := []*Node{Reshape(difference, difference.Shape().Dimensions[0], -1), mean, logVariance}
	if m.own.Second == secondOwn {
		out = append(out, m.again(s, made, mean))
	}
	return out
}

// Loss implements [method.Method]: squared error and Kullback-Leibler divergence from the standard normal distribution, summed over
// pixels and latent units as the official code does, and divided by the batch (our choice).
func (m *OCFakeDect) Loss(_ *model.Scope, out []*Node, _ method.Inputs) []method.Term {
	terms := []method.Term{{Name: "reconstruction", Value: squared(out[0])}}
	if mean, logVariance := out[1], out[2]; m.own.KL > 0 {
		divergence := DivScalar(ReduceSum(Sub(Add(Square(mean), Exp(logVariance)), OnePlus(logVariance)), -1), 2)
		terms = append(terms, method.Term{Name: "kl", Value: MulScalar(ReduceAllMean(divergence), m.own.KL)})
	}
	if len(out) > 3 {
		terms = append(terms, method.Term{Name: "second", Value: squared(out[3])})
	}
	return terms
}

// squared is the mean over the rows of x of the sum of its squares.
func squared(x *Node) *Node { return ReduceAllMean(ReduceSum(Square(x), -1)) }

// Measured implements [method.Measurer].
func (m *OCFakeDect) Measured() string { return "error of the reconstruction" }

// Measure implements [method.Measurer]: the root mean squared error in pixels, as version 1 scores faces.
func (m *OCFakeDect) Measure(out []*Node, _ method.Inputs) *Node {
	return ReduceAllMean(Sqrt(ReduceMean(Square(out[0]), -1)))
}

// Outputs implements [method.Method]: the mean squared error in squares of 4×4 pixels, [B, S·S/16], and, in version 2, that of the
// latent means, [B, 1]. There is no noise in them (our choice; the official code's scores are random).
func (m *OCFakeDect) Outputs(s *model.Scope, in method.Inputs) []*Node {
	made, difference, mean, _ := m.reconstruct(s, in)
	places := ReduceMean(MeanPool(Square(difference)).Window(ocReduction).Done(), -1)
	out := []*Node{Reshape(places, places.Shape().Dimensions[0], -1)}
	if m.own.Second != "" {
		out = append(out, ReduceAndKeep(Square(m.again(s, made, mean)), ReduceMean, -1))
	}
	return out
}

// Scores implements [method.Method].
func (m *OCFakeDect) Scores() []string { return m.scores }

// Probe implements [method.Method]: the face, and its mirror image when the spec says so.
func (m *OCFakeDect) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	return m.AppendLooks(dst, c, m.spec.Score.Flip)
}

// Score implements [method.Method]: the root of the mean squared error, the mean over the looks at a face.
func (m *OCFakeDect) Score(score string, rows []method.Row, _ method.Fit) float64 {
	values := 0
	if score == latentRMSE.Name {
		values = 1
	}
	return method.Mean(rows, func(row method.Row) float64 {
		sum := 0.0
		for _, square := range row[values] {
			sum += float64(square)
		}
		return math.Sqrt(sum / float64(len(row[values])))
	})
}

// Explain implements [method.Explainer]: the root mean squared error in squares of 4×4 pixels, cut off at 1, half of the range of
// levels.
func (m *OCFakeDect) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.Square(m.Measured(), c, rows, 0, func(x float64) float64 { return min(1, math.Sqrt(x)) })
}
