package systems

import (
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// MixedTable is the sub-table [mixed] of a spec. All of it is our choice.
type MixedTable struct {
	Self    float64    `toml:"self" doc:"odds that a fake is self-blended, as those of SBI, at least 0"`
	Other   float64    `toml:"other" doc:"odds that it has another person's face or parts of it, as those of PCL, at least 0"`
	Warped  float64    `toml:"warped" doc:"odds that its face has a lower resolution, as those of FWA, at least 0"`
	Poisson float64    `toml:"poisson" doc:"share of those with another person's face that are blended in the gradient domain, in [0, 1]"`
	Scale   [2]float64 `toml:"scale" doc:"range of the lower resolution, as a share of the network's, in [0.05, 1]"`
	Map     float64    `toml:"map" doc:"weight of the cross-entropy of the forged place's map, in [0, 1000]; 0 leaves it out"`
}

var mixed = spec.MethodInfo{
	Name: "mixed",
	Doc:  "finds pseudo-fakes of unlike makers, those of SBI, PCL and FWA, and where they were forged (ours)",
	Scores: []spec.Choice{
		{Name: classOdds, Doc: "log odds of being fake, by the classifier"},
		{Name: "forged-place", Doc: "mean of the predicted map of the forged place"},
	},
	Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"encoder.hidden", "score.flip"}),
	Table: MixedTable{Self: 2, Other: 1, Warped: 1, Poisson: 0.25, Scale: fwaTable.Scale, Map: 1},
	Check: func(s spec.Spec, v *spec.Checker) {
		if own, err := spec.Own[MixedTable](s); err == nil {
			odds := []float64{own.Self, own.Other, own.Warped}
			v.Want("mixed.self", slices.Min(odds) >= 0 && slices.Max(odds) > 0, odds, "odds of self, other and warped that are at least 0, one of them more")
			v.Within("mixed.poisson", own.Poisson, 0, 1)
			checkRange(v, "mixed.scale", own.Scale, 0.05, 1)
			v.Within("mixed.map", own.Map, 0, 1000)
		}
		v.Want("encoder.size", s.Encoder.Size%mixedStride == 0, s.Encoder.Size, "a multiple of 8, the side of a place of the map")
		checkPairs(s, v)
	},
}

func init() {
	register(mixed, func(shared paired, own MixedTable) method.Method {
		other, warped := pclTable, fwaTable
		other.Stride, other.Poisson, warped.Scale = mixedStride, own.Poisson, own.Scale
		return &Mixed{shared, own, PCL{shared, other}, FWA{shared, warped}}
	})
}

// mixedStride is the side in pixels of a place of the map.
const mixedStride = 8

// Mixed tells real faces from pseudo-fakes of several makers, each of which leaves other traces: a detector of one kind of fake learns
// that kind's shortcut. A second head tells the forged place.
type Mixed struct {
	paired
	own MixedTable
	pcl PCL
	fwa FWA
}

// Layout implements [method.Method].
func (m *Mixed) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Map: m.spec.Encoder.Size / mixedStride, Views: m.spec.Train.Views}
}

// Sample implements [method.Method].
func (m *Mixed) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	return m.sample(w, dst, c, d.Rand, m.draw)
}

// Check implements [method.Method].
func (m *Mixed) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	return m.check(w, dst, c, rng, m.draw)
}

// What makes a fake.
const (
	makerSelf = iota
	makerOther
	makerWarped
)

// drawMaker draws it by the odds.
func (m *Mixed) drawMaker(rng *rand.Rand) int {
	u := rng.Float64() * (m.own.Self + m.own.Other + m.own.Warped)
	switch {
	case u < m.own.Self:
		return makerSelf
	case u < m.own.Self+m.own.Other:
		return makerOther
	}
	return makerWarped
}

func (m *Mixed) draw(w *method.Worker, l look, rng *rand.Rand) (maker, error) {
	toMap := func(dst *method.Sample, mask region.Mask) {
		shrink(dst.Map, m.Layout().Map, mask, l.face.Image.Rect.Size(), ofLargest(mask))
	}
	switch m.drawMaker(rng) {
	case makerSelf:
		return m.selfBlended(w, l, rng, toMap)
	case makerOther:
		return m.pcl.draw(w, l, rng)
	}
	return m.fwa.warped(w, l, rng, toMap), nil
}

// Fake implements [method.Faker].
func (m *Mixed) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	switch m.drawMaker(rng) {
	case makerSelf:
		return m.pseudo(w, c, rng, selfBlendSamples, nil)
	case makerOther:
		return m.pcl.Fake(w, c, rng)
	}
	return m.fwa.Fake(w, c, rng)
}

// Forward implements [method.Method]: two logits, [B, 2], and those of the forged place, [B, Map·Map].
func (m *Mixed) Forward(scope *model.Scope, in method.Inputs) []*Node {
	stages := encoder.Maps(scope, m.spec.Encoder, in.Images)
	forged := m.placeLogits(scope.In("map"), stages, m.Layout().Map)
	logits := encoder.Project(scope.In("head"), encoder.Pool(stages[len(stages)-1]), m.spec.Encoder.Hidden, 2)
	return []*Node{logits, forged}
}

// Loss implements [method.Method]: that of the classifier, and the cross-entropy of each place of the map.
func (m *Mixed) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	ce, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	terms := []method.Term{{Name: classTerm, Value: ce}}
	if m.own.Map > 0 {
		terms = append(terms, method.Term{Name: "map", Value: MulScalar(placeLoss(out[1], in), m.own.Map)})
	}
	return terms
}

// Predict implements [method.Gauger].
func (m *Mixed) Predict(out []*Node) *Node { return out[1] }

// Gauge implements [method.Gauger].
func (m *Mixed) Gauge(samples *method.Samples, rows []method.Row) (method.Gauge, error) {
	return overlap("IoU of the forged place", rows, func(i int) []uint8 { return samples.At(i).Map })
}

// Outputs implements [method.Method]: the log odds of being fake, [B, 1], and the map in [0, 1].
func (m *Mixed) Outputs(scope *model.Scope, in method.Inputs) []*Node {
	out := m.Forward(scope, in)
	return []*Node{method.LogOdds(out[0]), Sigmoid(out[1])}
}

// Scores implements [method.Method].
func (m *Mixed) Scores() []string { return mixed.ScoreNames() }

// Score implements [method.Method].
func (m *Mixed) Score(score string, rows []method.Row, _ method.Fit) float64 {
	return method.Mean(rows, func(row method.Row) float64 {
		if score == classOdds {
			return float64(row[0][0])
		}
		return mean(row[1])
	})
}

// Explain implements [method.Explainer]: the predicted map of the forged place.
func (m *Mixed) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.Square("chance that the place was forged", c, rows, 1, func(x float64) float64 { return x })
}
