package networks

import (
	"context"
	"fmt"
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
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// UIAViT is a vision transformer that learns, without masks, which patches of a fake are not of one piece (Zhuang et al. 2022). Two
// Gaussians, of the patches of real faces and of those of fakes, say which patches of a fake look real; the attention between patches
// is drawn to be high among like ones and low among others; and by the attention of the class token patches are pooled for the head.
type UIAViT struct {
	samples
	crops method.Crops
	spec  spec.Spec
	own   uiaViT
}

// samples are where the faces come from.
type samples interface {
	Layout() method.Layout
	Keep(c face.Clip) (face.Clip, error)
	Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error
	Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error
	Probe(w *method.Worker, dst *method.Samples, score string, fit method.Fit, c face.Clip, digest string) error
}

// uiaViT is the sub-table [uiavit] of a spec, and [uiavit-sbi]. What is not marked as ours is the official code's.
type uiaViT struct {
	Consistency float64 `toml:"consistency" doc:"weight of the consistency between patches; 0 leaves it out, with what holds its targets"`
	Weighted    bool    `toml:"weighted" doc:"patches are pooled by the attention that the class token pays them; false pools all alike"`
	Start       float64 `toml:"start" doc:"share of the training in which the head alone is learned, on patches pooled alike"`
	Refit       float64 `toml:"refit" doc:"share of the training from one fit of the Gaussians to the next"`
	TargetRate  float64 `toml:"target_rate" doc:"factor on the learning rate for the three targets of the consistency, which are learned"`
	Width       int     `toml:"width" doc:"width of a token, where a transformer is put on the maps of an encoder that is none (ours)"`
	Heads       int     `toml:"heads" doc:"heads of attention there (ours)"`
	Blocks      int     `toml:"blocks" doc:"blocks there (ours)"`
}

var (
	uiaViTScores = []spec.Choice{
		{Name: "probability", Doc: "probability of being a fake"},
		{Name: "mvg", Doc: "by how much the patches are nearer to the Gaussian of fakes than to that of real faces, the mean over them"},
		{Name: "logit", Doc: "log odds of being a fake"},
	}
	uiaViTTable = uiaViT{Consistency: 0.06, Weighted: true, Start: 1. / 8, Refit: 1. / 16, TargetRate: 1, Width: 96, Heads: 3, Blocks: 6}

	uiaViTs = []spec.MethodInfo{
		{
			Name:  "uiavit",
			Doc:   "a vision transformer learns from labelled fakes which patches do not go together (UIA-ViT, Zhuang et al. 2022)",
			Reads: []string{"score.flip"}, Fakes: spec.FakesNeeded,
		}, {
			Name:  "uiavit-sbi",
			Doc:   "UIA-ViT on real faces only: self-blended images stand for the fakes (ours)",
			Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"discrepancy.paired", "score.flip"}),
		},
	}
)

func init() {
	for _, info := range uiaViTs {
		info.Scores, info.Table, info.Check = uiaViTScores, uiaViTTable, checkUIAViT
		spec.RegisterMethod(info)
		method.Register(info.Name, newUIAViT)
	}
}

func checkUIAViT(s spec.Spec, v *spec.Checker) {
	t, err := spec.Own[uiaViT](s)
	if err != nil {
		return
	}
	v.Within(s.Method+".consistency", t.Consistency, 0, 100)
	v.Within(s.Method+".start", t.Start, 0, 1)
	v.Want(s.Method+".refit", t.Refit > 0 && t.Refit <= 1, t.Refit, "a share in (0, 1]")
	v.Want(s.Method+".target_rate", t.TargetRate > 0 && t.TargetRate <= 1000, t.TargetRate, "a factor in (0, 1000]")
	v.Want(s.Method+".heads", t.Heads > 0 && t.Width > 0 && t.Width%t.Heads == 0, t.Heads, fmt.Sprintf("a number that divides the width, %d", t.Width))
	v.Within(s.Method+".blocks", float64(t.Blocks), 2, 64)
	v.Want("train.views", s.Train.Views%2 == 0, s.Train.Views, "an even number for "+s.Method+": real and fake in turn")
	v.Want("train.ema", s.Train.EMA == 0, s.Train.EMA, "0 for "+s.Method+", as an average of fitted Gaussians is not fitted to anything")
}

