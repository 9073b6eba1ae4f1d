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
	chosen := graph.OneHot(labels, logits.Shape().Dim(1), logits.DType())
	perSample = graph.Neg(graph.ReduceSum(graph.Mul(chosen, logProb), -1))
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
