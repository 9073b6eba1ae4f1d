package loss

import "github.com/gomlx/gomlx/core/graph"

// Total is SeeABLE's objective base + λ·guidance (spec 4.5), both means over the batch. The paper's λ is
// not known; 0.1 is our start.
func Total(base, guidance *graph.Node, lambda float64) *graph.Node {
	return graph.Add(base, graph.MulScalar(guidance, lambda))
}