func newUIAViT(s spec.Spec) (method.Method, error) {
	crops, err := method.NewCrops(s)
	if err != nil {
		return nil, err
	}
	t, err := spec.Own[uiaViT](s)
	if err != nil {
		return nil, err
	}
	info, err := spec.MethodOf(s.Method)
	if err != nil {
		return nil, err
	}
	m := &UIAViT{&labelled{crops, s}, crops, s, t}
	if info.Fakes == spec.FakesNever {
		blended := s
		blended.Method = "sbi"
		m.samples, err = method.New(blended)
	}
	return m, err
}

// labelled are real faces and labelled fakes.
type labelled struct {
	method.Crops
	spec spec.Spec
}

func (l labelled) Layout() method.Layout {
	return method.Layout{Side: l.spec.Encoder.Size, Views: l.spec.Train.Views}
}

// Sample makes a view of the clip and one of another of those that are trained on in turn, real the first and fake the second, so
// that a batch has as many of either (our choice).
func (l labelled) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	for i := range dst {
		fake, seen := i%2 == 1, c
		if c.Fake != fake {
			var err error
			if seen, err = another(d, fake); err != nil {
				return err
			}
		}
		view, err := l.Glance(seen, d.Rand)
		if err != nil {
			return err
		}
		discrepancy.DrawAugmentation(l.spec.Augment, d.Rand).Apply(view.Image, &w.Workspace)
		discrepancy.AppendRGB(dst[i].Images[:0], view.Image)
		dst[i].Label = int32(i % 2)
	}
	return nil
}

// another draws one of the clips that are trained on, a fake or a real one.
func another(d method.Draw, fake bool) (face.Clip, error) {
	if d.Pool != nil {
		for range 64 * d.Pool.Len() { // to miss the only one there is has a chance of e⁻⁶⁴
			if i := d.Rand.IntN(d.Pool.Len()); d.Pool.Info(i).Fake == fake {
				return d.Pool.Clip(context.Background(), i)
			}
		}
	}
	return face.Clip{}, fmt.Errorf("networks: no %s among the faces to train on: want real ones and labelled fakes (data.train, data.fakes)",
		map[bool]string{false: "real face", true: "fake"}[fake])
}

func (l labelled) Check(_ *method.Worker, dst *method.Sample, c face.Clip, _ *rand.Rand) error {
	view, err := l.Look(c)
	if err == nil {
		discrepancy.AppendRGB(dst.Images[:0], view.Image)
		if dst.Label = 0; c.Fake {
			dst.Label = 1
		}
	}
	return err
}

func (l labelled) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	return l.AppendLooks(dst, c, l.spec.Score.Flip)
}

// Classes implements [method.Classifier]: 0 is real, 1 fake.
func (m *UIAViT) Classes() int { return 2 }

// Guess implements [method.Classifier].
func (m *UIAViT) Guess(out []*Node, _ method.Inputs) *Node { return ArgMax(out[0], -1, dtypes.Int32) }

// attention is the transformer's: that of the encoder, or that of another one on its last map of 8 places a side or more.
func (m *UIAViT) attention(s *model.Scope, in method.Inputs) encoder.Attention {
	a, is := encoder.Attend(s, m.spec.Encoder, in.Images)
	if is {
		return a
	}
	maps := encoder.Maps(s, m.spec.Encoder, in.Images)
	places := maps[0]
	for _, x := range maps {
		if x.Shape().Dimensions[1] >= 8 {
			places = x
		}
	}
	s = s.In("transformer")
	places = encoder.Convolution(s.In("project"), places, 1, m.own.Width, 1)
	t := encoder.Transformer{Grid: places.Shape().Dimensions[1], Width: m.own.Width, Heads: m.own.Heads, Blocks: m.own.Blocks}
	return t.Over(s, places, true)
}

