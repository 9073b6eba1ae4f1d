package systems

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// XRayTable is the sub-table [xray] of a spec. Where no source is named the value is our choice.
type XRayTable struct {
	Lambda  float64    `toml:"lambda" doc:"weight of the map's loss, in [0, 1000]; 100 is published, 0 leaves it out"`
	Head    string     `toml:"head" doc:"what the classifier sees: mean, of the map (published); features, of the encoder, too"`
	Samples string     `toml:"samples" doc:"what fakes are: blended, with another person's face; selfblend, as those of SBI"`
	Warp    [2]float64 `toml:"warp" doc:"range of the deviation of the mask's displacements, in sides of the image, in [0, 0.2]"`
	Blur    [2]float64 `toml:"blur" doc:"range of the deviation of the Gaussian that softens the mask, in sides of the image, in [0.005, 0.2]"`
	Scale   [2]float64 `toml:"scale" doc:"range of the size at which faces are blended, as a share of the network's, in [0.2, 1]; from 128/317 is published"`
	Frozen  float64    `toml:"frozen" doc:"share of the training during which the encoder stays as it is, in [0, 1); a quarter is published, for ImageNet weights"`
}

// What the keys head and samples may be.
const headMean, headFeatures = "mean", "features"
const ownSamples, selfBlendSamples = "blended", "selfblend"

var xray = spec.MethodInfo{
	Name: "xray",
	Doc:  "finds the boundary along which another face was blended in (Face X-ray, Li et al. 2020)",
	Scores: []spec.Choice{
		{Name: classOdds, Doc: "log odds of being blended, by the classifier (published)"},
		{Name: "map-mean", Doc: "mean of the predicted boundary"},
		{Name: "map-max", Doc: "mean of the largest hundredth of the predicted boundary"},
	},
	Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"score.flip"}),
	Table: XRayTable{
		Lambda: 100, Head: headMean, Samples: ownSamples, Warp: [2]float64{0.01, 0.08}, Blur: [2]float64{0.01, 0.06},
		Scale: [2]float64{0.4, 1}, Frozen: 0.25,
	},
	Check: func(s spec.Spec, v *spec.Checker) {
		if own, err := spec.Own[XRayTable](s); err == nil {
			v.Within("xray.lambda", own.Lambda, 0, 1000)
			v.Within("xray.frozen", own.Frozen, 0, 0.99)
			v.Want("xray.head", own.Head == headMean || own.Head == headFeatures, own.Head, `"mean" or "features"`)
			checkSamples(v, "xray", own.Samples)
			checkRange(v, "xray.warp", own.Warp, 0, 0.2)
			checkRange(v, "xray.blur", own.Blur, 0.005, 0.2)
			checkRange(v, "xray.scale", own.Scale, 0.2, 1)
		}
		v.Want("encoder.size", s.Encoder.Size%boundaryStride == 0, s.Encoder.Size, "a multiple of 4, the side of a place of the boundary")
		checkPairs(s, v)
	},
}

// checkSamples, checkRange and checkPairs are what the tables of systems have in common.
func checkSamples(v *spec.Checker, table, samples string) {
	v.Want(table+".samples", samples == ownSamples || samples == selfBlendSamples, samples, `"blended" or "selfblend"`)
}

func checkRange(v *spec.Checker, key string, r [2]float64, low, high float64) {
	v.Within(key, r[0], low, high)
	v.Within(key, r[1], low, high)
	v.Want(key, r[0] <= r[1], r, "two numbers in rising order")
}

func checkPairs(s spec.Spec, v *spec.Checker) {
	v.Want("train.views", s.Train.Views%2 == 0, s.Train.Views, "an even number: real and fake in turn")
	v.Want("score.variants", s.Score.Variants == 0, s.Score.Variants, "0 for a method that makes no variants")
}

func init() {
	register(xray, func(shared paired, own XRayTable) method.Method { return &XRay{shared, own} })
}

// boundaryStride is the side in pixels of a place of the boundary: that of the finest map that is looked at. The published network
// enlarges its prediction to all pixels, ours shrinks what is to be predicted: the information is the same (our choice).
const boundaryStride = 4

// XRay is Face X-ray: an encoder of which maps of all strides are joined to predict the boundary 4·m·(1 − m) of the mask m by
// which a face was blended, and a classifier of what was predicted.
type XRay struct {
	paired
	own XRayTable
}

// Layout implements [method.Method].
func (m *XRay) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Map: m.spec.Encoder.Size / boundaryStride, Views: m.spec.Train.Views}
}

// Sample implements [method.Method].
func (m *XRay) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	return m.sample(w, dst, c, d.Rand, m.draw)
}

// Check implements [method.Method].
func (m *XRay) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	return m.check(w, dst, c, rng, m.draw)
}

// boundary is 4·m·(1 − m), which is 1 half-way from one face to the other.
func boundary(weight float64) float64 { return 4 * weight * (1 - weight) }

// draw makes the pairs: both are seen at one scale, and a fake is blended at it.
func (m *XRay) draw(w *method.Worker, l look, rng *rand.Rand) (maker, error) {
	side, size := m.Layout().Map, l.face.Image.Rect.Size()
	if m.own.Samples == selfBlendSamples {
		return m.selfBlended(w, l, rng, func(dst *method.Sample, mask region.Mask) {
			share := ofLargest(mask)
			shrink(dst.Map, side, mask, size, func(weight float64) float64 { return boundary(share(weight)) })
		})
	}
	b, err := m.drawBlending(w, l, rng)
	if err != nil {
		return nil, err
	}
	small := l.face
	if share := between(rng, m.own.Scale); share < 1 {
		small = smaller(w, l.face, share)
	}
	return func(dst *method.Sample) error {
		blended := small.Image
		if dst.Label == 1 {
			blended = image.NewRGBA(small.Image.Rect)
			mask, err := b.apply(w, blended, small)
			if err != nil {
				return err
			}
			shrink(dst.Map, side, larger(mask, blended.Rect.Size(), size), size, boundary)
		}
		w.Workspace.Stretch(w.Out, blended)
		return nil
	}, nil
}

