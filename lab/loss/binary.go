package loss

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// SoftmaxCrossEntropy is -log softmax(logits)[label] for logits [N,C] and integer labels [N] in
// [0,C). With C = 2 it is the loss of SBI's head (real 0, fake 1).
func SoftmaxCrossEntropy(logits, labels *graph.Node) (mean, perSample *graph.Node) {
	check("SoftmaxCrossEntropy", logits, labels, nil)
	logProb := graph.LogSoftmax(logits, -1)
	return expected(logProb, graph.OneHot(labels, logits.Shape().Dim(1), logits.DType()))
}

// SoftCrossEntropy is -Σ_c share_c·log softmax(logits)_c for logits [N,C] and the shares [N,C] of the classes in each
// sample, which are not negative and sum to 1: the cross-entropy to a label that is not one class alone. Its least value is
// the entropy of the shares.
func SoftCrossEntropy(logits, shares *graph.Node) (mean, perSample *graph.Node) {
	if logits.Rank() != 2 || !shares.Shape().Equal(logits.Shape()) {
		exceptions.Panicf("loss: SoftCrossEntropy: logits are %s and shares %s, want a matrix each, of the same shape", logits.Shape(), shares.Shape())
	}
	return expected(graph.LogSoftmax(logits, -1), shares)
}

// expected is minus the mean log-probability under shares of the classes.
func expected(logProb, shares *graph.Node) (mean, perSample *graph.Node) {
	perSample = graph.Neg(graph.ReduceSum(graph.Mul(shares, logProb), -1))
	return graph.ReduceAllMean(perSample), perSample
}

// SigmoidCrossEntropy is -y·log σ(x) - (1-y)·log(1-σ(x)) for one logit per sample, logits [N] or
// [N,1], and integer labels [N] in {0,1}: the loss of a binary head with a single output.
func SigmoidCrossEntropy(logits, labels *graph.Node) (mean, perSample *graph.Node) {
	if logits.Rank() == 1 {
		logits = graph.InsertAxes(logits, -1)
	}
	check("SigmoidCrossEntropy", logits, labels, nil)
	if logits.Shape().Dim(1) != 1 {
		exceptions.Panicf("loss: SigmoidCrossEntropy: logits are %s, want one for each sample", logits.Shape())
	}
	// σ(x) is the second softmax of (0, x). Unlike max(x,0) - xy + log(1+exp(-|x|)) it has the
	// right gradient at x = 0 too.
	return SoftmaxCrossEntropy(graph.Concatenate([]*graph.Node{graph.ZerosLike(logits), logits}, -1), labels)
}