// seen is what the network makes of faces with P patches.
type seen struct {
	logits   *Node // of real and fake, [B, 2]
	places   *Node // attention of the class token to each patch, in (0, 1), [B, P]
	patches  *Node // logits of attention between patches, [B, P, P]
	nearer   *Node // to the Gaussian of fakes than to that of real faces, [B, P]; 0 before there are any
	features *Node // what the Gaussians are fitted to, [B, P, d]
}

// see builds the network. Of n blocks the Gaussians have the tokens after n/2, and the attention is that from block 2n/3 on, counted
// from 1: 6 and 8 of the published 12.
func (m *UIAViT) see(s *model.Scope, in method.Inputs) seen {
	a := m.attention(s, in)
	n := len(a.Blocks)
	var of seen
	of.places, of.patches = attended(a.Logits[max(2*n/3, n/2+1)-1:])
	of.features = encoder.Standardised(StopGradient(patchesOf(a.Blocks[n/2-1])))
	fitted := s.In("gaussians")
	of.nearer = Sub(distance(fitted.In("real"), of.features), distance(fitted.In("fake"), of.features))

	class := Reshape(Slice(a.Tokens, AxisRange(), AxisRange(0, 1), AxisRange()), -1, a.Tokens.Shape().Dimensions[2])
	weights := pooling(of.places, in.Share(dtypes.Float32), m.own.Start, m.own.Weighted)
	pooled := Einsum("bp,bpc->bc", weights, patchesOf(a.Tokens))
	of.logits = linear(s.In("head"), Concatenate([]*Node{class, pooled}, -1), 2)
	return of
}

// attended are the attention of the class token to each patch and the logits of that between patches, over all heads of blocks.
func attended(blocks []*Node) (places, patches *Node) {
	logits := ReduceMean(Concatenate(blocks, 1), 1)
	class := Slice(logits, AxisRange(), AxisRange(0, 1), AxisRange(1))
	return Sigmoid(Reshape(class, class.Shape().Dimensions[0], -1)), Slice(logits, AxisRange(), AxisRange(1), AxisRange(1))
}

// patchesOf are tokens without the class token.
func patchesOf(tokens *Node) *Node { return Slice(tokens, AxisRange(), AxisRange(1), AxisRange()) }

// linear is a fully connected layer that begins small.
func linear(scope *model.Scope, x *Node, width int) *Node {
	weight := encoder.Variable(scope, x, "weight", 0.02, x.Shape().Dimensions[1], width)
	return Add(MatMul(x, weight), ExpandDims(encoder.Variable(scope, x, "bias", 0, width), 0))
}

// pooling is by how much each of P patches counts, [B, P]: alike before start, then more and more by its attention.
func pooling(places, share *Node, start float64, weighted bool) *Node {
	alike := OnesLike(places)
	count := float64(places.Shape().Dimensions[1])
	if !weighted {
		return DivScalar(alike, count)
	}
	w := Sigmoid(MulScalar(AddScalar(share, -0.7), -12))
	attended := Add(w, Mul(OneMinus(w), places))
	begun := BroadcastToShape(GreaterOrEqual(share, Scalar(share.Graph(), share.DType(), start)), places.Shape())
	return DivScalar(Where(begun, attended, alike), count)
}

// Forward implements [method.Method]: the logits of real and fake and those of the attention between patches, how much nearer
// patches are to the Gaussian of fakes, and what the Gaussians are fitted to.
func (m *UIAViT) Forward(s *model.Scope, in method.Inputs) []*Node {
	of := m.see(s, in)
	return []*Node{of.logits, of.patches, of.nearer, of.features}
}

