package onednn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
)

// layer is a convolution of x [B, H, W, C] with kernel [k, k', C/groups, C'].
type layer struct {
	batch, height, width, in, out, groups int
	kernel, stride, dilation              [2]int
	pad                                   [2][2]int
}

func (l layer) outputs() [2]int {
	size := func(n, axis int) int {
		return (n+l.pad[axis][0]+l.pad[axis][1]-(l.kernel[axis]-1)*l.dilation[axis]-1)/l.stride[axis] + 1
	}
	return [2]int{size(l.height, 0), size(l.width, 1)}
}

// naive visits every pair of places and channels that a weight links: of input, kernel and output.
func (l layer) naive(visit func(x, k, y int)) {
	out := l.outputs()
	group, ofGroup := l.in/l.groups, l.out/l.groups
	for b := range l.batch {
		for v := range out[0] {
			for u := range out[1] {
				for o := range l.out {
					for i := range l.kernel[0] {
						for j := range l.kernel[1] {
							y, x := v*l.stride[0]+i*l.dilation[0]-l.pad[0][0], u*l.stride[1]+j*l.dilation[1]-l.pad[1][0]
							if y < 0 || y >= l.height || x < 0 || x >= l.width {
								continue
							}
							for c := range group {
								visit(((b*l.height+y)*l.width+x)*l.in+o/ofGroup*group+c,
									((i*l.kernel[1]+j)*group+c)*l.out+o,
									((b*out[0]+v)*out[1]+u)*l.out+o)
							}
						}
					}
				}
			}
		}
	}
}

// noise is made of numbers that floats can hold.
func noise(rng *rand.Rand, floats dtypes.DType, dims ...int) (*tensors.Tensor, []float32) {
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = held(floats, rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dims...), values
}

// held is the number next to x that floats can hold.
func held(floats dtypes.DType, x float64) float32 {
	if floats == dtypes.BFloat16 {
		return bfloat16.FromFloat32(float32(x)).Float32()
	}
	return float32(x)
}

// TestConvolutions compares output and both gradients with float64 loops.
func TestConvolutions(t *testing.T) {
	backend := acceltest.ForTest(t)
	if !onednn.On(backend) {
		t.Skip("this machine has no oneDNN")
	}
	one, same := [2]int{1, 1}, [2][2]int{{1, 1}, {1, 1}}
	for name, l := range map[string]layer{
		"3×3":               {2, 8, 9, 16, 24, 1, [2]int{3, 3}, one, one, same},
		"stem":              {2, 9, 8, 3, 16, 1, [2]int{3, 3}, [2]int{2, 2}, one, same},
		"stride 2, even":    {2, 8, 8, 16, 32, 1, [2]int{3, 3}, [2]int{2, 2}, one, same},
		"one-sided padding": {2, 8, 8, 16, 32, 1, [2]int{3, 3}, [2]int{2, 2}, one, [2][2]int{{0, 1}, {0, 1}}},
		"7×7":               {1, 15, 15, 3, 64, 1, [2]int{7, 7}, [2]int{2, 2}, one, [2][2]int{{3, 3}, {3, 3}}},
		"oblong":            {2, 7, 10, 16, 16, 1, [2]int{1, 3}, [2]int{1, 2}, one, [2][2]int{{0, 0}, {1, 1}}},
		"dilated":           {2, 9, 9, 16, 16, 1, [2]int{3, 3}, one, [2]int{2, 2}, [2][2]int{{2, 2}, {2, 2}}},
		"1×1":               {2, 5, 6, 32, 16, 1, one, one, one, [2][2]int{}},
		"1×1, stride 2":     {2, 6, 6, 32, 16, 1, one, [2]int{2, 2}, one, [2][2]int{}},
		"small map":         {4, 2, 2, 64, 64, 1, [2]int{3, 3}, one, one, same},
	} {
		for floats, share := range map[dtypes.DType]float64{dtypes.Float32: 1e-5, dtypes.BFloat16: 1. / 256} {
			t.Run(fmt.Sprint(name, " ", floats), func(t *testing.T) { l.compare(t, backend, floats, share) })
		}
	}
}

// compare wants errors of at most a share of the largest value of an output. In bfloat16 the inputs are of it already, and what
// it rounds is the outputs.
func (l layer) compare(t *testing.T, backend compute.Backend, floats dtypes.DType, share float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, xs := noise(rng, floats, l.batch, l.height, l.width, l.in)
	k, ks := noise(rng, floats, l.kernel[0], l.kernel[1], l.in/l.groups, l.out)
	out := l.outputs()
	w, ws := noise(rng, floats, l.batch, out[0], out[1], l.out)
	got, err := ExecOnceN(backend, func(x, k, w *Node) []*Node {
		x, k, w = ConvertDType(x, floats), ConvertDType(k, floats), ConvertDType(w, floats)
		y := Convolve(x, k).StridePerAxis(l.stride[:]...).DilationPerAxis(l.dilation[:]...).PaddingPerDim(l.pad[:]).Done()
		gradients := Gradient(ReduceAllSum(Mul(y, w)), x, k)
		outputs := append([]*Node{y}, gradients...)
		for i, o := range outputs {
			outputs[i] = ConvertDType(o, dtypes.Float32)
		}
		return outputs
	}, x, k, w)
	if err != nil {
		t.Fatal(err)
	}
	y, dx, dk := make([]float64, len(ws)), make([]float64, len(xs)), make([]float64, len(ks))
	l.naive(func(x, k, o int) {
		y[o] += float64(xs[x]) * float64(ks[k])
		dx[x] += float64(ws[o]) * float64(ks[k])
		dk[k] += float64(ws[o]) * float64(xs[x])
	})
	for i, want := range [][]float64{y, dx, dk} {
		what := []string{"output", "gradient of the input", "gradient of the kernel"}[i]
		if err := nearer(tensors.MustCopyFlatData[float32](got[i]), want, share); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// nearer wants errors of at most a share of the largest value.
func nearer(got []float32, want []float64, share float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d values, want %d", len(got), len(want))
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i])-v) <= share*largest) {
			return fmt.Errorf("value %d is %g, want %g (largest %g)", i, got[i], v, largest)
		}
	}
	return nil
}
