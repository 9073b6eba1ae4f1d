package encoder

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/stream"
)

// grid is an array of numbers of shape [C, B, H, W] in float64.
type grid struct {
	c, b, h, w int
	v          []float64
}

func newGrid(c, b, h, w int) grid { return grid{c, b, h, w, make([]float64, c*b*h*w)} }

// randomGrid holds float32 numbers, so that both sides compute on the same ones.
func randomGrid(seed string, c, b, h, w int) grid {
	m := newGrid(c, b, h, w)
	rng := stream.New(1, seed, c, b, h, w)
	for i := range m.v {
		m.v[i] = float64(float32(rng.NormFloat64()))
	}
	return m
}

func (g grid) at(c, b, y, x int) *float64 { return &g.v[((c*g.b+b)*g.h+y)*g.w+x] }

func (g grid) tensor(dims ...int) *tensors.Tensor {
	flat := make([]float32, len(g.v))
	for i, v := range g.v {
		flat[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

// naiveConvolution calls visit with every place of the output and every tap of the kernel that lies in the image, with
// TensorFlow's SAME padding computed from its definition.
func naiveConvolution(h, w, k, stride int, visit func(outY, outX, tapY, tapX, y, x int)) {
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	top := max((outH-1)*stride+k-h, 0) / 2
	left := max((outW-1)*stride+k-w, 0) / 2
	for outY := range outH {
		for outX := range outW {
			for i := range k {
				for j := range k {
					y, x := outY*stride+i-top, outX*stride+j-left
					if y >= 0 && y < h && x >= 0 && x < w {
						visit(outY, outX, i, j, y, x)
					}
				}
			}
		}
	}
}

var backends = map[string]func(testing.TB) compute.Backend{
	"oneDNN": acceltest.ForTest, "XLA": acceltest.WithoutOneDNN, "PureGo": acceltest.PureGo,
}

// channelsFirst is build for maps x [C, B, H, W] and with such a result, whatever axes the backend prefers.
func channelsFirst(x *Node, build func(x *Node) *Node) *Node {
	axes := axesOf(x)
	y := build(axes.enter(TransposeAllAxes(x, 1, 2, 3, 0)))
	return TransposeAllAxes(axes.leave(y), 3, 0, 1, 2)
}

// Output and both gradients of depthwise convolutions, by banded matrices or oneDNN, are those of seven nested loops. The
// sizes reach every way of cutting rows: one block, several, odd numbers of rows, single rows, maps smaller than the kernel.
func TestDepthwise(t *testing.T) {
	const channels, batch = 3, 2
	sizes := [][2]int{{1, 1}, {6, 10}, {19, 17}, {2, 2}, {5, 7}, {13, 29}, {16, 16}, {4, 64}, {4, 4}, {8, 8}, {32, 32}, {12, 66}, {95, 11}, {7, 65}}
	if testing.Short() {
		sizes = sizes[:3]
	}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			backend := open(t)
			for _, k := range []int{3, 5} {
				for _, stride := range []int{1, 2} {
					for _, size := range sizes {
						checkDepthwise(t, backend, channels, batch, size[0], size[1], k, stride)
					}
				}
			}
		})
	}
}

func checkDepthwise(t *testing.T, backend compute.Backend, channels, batch, h, w, k, stride int) {
	t.Helper()
	x, kernel := randomGrid("x", channels, batch, h, w), randomGrid("kernel", channels, 1, k, k)
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	adjoint := randomGrid("adjoint", channels, batch, outH, outW)
	y, dx, dKernel := newGrid(channels, batch, outH, outW), newGrid(channels, batch, h, w), newGrid(channels, 1, k, k)
	for c := range channels {
		for b := range batch {
			naiveConvolution(h, w, k, stride, func(outY, outX, i, j, inY, inX int) {
				*y.at(c, b, outY, outX) += *kernel.at(c, 0, i, j) * *x.at(c, b, inY, inX)
				*dx.at(c, b, inY, inX) += *kernel.at(c, 0, i, j) * *adjoint.at(c, b, outY, outX)
				*dKernel.at(c, 0, i, j) += *x.at(c, b, inY, inX) * *adjoint.at(c, b, outY, outX)
			})
		}
	}
	got := layer(t, backend, kernel.tensor(channels, k, k), x, adjoint, func(scope *model.Scope, x *Node) *Node {
		return channelsFirst(x, func(x *Node) *Node { return depthwise(scope, x, k, stride) })
	})
	what := fmt.Sprintf("%d×%d, kernel %d, stride %d: ", h, w, k, stride)
	near(t, what+"output", got[0], y.v)
	near(t, what+"gradient of the input", got[1], dx.v)
	near(t, what+"gradient of the kernel", got[2], dKernel.v)
}