// Loss implements [method.Method]: cross-entropy and, once there are Gaussians, the consistency between patches.
func (m *UIAViT) Loss(s *model.Scope, out []*Node, in method.Inputs) []method.Term {
	g := out[0].Graph()
	class, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	terms := []method.Term{{Name: "ce", Value: class}}
	gaussians := s.In("gaussians")
	known := GreaterThan(Reshape(state(gaussians, "ready", 1).NodeValue(g)), ScalarZero(g, dtypes.Float32))
	if s.IsTraining(g) {
		collect(gaussians, StopGradient(out[3]), in.Label)
	}
	if m.own.Consistency == 0 {
		return terms
	}
	targets := s.In("targets")
	target := func(name string, start float64) *Node {
		return Reshape(encoder.Constant(targets, class, name, start, 1))
	}
	cross, inside, outside := target("cross", 0.2), target("in", 0.6), target("out", 0.6)
	fake := StopGradient(ConvertDType(GreaterThan(out[2], ZerosLike(out[2])), out[2].DType()))
	ofReal, ofFakes := patchConsistency(out[1], in.Label, fake, cross, inside, outside)
	value := Add(MulScalar(Add(ofReal, ofFakes), m.own.Consistency), holding(cross, inside, outside))
	share := in.Share(dtypes.Float32)
	begun := And(known, GreaterOrEqual(share, Scalar(g, share.DType(), m.own.Start)))
	return append(terms, method.Term{Name: "consistency", Value: Where(begun, value, ZerosLike(value))})
}

// holding keeps the target across from like and unlike patches low and those among like ones high.
func holding(cross, inside, outside *Node) *Node {
	return Add(MulScalar(Abs(cross), 0.5), MulScalar(Add(Reciprocal(Abs(inside)), Reciprocal(Abs(outside))), 0.05))
}

// patchConsistency is by how much the attention between patches, of logits [B, P, P], is off its targets in real faces and in fakes, of
// label 1, whose patches are fake or not, 1 or 0, [B, P]. As in the official code the diagonal is summed and not counted, with 1 as its
// target in real faces.
func patchConsistency(logits, label, fake, cross, inside, outside *Node) (ofReal, ofFakes *Node) {
	attention, count := Sigmoid(logits), logits.Shape().Dimensions[1]
	diagonal := ExpandDims(ConvertDType(Diagonal(logits.Graph(), count), logits.DType()), 0)
	real := Add(Mul(outside, OneMinus(diagonal)), diagonal)
	rows, cols := ExpandDims(fake, 2), ExpandDims(fake, 1)
	both, neither := Mul(rows, cols), Mul(OneMinus(rows), OneMinus(cols))
	mixed := Add(Add(Mul(inside, both), Mul(outside, neither)), Mul(cross, OneMinus(Add(both, neither))))
	isFake := ConvertDType(label, logits.DType())
	mean := func(of, target *Node) *Node {
		off := ReduceSum(Abs(Sub(attention, target)), 1, 2)
		places := MulScalar(MaxScalar(ReduceAllSum(of), 1), float64(count*count-count))
		return Div(ReduceAllSum(Mul(of, off)), places)
	}
	return mean(OneMinus(isFake), real), mean(isFake, mixed)
}

// Groups implements [method.Grouper].
func (m *UIAViT) Groups() []method.Group {
	if m.own.Consistency == 0 || m.own.TargetRate == 1 {
		return nil
	}
	return []method.Group{{Prefix: method.LossScope + "/targets/", Rate: m.own.TargetRate}}
}

// Outputs implements [method.Method]: the log odds of being a fake, [B, 1], how much nearer its patches are to the Gaussian of
// fakes, [B, 1], and the attention that the class token pays to each patch, [B, P].
func (m *UIAViT) Outputs(s *model.Scope, in method.Inputs) []*Node {
	of := m.see(s, in)
	nearer := DivScalar(ReduceAndKeep(of.nearer, ReduceMean, -1), math.Sqrt(float64(of.features.Shape().Dimensions[2])))
	return []*Node{method.LogOdds(of.logits), nearer, of.places}
}

// Scores implements [method.Method].
func (m *UIAViT) Scores() []string { return spec.MethodInfo{Scores: uiaViTScores}.ScoreNames() }

// Score implements [method.Method]: the mean over the looks at a face.
func (m *UIAViT) Score(score string, rows []method.Row, _ method.Fit) float64 {
	return method.Mean(rows, func(row method.Row) float64 {
		odds, nearer := float64(row[0][0]), float64(row[1][0])
		switch score {
		case "probability":
			return 1 / (1 + math.Exp(-odds))
		case "mvg":
			return nearer
		}
		return odds
	})
}

// Explain implements [method.Explainer]: the attention that the class token pays to each patch.
func (m *UIAViT) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.crops.Square("attention of the class token", c, rows, 2, func(x float64) float64 { return x })
}
