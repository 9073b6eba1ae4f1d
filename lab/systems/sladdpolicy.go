package systems

import (
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
)

// How SLADD blends. A face that is left as it is stays real. Data sets' own fakes count as a further kind.
const (
	sladdAlpha = iota
	sladdPoisson
	sladdMix
	sladdNothing
	sladdKinds
	sladdLabelled = sladdKinds
)

// The policies of SLADD.
const policyUniform, policyTable, policyFaces = "uniform", "table", "faces"

// sladdPolicy says how likely each place and each kind of blending is. What is learned are logits: of all faces alike, or linear in
// what face and donor look like in small (the published policy is a network of its own; linear is our choice, as is that the ratio
// of a mix is drawn and not learned).
type sladdPolicy struct {
	name string
	side int // of the small pictures of face and donor
}

// exploration is the share of draws that are uniform (our choice): without, the policy ends at the forgery that nobody can see.
const exploration = 0.1

// sladdLag is how many steps a sample's policy is old, so that the trainer need not wait.
const sladdLag = 4

// The variables of a policy, below [method.LossScope]: the detector has no part in them.
const policyScope, policyBias, policyWeights = "policy", "bias", "weights"

// paths are those of its variables in the network.
func (p sladdPolicy) paths() []string {
	at := method.LossScope + "/" + policyScope + "/"
	switch p.name {
	case policyTable:
		return []string{at + policyBias}
	case policyFaces:
		return []string{at + policyBias, at + policyWeights}
	}
	return nil
}

// places is the number of places, whose logits come before those of the kinds.
var places = region.Forgeries().Len()

// inputs is how many levels of the small pictures a policy sees.
func (p sladdPolicy) inputs() int { return 2 * p.side * p.side }

// logits builds those of places and kinds, [B, places] and [B, kinds], for small pictures [B, inputs] in [−1, 1]. They begin at 0.
func (p sladdPolicy) logits(scope *model.Scope, seen *Node) (place, kind *Node) {
	all := places + sladdKinds
	at := scope.In(policyScope)
	out := BroadcastToDims(encoder.Variable(at, seen, policyBias, 0, 1, all), seen.Shape().Dim(0), all)
	if p.name == policyFaces {
		out = Add(out, MatMul(seen, encoder.Variable(at, seen, policyWeights, 0, p.inputs(), all)))
	}
	return Slice(out, AxisRange(), AxisRange(0, places)), Slice(out, AxisRange(), AxisRange(places))
}

// draw draws place and kind by the policy as vars have it, nil for a uniform one.
func (p sladdPolicy) draw(rng *rand.Rand, vars method.Vars, seen []float64) (place, kind int) {
	logits := make([]float64, places+sladdKinds)
	for i, path := range p.paths() {
		values := vars[path]
		if values == nil {
			break // the first steps
		}
		for k := range logits {
			if i == 0 {
				logits[k] += float64(values[k])
				continue
			}
			for j, v := range seen {
				logits[k] += v * float64(values[j*len(logits)+k])
			}
		}
	}
	return pick(rng, logits[:places]), pick(rng, logits[places:])
}

// pick draws from the softmax of logits, or, with the chance of an exploration, uniformly.
func pick(rng *rand.Rand, logits []float64) int {
	explore, u := rng.Float64() < exploration, rng.Float64()
	total := 0.0
	for _, x := range logits {
		total += math.Exp(x)
	}
	for i, x := range logits {
		share := math.Exp(x) / total
		if explore {
			share = 1 / float64(len(logits))
		}
		if u -= share; u < 0 {
			return i
		}
	}
	return len(logits) - 1
}

// objective is what a policy minimises: the mean of −log π·reward, less 1e-5 times the mean entropy. Logits are [B, places] and
// [B, kinds]; drawn are the choices as rows of 0 and 1, rewards [B].
func objective(place, kind, drawnPlace, drawnKind, rewards *Node) *Node {
	const weight = 1e-5
	log := Add(
		ReduceSum(Mul(drawnPlace, LogSoftmax(place, -1)), -1),
		ReduceSum(Mul(drawnKind, LogSoftmax(kind, -1)), -1))
	entropy := Neg(Add(
		ReduceSum(Mul(Softmax(place, -1), LogSoftmax(place, -1)), -1),
		ReduceSum(Mul(Softmax(kind, -1), LogSoftmax(kind, -1)), -1)))
	return Sub(ReduceAllMean(Neg(Mul(log, rewards))), MulScalar(ReduceAllMean(entropy), weight))
}

// advantage is (L − mean)/(deviation + 1e-8) over the samples that count, and 0 for others: public code rewards every draw by the
// loss of the whole batch, so that all are made more likely (the loss of each is our choice).
func advantage(losses, counts *Node) *Node {
	n := MaxScalar(ReduceAllSum(counts), 1)
	centred := Mul(Sub(losses, Div(ReduceAllSum(Mul(losses, counts)), n)), counts)
	return Div(centred, AddScalar(Sqrt(Div(ReduceAllSum(Square(centred)), n)), 1e-8))
}
