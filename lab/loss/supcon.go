package loss

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(spec.LossInfo{Name: "supcon", Doc: "supervised contrast without prototypes (Khosla et al. 2020)", Reads: []string{"loss.temperature"}},
		tempered(func(z, labels, _ *graph.Node, temperature float64) (mean, perAnchor *graph.Node) {
			return SupCon(z, labels, temperature)
		}), nil)
}

// SupCon is the supervised contrastive loss without prototypes (Khosla et al. 2020, L_out; spec 4.2):
//
//	loss_i = -1/|P(i)| · Σ_{p in P(i)} (z_i·z_p/τ - log Σ_{a ≠ i} exp(z_i·z_a/τ))
//
// P(i) are the other rows of i's class. An anchor alone in its class has loss 0 and still counts in
// the mean. It needs N ≥ 2. An ablation; SeeABLE adds the prototypes.
func SupCon(z, labels *graph.Node, temperature float64) (mean, perAnchor *graph.Node) {
	check("SupCon", z, labels, nil)
	checkTemperature("SupCon", temperature)
	perAnchor, _ = supCon(z, labels, temperature)
	return graph.ReduceAllMean(perAnchor), perAnchor
}

// supCon returns the loss of each anchor and max(|P(i)|, 1), both [N].
func supCon(z, labels *graph.Node, temperature float64) (perAnchor, positives *graph.Node) {
	n := z.Shape().Dim(0)
	if n < 2 {
		exceptions.Panicf("loss: SupCon: the batch has %d embedding, want at least 2: an anchor needs another to be compared with", n)
	}
	// The self-similarity leaves the denominator as -Inf rather than by a mask on the exponential:
	// at small τ that exponential overflows, and its gradient would be 0·Inf.
	off := graph.Infinity(z.Graph(), z.DType(), -1)
	logProb := graph.LogSoftmax(graph.DivScalar(batchSimilarities(z, n, off), temperature), -1)

	positive := graph.LogicalAnd(sameClass(labels, n), graph.LogicalNot(graph.Diagonal(z.Graph(), n)))
	count := graph.ReduceSum(graph.ConvertDType(positive, z.DType()), -1)
	positives = graph.MaxScalar(count, 1.0)
	sum := graph.ReduceSum(graph.Where(positive, logProb, graph.ZerosLike(logProb)), -1)
	return graph.Neg(graph.Div(sum, positives)), positives
}
