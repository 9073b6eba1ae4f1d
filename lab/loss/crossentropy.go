package loss

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(spec.LossInfo{Name: "ce", Doc: "cross-entropy of the cosines with all prototypes", Reads: []string{"loss.temperature"}},
		tempered(CrossEntropy), nil)
}

// CrossEntropy is the cross-entropy of softmax(z·p_k/τ) over all K fixed prototypes (the NT-Xent
// with K-prototype denominator of spec 4.2):
//
//	loss_i = -(z_i·p_{y_i}/τ - log Σ_k exp(z_i·p_k/τ))
//
// An ablation, and the warm-up that learns from a cold start where [BCR] does not.
func CrossEntropy(z, labels, prototypes *graph.Node, temperature float64) (mean, perAnchor *graph.Node) {
	check("CrossEntropy", z, labels, prototypes)
	checkTemperature("CrossEntropy", temperature)
	return SoftmaxCrossEntropy(graph.DivScalar(similarities(z, prototypes), temperature), labels)
}
