package encoder

import (
	"fmt"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Gathered taps give the output and the gradients of XLA's own convolution.
func TestGatherConv(t *testing.T) {
	const batch, in, out = 2, 3, 5
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ h, w, k int }{{1, 1, 3}, {2, 3, 3}, {5, 4, 3}, {4, 6, 5}} {
				x, kernel := randomGrid("x", batch, c.h, c.w, in), randomGrid("kernel", c.k, c.k, in, out)
				adjoint := randomGrid("adjoint", batch, c.h, c.w, out)
				var results [2][]*tensors.Tensor
				for i, layer := range []func(x, kernel *Node) *Node{gatherConv, func(x, kernel *Node) *Node {
					pad := [2]int{c.k / 2, c.k / 2}
					return Convolve(x, kernel).PaddingPerDim([][2]int{pad, pad}).Done()
				}} {
					backend := open(t)
					if i == 1 {
						backend = backends["XLA"](t)
					}
					outputs, err := CallOnceN(backend, func(x, kernel, adjoint *Node) []*Node {
						y := layer(x, kernel)
						return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, adjoint)), x, kernel)...)
					}, x.tensor(batch, c.h, c.w, in), kernel.tensor(c.k, c.k, in, out), adjoint.tensor(batch, c.h, c.w, out))
					if err != nil {
						t.Fatal(err)
					}
					results[i] = outputs
				}
				for i, what := range []string{"output", "gradient of x", "gradient of the kernel"} {
					var want []float64
					for _, v := range tensors.MustCopyFlatData[float32](results[1][i]) {
						want = append(want, float64(v))
					}
					near(t, fmt.Sprintf("%d×%d, kernel %d: %s", c.h, c.w, c.k, what), tensors.MustCopyFlatData[float32](results[0][i]), want)
				}
			}
		})
	}
}

// Pooling along two axes is that of GoMLX, of odd and even sides, and so is its gradient where no two values are equal.
func TestMaxPool(t *testing.T) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			for _, axes := range [][2]int{{1, 2}, {2, 3}} {
				for _, size := range [][2]int{{1, 1}, {2, 3}, {3, 2}, {7, 8}, {6, 5}} {
					dims := []int{2, 3, 2, 3}
					dims[axes[0]], dims[axes[1]] = size[0], size[1]
					x := randomGrid("x", dims[0], dims[1], dims[2], dims[3])
					dims[axes[0]], dims[axes[1]] = (size[0]+1)/2, (size[1]+1)/2
					adjoint := randomGrid("adjoint", dims[0], dims[1], dims[2], dims[3])
					var results [2][]*tensors.Tensor
					for i, pool := range []func(x *Node) *Node{
						func(x *Node) *Node { return maxPool(x, axes) },
						func(x *Node) *Node {
							window, strides, pads := []int{1, 1, 1, 1}, []int{1, 1, 1, 1}, make([][2]int, 4)
							for _, axis := range axes {
								window[axis], strides[axis], pads[axis] = 3, 2, [2]int{1, 1}
							}
							return MaxPool(x).FullShape().WindowPerAxis(window...).StridePerAxis(strides...).PaddingPerDim(pads).Done()
						},
					} {
						backend := open(t)
						if i == 1 {
							backend = backends["XLA"](t)
						}
						outputs, err := CallOnceN(backend, func(x, adjoint *Node) []*Node {
							y := pool(x)
							return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, adjoint)), x)...)
						}, x.tensor(x.c, x.b, x.h, x.w), adjoint.tensor(adjoint.c, adjoint.b, adjoint.h, adjoint.w))
						if err != nil {
							t.Fatal(err)
						}
						results[i] = outputs
					}
					for i, what := range []string{"output", "gradient"} {
						var want []float64
						for _, v := range tensors.MustCopyFlatData[float32](results[1][i]) {
							want = append(want, float64(v))
						}
						near(t, fmt.Sprintf("%v over axes %v: %s", size, axes, what), tensors.MustCopyFlatData[float32](results[0][i]), want)
					}
				}
			}
		})
	}
}
