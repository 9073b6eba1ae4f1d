package loss

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(spec.LossInfo{Name: "ntxent", Doc: "NT-Xent of an embedding and its own prototype, the batch as denominator", Reads: []string{"loss.temperature"}},
		tempered(NTXent), nil)
}

// NTXent is the NT-Xent loss of an embedding and its own prototype, with the batch as the
// denominator (spec 4.2, the last column of the table):
//
//	loss_i = -(A_ii - log Σ_k exp A_ik),  A as in [BCR]
//
// which is BCR with the own prototype as the only positive. An ablation.
func NTXent(z, labels, prototypes *graph.Node, temperature float64) (mean, perAnchor *graph.Node) {
	check("NTXent", z, labels, prototypes)
	checkTemperature("NTXent", temperature)
	n := z.Shape().Dim(0)
	logProb := batchLogProb(z, labels, prototypes, n, temperature)
	self := graph.Where(graph.Diagonal(z.Graph(), n), logProb, graph.ZerosLike(logProb))
	perAnchor = graph.Neg(graph.ReduceSum(self, -1))
	return graph.ReduceAllMean(perAnchor), perAnchor
}
