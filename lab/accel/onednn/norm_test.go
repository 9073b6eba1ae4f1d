package onednn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
)

// TestNorms compares BatchNorm's sums with float64 loops, of maps whose mean is a thousand times their deviation where the
// type can hold that, for channels that fill vectors and that do not, and rows of which threads and blocks get unequal shares.
func TestNorms(t *testing.T) {
	backend := acceltest.ForTest(t)
	if !onednn.On(backend) {
		t.Skip("this machine has no oneDNN")
	}
	const epsilon = 1e-3
	for _, dims := range [][]int{{2, 5, 7, 3}, {4, 8, 8, 16}, {8, 32, 32, 24}, {3, 9, 11, 130}, {2, 3, 3, 9000}, {1, 1, 1, 40}} {
		for _, floats := range []dtypes.DType{dtypes.Float32, dtypes.BFloat16} {
			t.Run(fmt.Sprint(dims, floats), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, 4))
				channels, rows := dims[3], dims[0]*dims[1]*dims[2]
				offset := 1000.0
				if floats == dtypes.BFloat16 {
					offset = 2
				}
				made := func(offset float64) []float32 {
					values := make([]float32, rows*channels)
					for i := range values {
						values[i] = held(floats, offset+rng.NormFloat64())
					}
					return values
				}
				xs, as := made(offset), made(0)
				got, err := ExecOnceN(backend, func(x, a *Node) []*Node {
					g := x.Graph()
					x, a = ConvertDType(ConvertDType(x, floats), dtypes.Float32), ConvertDType(ConvertDType(a, floats), dtypes.Float32)
					ones := Ones(g, shapes.Make(dtypes.Float32, channels))
					_, mean, variance := InternalBatchNormForTraining(x, ones, ones, epsilon, 3)
					_, scale, offset := InternalBatchNormGradient(x, ones, mean, variance, a, epsilon, 3)
					return []*Node{mean, variance, scale, offset}
				}, tensors.FromFlatDataAndDimensions(xs, dims...), tensors.FromFlatDataAndDimensions(as, dims...))
				if err != nil {
					t.Fatal(err)
				}
				means := tensors.MustCopyFlatData[float32](got[0])
				want := [4][]float64{}
				for i := range want {
					want[i] = make([]float64, channels)
				}
				for c := range channels {
					for r := range rows {
						want[0][c] += float64(xs[r*channels+c]) / float64(rows)
					}
					for r := range rows {
						d := float64(xs[r*channels+c]) - want[0][c]
						want[1][c] += d * d / float64(rows)
						// The gradient is taken around the mean that it is given, a float32.
						want[2][c] += float64(as[r*channels+c]) * (float64(xs[r*channels+c]) - float64(means[c]))
						want[3][c] += float64(as[r*channels+c])
					}
					want[2][c] /= math.Sqrt(want[1][c] + epsilon)
				}
				for i, want := range want {
					what := []string{"mean", "variance", "gradient of the scale", "gradient of the offset"}[i]
					if err := nearer(tensors.MustCopyFlatData[float32](got[i]), want, 1e-6); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
			})
		}
	}
}
