package loss

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

func TestSigmoidCrossEntropy(t *testing.T) {
	logits := [][]float64{{0}, {0}, {2}, {2}, {-3}, {-3}, {90}, {-90}}
	labels := []int{0, 1, 0, 1, 0, 1, 0, 1}
	want, grad := make([]float64, len(labels)), make([][]float64, len(labels))
	for i, x := range logits {
		p := 1 / (1 + math.Exp(-x[0]))
		y := float64(labels[i])
		grad[i] = []float64{(p - y) / float64(len(labels))}
		if want[i] = x[0] * (1 - 2*y); math.Abs(x[0]) < 50 { // else log1p(exp) is the logit itself
			want[i] = -y*math.Log(p) - (1-y)*math.Log(1-p)
		}
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		column := func(z, labels, _ *graph.Node) (mean, perSample *graph.Node) { return SigmoidCrossEntropy(z, labels) }
		vector := func(z, labels, _ *graph.Node) (mean, perSample *graph.Node) {
			return SigmoidCrossEntropy(graph.Squeeze(z, -1), labels)
		}
		b := batch{rows: logits, labels: labels, prototypes: logits}
		for _, got := range evaluate(t, backend, p.dtype, job{column, b}, job{vector, b}) {
			near(t, "per sample", got.perAnchor, want, p.tolerance, 0)
			near(t, "mean", []float64{got.mean}, []float64{mean(want)}, p.tolerance, 0)
			nearMatrix(t, "gradient", got.gradZ, grad, p.tolerance, 0)
		}
	})
}

func TestSoftmaxCrossEntropy(t *testing.T) {
	logits := [][]float64{{0, 0}, {1, -1}, {1, -1}, {500, 400}}
	labels := []int{0, 0, 1, 1}
	want := []float64{math.Ln2, math.Log1p(math.Exp(-2)), 2 + math.Log1p(math.Exp(-2)), 100}
	s := 1 / (1 + math.Exp(2))
	grad := [][]float64{{-0.125, 0.125}, {-s / 4, s / 4}, {(1 - s) / 4, -(1 - s) / 4}, {0.25, -0.25}}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		f := func(z, labels, _ *graph.Node) (mean, perSample *graph.Node) { return SoftmaxCrossEntropy(z, labels) }
		got := evaluate(t, backend, p.dtype, job{f, batch{rows: logits, labels: labels, prototypes: logits}})[0]
		for i := range want { // each on its own scale: 100 would hide the others
			near(t, "per sample", got.perAnchor[i:i+1], want[i:i+1], p.tolerance, 0)
		}
		nearMatrix(t, "gradient", got.gradZ, grad, p.tolerance, 0)
	})
}

// Shares of 0 and 1 are labels; others give the naive sum, whose gradient is softmax − shares.
func TestSoftCrossEntropy(t *testing.T) {
	logits := [][]float64{{0, 0, 0}, {1, -1, 0.5}, {1, -1, 0.5}, {3, 2, -4}}
	shares := [][]float64{{0.2, 0.3, 0.5}, {0, 1, 0}, {0.25, 0.75, 0}, {1. / 3, 1. / 3, 1. / 3}}
	want, grad := make([]float64, len(logits)), make([][]float64, len(logits))
	for i, row := range logits {
		total := 0.0
		for _, x := range row {
			total += math.Exp(x)
		}
		for c, x := range row {
			want[i] -= shares[i][c] * (x - math.Log(total))
			grad[i] = append(grad[i], (math.Exp(x)/total-shares[i][c])/float64(len(logits)))
		}
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		// The shares come in the place of the prototypes.
		f := func(z, _, shares *graph.Node) (mean, perSample *graph.Node) { return SoftCrossEntropy(z, shares) }
		got := evaluate(t, backend, p.dtype, job{f, batch{rows: logits, labels: make([]int, len(logits)), prototypes: shares}})[0]
		near(t, "per sample", got.perAnchor, want, p.tolerance, 0)
		near(t, "mean", []float64{got.mean}, []float64{mean(want)}, p.tolerance, 0)
		nearMatrix(t, "gradient", got.gradZ, grad, p.tolerance, 0)
	})
}
