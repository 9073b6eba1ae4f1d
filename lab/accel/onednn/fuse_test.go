package onednn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
)

// activations by name, in the graph and in float64.
var activations = map[string]struct {
	graph func(x *Node) *Node
	plain func(x float64) float64
}{
	"none":  {func(x *Node) *Node { return x }, func(x float64) float64 { return x }},
	"relu":  {func(x *Node) *Node { return MaxScalar(x, 0) }, func(x float64) float64 { return max(x, 0) }},
	"relu6": {func(x *Node) *Node { return ClipScalar(x, 0, 6) }, func(x float64) float64 { return min(max(x, 0), 6) }},
	"silu":  {func(x *Node) *Node { return Mul(x, Sigmoid(x)) }, func(x float64) float64 { return x / (1 + math.Exp(-x)) }},
}

// A convolution with BatchNorm's scale and offset, a map to add and an activation is that of float64 loops, and is one call of
// oneDNN.
func TestFused(t *testing.T) {
	backend := acceltest.ForTest(t)
	if !onednn.On(backend) {
		t.Skip("this machine has no oneDNN")
	}
	one, same := [2]int{1, 1}, [2][2]int{{1, 1}, {1, 1}}
	layers := map[string]layer{
		"3×3":       {2, 8, 9, 16, 24, 1, [2]int{3, 3}, one, one, same},
		"stem":      {2, 9, 8, 3, 16, 1, [2]int{3, 3}, [2]int{2, 2}, one, same},
		"1×1":       {2, 5, 6, 32, 16, 1, one, one, one, [2][2]int{}},
		"depthwise": {2, 8, 8, 32, 32, 32, [2]int{3, 3}, one, one, same},
	}
	for name, l := range layers {
		for floats, share := range map[dtypes.DType]float64{dtypes.Float32: 1e-5, dtypes.BFloat16: 1. / 128} {
			for activation, f := range activations {
				for _, sum := range []bool{false, true} {
					t.Run(fmt.Sprint(name, " ", floats, " ", activation, " ", sum), func(t *testing.T) {
						rng := rand.New(rand.NewPCG(3, 4))
						x, xs := noise(rng, floats, l.batch, l.height, l.width, l.in)
						k, ks := noise(rng, floats, l.kernel[0], l.kernel[1], l.in/l.groups, l.out)
						out := l.outputs()
						r, rs := noise(rng, floats, l.batch, out[0], out[1], l.out)
						scale, scales := noise(rng, dtypes.Float32, l.out)
						offset, offsets := noise(rng, dtypes.Float32, l.out)
						before := onednn.Fused()
						got, err := ExecOnce(backend, func(x, k, scale, offset, r *Node) *Node {
							narrow := func(x *Node) *Node { return ConvertDType(x, floats) }
							wide := func(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }
							// r is used again, so that its memory must outlive the sum.
							r = narrow(MulScalar(r, 1))
							y := Convolve(narrow(x), narrow(k)).StridePerAxis(l.stride[:]...).PaddingPerDim(l.pad[:]).ChannelGroupCount(l.groups).Done()
							along := func(v *Node) *Node { return Reshape(v, 1, 1, 1, l.out) }
							y = narrow(Add(Mul(wide(y), along(scale)), along(offset)))
							if sum {
								y = Add(y, r)
							}
							y = narrow(f.graph(wide(y)))
							return Stack([]*Node{wide(y), wide(r)}, 0)
						}, x, k, scale, offset, r)
						if err != nil {
							t.Fatal(err)
						}
						if onednn.Fused() == before && (floats == dtypes.Float32 || onednn.Narrow()) {
							t.Error("not fused")
						}
						want := make([]float64, len(rs))
						l.naive(func(x, k, o int) { want[o] += float64(xs[x]) * float64(ks[k]) })
						// oneDNN rounds before the activation, which may make values much smaller.
						largest, most := 0., 0.
						for i := range want {
							want[i] = want[i]*float64(scales[i%l.out]) + float64(offsets[i%l.out])
							if sum {
								want[i] += float64(rs[i])
							}
							largest = max(largest, math.Abs(want[i]))
							want[i] = f.plain(want[i])
							most = max(most, math.Abs(want[i]))
						}
						values := tensors.MustCopyFlatData[float32](got)
						if err := nearer(values[:len(want)], want, share*largest/most); err != nil {
							t.Error(err)
						}
						for i, v := range values[len(want):] {
							if v != rs[i] {
								t.Fatalf("value %d of what was added is now %g, was %g", i, v, rs[i])
							}
						}
					})
				}
			}
		}
	}
}

// A residual block of two convolutions whose results are added, and whose input is a third term of what follows, is right
// whichever of them adds.
func TestFusedBlock(t *testing.T) {
	backend := acceltest.ForTest(t)
	if !onednn.On(backend) {
		t.Skip("this machine has no oneDNN")
	}
	inputs := func() []any { // tensors belong to one backend
		rng := rand.New(rand.NewPCG(5, 6))
		x, _ := noise(rng, dtypes.Float32, 2, 8, 8, 16)
		k1, _ := noise(rng, dtypes.Float32, 3, 3, 16, 16)
		k2, _ := noise(rng, dtypes.Float32, 1, 1, 16, 16)
		v, _ := noise(rng, dtypes.Float32, 16)
		return []any{x, k1, k2, v}
	}
	block := func(x, k1, k2, v *Node) *Node {
		norm := func(x *Node) *Node {
			v := Reshape(v, 1, 1, 1, -1)
			return Add(Mul(x, v), Square(v))
		}
		a := norm(Convolve(x, k1).PadSame().Done())
		b := norm(Convolve(x, k2).Done())
		y := MaxScalar(Add(b, a), 0)
		z := norm(Convolve(y, k1).PadSame().Done())
		return Add(Add(z, y), Add(x, z)) // z has two users: nothing but its BatchNorm is fused
	}
	got, err := ExecOnce(backend, block, inputs()...)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ExecOnce(acceltest.WithoutOneDNN(t), block, inputs()...)
	if err != nil {
		t.Fatal(err)
	}
	var want []float64
	for _, v := range tensors.MustCopyFlatData[float32](plain) {
		want = append(want, float64(v))
	}
	if err := nearer(tensors.MustCopyFlatData[float32](got), want, 1e-5); err != nil {
		t.Error(err)
	}
}