func (m *XRay) drawBlending(w *method.Worker, l look, rng *rand.Rand) (b blending, err error) {
	if b.donor, err = drawDonor(w, l, rng); err != nil {
		return b, err
	}
	outlines := region.Faces()
	b.outline = outlines[rng.IntN(len(outlines))]
	b.deformation, b.feather = shape(m.own.Warp, m.own.Blur, rng)
	return b, nil
}

// Fake implements [method.Faker]. It is blended at the size of the picture, as the real clip that goes with it is not scaled.
func (m *XRay) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return m.pseudo(w, c, rng, m.own.Samples, pasted(w, c, m.drawBlending))
}

// Forward implements [method.Method]: two logits, [B, 2], and those of the boundary, [B, Map·Map].
func (m *XRay) Forward(scope *model.Scope, in method.Inputs) []*Node {
	const width = 32
	side := m.Layout().Map
	stages := encoder.Maps(scope, m.spec.Encoder, in.Images)
	head := scope.In("boundary")
	layer := func(at *model.Scope, x *Node, k int) *Node {
		return activation.Relu(encoder.BatchNorm(at, encoder.Convolution(at, x, k, width, 1)))
	}
	var levels []*Node
	for factor := 1; factor <= 8; factor *= 2 {
		x := lastOf(stages, side/factor)
		if x == nil && factor == 1 {
			panic("systems: xray: encoder " + m.spec.Encoder.Name + " has no map of stride 4: choose another")
		}
		if x != nil && side%factor == 0 {
			levels = append(levels, encoder.Repeat(layer(head.In("level%d", factor), x, 1), factor))
		}
	}
	x := layer(head.In("join"), Concatenate(levels, -1), 3)
	last := head.In("out")
	logits := Add(Reshape(encoder.Convolution(last, x, 1, 1, 1), -1, side*side), encoder.Variable(last, x, "bias", 0, 1, 1))
	seen := ReduceAndKeep(Sigmoid(logits), ReduceMean, -1)
	if m.own.Head == headFeatures {
		seen = Concatenate([]*Node{seen, ReduceMean(stages[len(stages)-1], 1, 2)}, -1)
	}
	return []*Node{encoder.Linear(scope.In("head"), seen, 2), logits}
}

// lastOf is the last of the maps that has a side; nil if none has.
func lastOf(maps []*Node, side int) (found *Node) {
	for _, x := range maps {
		if x.Shape().Dimensions[1] == side {
			found = x
		}
	}
	return found
}

// Loss implements [method.Method]: that of the classifier, and lambda times the cross-entropy of each place of the boundary, whose
// least value is the mean entropy of the boundary and not 0.
func (m *XRay) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	ce, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	terms := []method.Term{{Name: classTerm, Value: ce}}
	if m.own.Lambda > 0 {
		terms = append(terms, method.Term{Name: "map", Value: MulScalar(placeLoss(out[1], in), m.own.Lambda)})
	}
	return terms
}

// binary is the mean of −t·log σ(x) − (1 − t)·log(1 − σ(x)) over all of x, for t in [0, 1] in the shape of x.
func binary(x, t *Node) *Node {
	x, t = Reshape(x, -1, 1), Reshape(t, -1, 1)
	mean, _ := loss.SoftCrossEntropy(Concatenate([]*Node{ZerosLike(x), x}, -1), Concatenate([]*Node{OneMinus(t), t}, -1))
	return mean
}

// Outputs implements [method.Method]: the log odds of being fake, [B, 1], and those of the boundary.
func (m *XRay) Outputs(scope *model.Scope, in method.Inputs) []*Node {
	out := m.Forward(scope, in)
	return []*Node{method.LogOdds(out[0]), out[1]}
}

// Predict implements [method.Gauger].
func (m *XRay) Predict(out []*Node) *Node { return out[1] }

// Gauge implements [method.Gauger].
func (m *XRay) Gauge(samples *method.Samples, rows []method.Row) (method.Gauge, error) {
	return overlap("IoU of the boundary", rows, func(i int) []uint8 { return samples.At(i).Map })
}

// Groups implements [method.Grouper]: the encoder is frozen at first.
func (m *XRay) Groups() []method.Group {
	if m.own.Frozen == 0 {
		return nil
	}
	return []method.Group{{Prefix: "backbone/", Rate: 1, Frozen: m.own.Frozen}}
}

// Scores implements [method.Method].
func (m *XRay) Scores() []string { return xray.ScoreNames() }

// Score implements [method.Method].
func (m *XRay) Score(score string, rows []method.Row, _ method.Fit) float64 {
	return method.Mean(rows, func(row method.Row) float64 {
		if score == classOdds {
			return float64(row[0][0])
		}
		values := make([]float64, len(row[1]))
		for i, x := range row[1] {
			values[i] = sigmoid(float64(x))
		}
		if score == "map-max" {
			slices.Sort(values)
			values = values[len(values)-max(1, len(values)/100):]
		}
		total := 0.0
		for _, v := range values {
			total += v
		}
		return total / float64(len(values))
	})
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Explain implements [method.Explainer]: the predicted boundary.
func (m *XRay) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.Square("chance of a blending boundary", c, rows, 1, sigmoid)
}