// The stem's and the pointwise products are checked in the same way; [Load] relies on the layouts of their kernels.
func TestStemAndPointwise(t *testing.T) {
	const in, out, batch, k = 3, 4, 2, 3
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			backend := open(t)
			for _, size := range [][2]int{{1, 3}, {2, 2}, {6, 10}, {11, 16}} {
				for _, c := range []struct {
					what      string
					k, stride int
					build     func(*model.Scope, *Node) *Node
				}{
					{"stem", k, 2, func(scope *model.Scope, x *Node) *Node {
						return channelsFirst(x, func(x *Node) *Node { return stemConv(scope, x, k, out) })
					}},
					{"pointwise", 1, 1, func(scope *model.Scope, x *Node) *Node {
						return channelsFirst(x, func(x *Node) *Node { return pointwise(scope, x, out) })
					}},
				} {
					h, w := size[0], size[1]
					// The stem's kernel lies as [k, k, in, out], the pointwise one as [out, in].
					dims := []int{c.k, c.k, in, out}
					place := func(g grid, o, i, j, n int) *float64 { return g.at(i, j, n, o) }
					if c.k == 1 {
						dims = []int{1, 1, out, in}
						place = func(g grid, o, _, _, n int) *float64 { return g.at(0, 0, o, n) }
					}
					outH, outW := (h+c.stride-1)/c.stride, (w+c.stride-1)/c.stride
					x, kernel := randomGrid("x", in, batch, h, w), randomGrid("kernel", dims[0], dims[1], dims[2], dims[3])
					adjoint := randomGrid("adjoint", out, batch, outH, outW)
					y, dx, dKernel := newGrid(out, batch, outH, outW), newGrid(in, batch, h, w), newGrid(dims[0], dims[1], dims[2], dims[3])
					for o := range out {
						for n := range in {
							for b := range batch {
								naiveConvolution(h, w, c.k, c.stride, func(outY, outX, i, j, inY, inX int) {
									*y.at(o, b, outY, outX) += *place(kernel, o, i, j, n) * *x.at(n, b, inY, inX)
									*dx.at(n, b, inY, inX) += *place(kernel, o, i, j, n) * *adjoint.at(o, b, outY, outX)
									*place(dKernel, o, i, j, n) += *x.at(n, b, inY, inX) * *adjoint.at(o, b, outY, outX)
								})
							}
						}
					}
					if c.k == 1 {
						dims = dims[2:]
					}
					got := layer(t, backend, kernel.tensor(dims...), x, adjoint, c.build)
					what := fmt.Sprintf("%s %d×%d: ", c.what, h, w)
					near(t, what+"output", got[0], y.v)
					near(t, what+"gradient of the input", got[1], dx.v)
					near(t, what+"gradient of the kernel", got[2], dKernel.v)
				}
			}
		})
	}
}

// layer returns the output of what build makes of x with the variable "kernel", and the gradients of Σ output·adjoint
// after x and after the kernel.
func layer(t *testing.T, backend compute.Backend, kernel *tensors.Tensor, x, adjoint grid, build func(*model.Scope, *Node) *Node) [][]float32 {
	t.Helper()
	store := model.NewStore()
	v, err := store.CreateVariable("/kernel", kernel)
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := model.CallOnceN(backend, store, func(scope *model.Scope, x, adjoint *Node) []*Node {
		y := build(scope, x)
		gradients := Gradient(ReduceAllSum(Mul(y, adjoint)), x, v.NodeValue(x))
		return []*Node{y, gradients[0], gradients[1]}
	}, x.tensor(x.c, x.b, x.h, x.w), adjoint.tensor(adjoint.c, adjoint.b, adjoint.h, adjoint.w))
	if err != nil {
		t.Fatal(err)
	}
	var flat [][]float32
	for _, output := range outputs {
		values, err := tensors.CopyFlatData[float32](output)
		if err != nil {
			t.Fatal(err)
		}
		flat = append(flat, values)
	}
	return flat
}

// near compares with float64 to the accuracy of float32 sums.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	largest := 1.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i := range want {
		if !(math.Abs(float64(got[i])-want[i]) <= 1e-5*largest) {
			t.Errorf("%s: value %d is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}
