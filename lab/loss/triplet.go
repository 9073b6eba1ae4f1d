package loss

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(spec.LossInfo{Name: "triplet", Doc: "triplet loss of the own prototype and the hardest other one (ours)", Reads: []string{"loss.margin"}},
		func(c Config) (Func, error) {
			return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
				return Triplet(z, labels, prototypes, c.Margin)
			}, nil
		}, nil)
}

// Triplet is a triplet loss to the prototypes:
//
//	loss_i = max(0, margin + max_{k ≠ y_i} z_i·p_k - z_i·p_{y_i})
//
// The anchor is the embedding, the positive its own prototype, the negative the hardest other one;
// of equally hard ones the first takes the gradient. For unit rows it is half the usual loss on
// squared Euclidean distances with twice the margin. On a simplex of K prototypes it vanishes at the
// prototypes if margin ≤ K/(K-1). It needs K ≥ 2. Ours, for ablation: neither the paper's sources nor
// the official code have it.
func Triplet(z, labels, prototypes *graph.Node, margin float64) (mean, perAnchor *graph.Node) {
	check("Triplet", z, labels, prototypes)
	k := prototypes.Shape().Dim(0)
	if k < 2 {
		exceptions.Panicf("loss: Triplet: %d prototype, want at least 2: the negative is another prototype", k)
	}
	if !(margin >= 0) || math.IsInf(margin, 0) {
		exceptions.Panicf("loss: Triplet: margin is %v, want a finite number >= 0, for example 0.2", margin)
	}
	own := graph.OneHot(labels, k, dtypes.Bool)
	others := graph.Where(own, graph.Infinity(z.Graph(), z.DType(), -1), graph.StopGradient(similarities(z, prototypes)))
	hardest := graph.ArgMax(others, -1, labels.DType())

	gap := graph.Sub(ownSimilarity(z, hardest, prototypes), ownSimilarity(z, labels, prototypes))
	perAnchor = graph.MaxScalar(graph.AddScalar(gap, margin), 0.0)
	return graph.ReduceAllMean(perAnchor), perAnchor
}
