package loss

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Predict returns the class [N] (int32) of the prototype nearest to each row of z: the arg max over
// k of z·p_k, the smallest k on a tie. No gradient flows through it. The norm of z does not matter.
func Predict(z, prototypes *graph.Node) *graph.Node {
	return graph.ArgMax(graph.StopGradient(similarities(z, prototypes)), -1, dtypes.Int32)
}

// similarities returns z·p_k for every row of z and every prototype: [N,K].
func similarities(z, prototypes *graph.Node) *graph.Node {
	return graph.Einsum("nd,kd->nk", z, graph.ConvertDType(prototypes, z.DType()))
}

// ownSimilarity returns z_i·p_{labels_i}: [N].
func ownSimilarity(z, labels, prototypes *graph.Node) *graph.Node {
	own := graph.Gather(graph.ConvertDType(prototypes, z.DType()), graph.InsertAxes(labels, -1))
	own.AssertDims(z.Shape().Dimensions...)
	return graph.ReduceSum(graph.Mul(z, own), -1)
}

// batchSimilarities returns z_i·z_j for the first anchors rows i and all N rows j, [anchors,N],
// with the self-similarities j = i replaced by self (a scalar, or [anchors,N]).
func batchSimilarities(z *graph.Node, anchors int, self *graph.Node) *graph.Node {
	rows := graph.Slice(z, graph.AxisRangeFromStart(anchors))
	dots := graph.Einsum("ad,nd->an", rows, z)
	shape := shapes.Make(dtypes.Int32, dots.Shape().Dimensions...)
	diagonal := graph.Equal(graph.Iota(z.Graph(), shape, 0), graph.Iota(z.Graph(), shape, 1))
	return graph.Where(diagonal, self, dots)
}

// alongRow repeats the column x [A] to [A,n].
func alongRow(x *graph.Node, n int) *graph.Node {
	return graph.BroadcastToDims(graph.InsertAxes(x, -1), x.Shape().Dim(0), n)
}

// sameClass returns whether row i < anchors and column j have the same key: bool [anchors,N].
func sameClass(keys *graph.Node, anchors int) *graph.Node {
	rows := graph.Slice(keys, graph.AxisRangeFromStart(anchors))
	return graph.Equal(graph.InsertAxes(rows, -1), graph.InsertAxes(keys, 0))
}

// check panics unless z, labels and prototypes (which may be nil) fit together.
func check(loss string, z, labels, prototypes *graph.Node) {
	if z.Rank() != 2 || !z.DType().IsFloat() || z.Shape().Size() == 0 {
		exceptions.Panicf("loss: %s: input is %s, want a non-empty float matrix [N,d]", loss, z.Shape())
	}
	n, d := z.Shape().Dim(0), z.Shape().Dim(1)
	if labels.Rank() != 1 || labels.Shape().Dim(0) != n || !labels.DType().IsInt() {
		exceptions.Panicf("loss: %s: labels are %s, want %d integers, one for each row of %s", loss, labels.Shape(), n, z.Shape())
	}
	if prototypes != nil && (prototypes.Rank() != 2 || prototypes.Shape().Dim(1) != d || prototypes.Shape().Dim(0) == 0) {
		exceptions.Panicf("loss: %s: prototypes are %s, want [K,%d] for embeddings %s", loss, prototypes.Shape(), d, z.Shape())
	}
}

func checkTemperature(loss string, temperature float64) {
	if !validTemperature(temperature) {
		exceptions.Panicf("loss: %s: temperature is %v, want a finite number > 0, for example 0.07", loss, temperature)
	}
}

func validTemperature(t float64) bool { return t > 0 && !math.IsInf(t, 0) }
