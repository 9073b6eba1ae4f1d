package loss

import "github.com/gomlx/gomlx/core/graph"

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
