package loss

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Distance is a shortest-path distance on the grid graph of the cells.
type Distance string

// The two neighbourhoods of a cell. The sources do not say which the paper uses (spec 4.4).
const (
	Manhattan Distance = "manhattan" // 4 neighbours: |Δrow| + |Δcol|
	Chebyshev Distance = "chebyshev" // 8 neighbours: max(|Δrow|, |Δcol|)
)

// Weights of a prediction in the right cell and in its mirror image: 2^-2 and 2^-1 (spec 4.4).
const (
	sameWeight   = 0.25
	mirrorWeight = 0.5
)

// GuidanceMatrix returns G for a grid of rows × cols cells numbered row by row (spec 4.4): G[a][b]
// weighs the prediction of cell a where cell b is true. It is 1/4 for the same cell, 1/2 for the
// left-right mirror image, else the distance; symmetric and never 0. A mirror image far away (1/2)
// so costs less than a neighbour (1), as in the source.
func GuidanceMatrix(rows, cols int, d Distance) ([][]float64, error) {
	if rows < 1 || cols < 1 {
		return nil, fmt.Errorf("loss: guidance grid is %d×%d, want at least 1 row and 1 column", rows, cols)
	}
	if d != Manhattan && d != Chebyshev {
		return nil, fmt.Errorf("loss: unknown grid distance %q, want %q or %q", d, Manhattan, Chebyshev)
	}
	n := rows * cols
	distance, mirror := make([][]float64, n), make([]int, n)
	for a := range n {
		row, col := a/cols, a%cols
		mirror[a] = row*cols + cols - 1 - col
		distance[a] = make([]float64, n)
		for b := range n {
			dr, dc := math.Abs(float64(row-b/cols)), math.Abs(float64(col-b%cols))
			if d == Manhattan {
				distance[a][b] = dr + dc
			} else {
				distance[a][b] = max(dr, dc)
			}
		}
	}
	return GuidanceMatrixFrom(distance, mirror)
}

// GuidanceMatrixFrom returns G for regions of any kind, from the distance of each pair and the
// index of each region's mirror image (its own, if it lies on the axis of the face). Distances must
// be finite, symmetric, and positive off the diagonal, which is not read; mirror must be its own
// inverse.
func GuidanceMatrixFrom(distance [][]float64, mirror []int) ([][]float64, error) {
	n := len(distance)
	if n == 0 || len(mirror) != n {
		return nil, fmt.Errorf("loss: guidance has %d rows of distances and %d mirror images, want one of each for at least one region", n, len(mirror))
	}
	for a, m := range mirror {
		if m < 0 || m >= n || mirror[m] != a {
			return nil, fmt.Errorf("loss: region %d of %d has mirror image %d, want a region whose mirror image is %d", a, n, m, a)
		}
		if len(distance[a]) != n {
			return nil, fmt.Errorf("loss: region %d has %d distances, want %d", a, len(distance[a]), n)
		}
	}
	g := make([][]float64, n)
	for a := range g {
		g[a] = make([]float64, n)
		for b := range g[a] {
			switch d := distance[a][b]; {
			case a == b:
				g[a][b] = sameWeight
			case !(d > 0) || math.IsInf(d, 0) || d != distance[b][a]:
				return nil, fmt.Errorf("loss: distance of regions %d and %d is %v and back %v, want one finite number > 0", a, b, d, distance[b][a])
			case mirror[a] == b:
				g[a][b] = mirrorWeight
			default:
				g[a][b] = d
			}
		}
	}
	return g, nil
}

// Guidance is the guidance loss (spec 4.4):
//
//	loss_i = G(pos(ŷ_i), pos(y_i)) · (1 - z_i·p_{y_i})
//
// ŷ_i is [Predict]ed, and G a constant for the gradient. g is a [GuidanceMatrix] of L positions; K must be
// a multiple of L, and pos(label) = label mod L, so classes are ordered type by type. The source sums over
// samples; here the mean is meant.
func Guidance(z, labels, prototypes *graph.Node, g [][]float64) (mean, perSample *graph.Node) {
	check("Guidance", z, labels, prototypes)
	k, positions := prototypes.Shape().Dim(0), len(g)
	if positions == 0 || k%positions != 0 {
		exceptions.Panicf("loss: Guidance: %d prototypes for %d positions, want a multiple", k, positions)
	}
	byClass := make([][]float64, k)
	for a := range byClass {
		row := g[a%positions]
		if len(row) != positions {
			exceptions.Panicf("loss: Guidance: row %d of the matrix has %d weights, want %d", a%positions, len(row), positions)
		}
		byClass[a] = make([]float64, 0, k)
		for len(byClass[a]) < k {
			byClass[a] = append(byClass[a], row...)
		}
	}
	weights := graph.ConstAsDType(z.Graph(), z.DType(), byClass)
	predicted := graph.ConvertDType(Predict(z, prototypes), labels.DType())
	weight := graph.Gather(weights, graph.Stack([]*graph.Node{predicted, labels}, -1))

	perSample = graph.Mul(weight, graph.OneMinus(ownSimilarity(z, labels, prototypes)))
	return graph.ReduceAllMean(perSample), perSample
}
