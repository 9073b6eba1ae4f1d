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
