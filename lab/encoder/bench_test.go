//go:build unix

package encoder

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// cpuTime is what all threads of the process have computed.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkNetworks times every encoder with its head at 128 pixels, 16 images at a time: forward as in scoring, and
// forward and backward as in training, without the optimizer. jit_s is the wall time and jit_cpu_s the CPU time of
// compiling, cpu_ms/img that of running, which a busy machine disturbs less. lab/cmd/seelab/bench_torch.py is the twin.
func BenchmarkNetworks(b *testing.B) {
	const batch = 16
	for _, info := range spec.Encoders() {
		name := info.Name
		if strings.HasPrefix(name, "test-") {
			continue // of TestGuest
		}
		for _, training := range []bool{false, true} {
			what := map[bool]string{false: "score", true: "train"}[training]
			b.Run(fmt.Sprint(name, "/", what), func(b *testing.B) {
				cfg := spec.Default().Encoder
				cfg.Name, cfg.Size = name, 128
				store := model.NewStore()
				exec, err := model.NewExec(acceltest.ForTest(b), store, func(scope *model.Scope, images *Node) []*Node {
					store.SetTraining(images.Graph(), training)
					_, z := Embed(scope, cfg, images)
					if !training {
						return []*Node{z}
					}
					var values []*Node
					for _, v := range parametersOf(store) {
						values = append(values, v.NodeValue(images))
					}
					loss := ReduceAllSum(Mul(z, Sin(IotaFull(images.Graph(), z.Shape()))))
					// Gradients stay where they are, as with an optimizer: only their norm comes back.
					norm := ScalarZero(images.Graph(), loss.DType())
					for _, gradient := range Gradient(loss, values...) {
						norm = Add(norm, ReduceAllSum(Square(gradient)))
					}
					return []*Node{loss, norm}
				})
				if err != nil {
					b.Fatal(err)
				}
				defer exec.Finalize()
				images := noise(batch, cfg.Size)
				step := func() {
					if _, err := exec.Exec(images); err != nil {
						b.Fatalf("%+v", err)
					}
				}
				start, cpu := time.Now(), cpuTime(b)
				step()
				compiled, compiledCPU := time.Since(start), cpuTime(b)-cpu
				step()
				cpu = cpuTime(b)
				for b.Loop() {
					step()
				}
				used := cpuTime(b) - cpu
				images1 := float64(b.N * batch)
				b.ReportMetric(images1/b.Elapsed().Seconds(), "img/s")
				b.ReportMetric(used.Seconds()*1e3/images1, "cpu_ms/img")
				b.ReportMetric(compiled.Seconds(), "jit_s")
				b.ReportMetric(compiledCPU.Seconds(), "jit_cpu_s")
			})
		}
	}
}

// BenchmarkDepthwise compares the products with banded matrices with a sum of shifted products, forward and backward,
// on maps of EfficientNet-B0 at 128 pixels.
func BenchmarkDepthwise(b *testing.B) {
	const batch = 16
	forms := map[string]func(x, kernel *Node, k, stride int) *Node{
		"banded": banded,
		"taps":   shiftedTaps,
	}
	for _, m := range []struct{ channels, side, k, stride int }{{32, 64, 3, 1}, {96, 64, 3, 2}, {144, 32, 5, 2}, {240, 16, 3, 2}, {480, 8, 5, 1}, {1152, 4, 5, 1}} {
		for _, form := range []string{"banded", "taps"} {
			b.Run(fmt.Sprintf("%d×%d×%d/k%d/s%d/%s", m.channels, m.side, m.side, m.k, m.stride, form), func(b *testing.B) {
				layer := func(x, kernel *Node) *Node { return forms[form](x, kernel, m.k, m.stride) }
				timeGradients(b, layer, []int{m.channels, batch, m.side, m.side}, []int{m.channels, m.k, m.k})
			})
		}
	}
}

// BenchmarkConvolution compares the two forms of dense 3×3 convolutions, forward and backward, on the last maps of
// ResNet-18 at several sizes of images.
func BenchmarkConvolution(b *testing.B) {
	const batch = 16
	forms := map[string]func(x, kernel *Node) *Node{
		"gathered": gatherConv,
		"own":      func(x, kernel *Node) *Node { return Convolve(x, kernel).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done() },
	}
	for _, m := range []struct{ channels, side int }{{512, 2}, {512, 4}, {512, 6}, {512, 7}, {512, 8}, {256, 8}, {128, 16}} {
		for _, form := range []string{"gathered", "own"} {
			b.Run(fmt.Sprintf("%d×%d×%d/%s", m.channels, m.side, m.side, form), func(b *testing.B) {
				timeGradients(b, forms[form], []int{batch, m.side, m.side, m.channels}, []int{3, 3, m.channels, m.channels})
			})
		}
	}
}

// timeGradients times a layer forward and backward on random numbers.
func timeGradients(b *testing.B, layer func(x, kernel *Node) *Node, x, kernel []int) {
	exec, err := NewExec(acceltest.ForTest(b), func(x, kernel *Node) []*Node {
		return Gradient(ReduceAllSum(Square(layer(x, kernel))), x, kernel)
	})
	if err != nil {
		b.Fatal(err)
	}
	defer exec.Finalize()
	random := func(dims []int) *tensors.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		rng, data := stream.New(1, "bench"), make([]float32, n)
		for i := range data {
			data[i] = float32(rng.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(data, dims...)
	}
	xs, kernels := random(x), random(kernel)
	step := func() {
		if _, err := exec.Call(xs, kernels); err != nil {
			b.Fatal(err)
		}
	}
	step()
	cpu := cpuTime(b)
	for b.Loop() {
		step()
	}
	b.ReportMetric((cpuTime(b)-cpu).Seconds()*1e3/float64(b.N), "cpu_ms")
}

// shiftedTaps is the depthwise convolution as a sum of k² shifted products.
func shiftedTaps(x, kernel *Node, k, stride int) *Node {
	dims := x.Shape().Dimensions
	h, w := dims[2], dims[3]
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	x = padZero(padZero(x, 2, samePad(h, k, stride)), 3, samePad(w, k, stride))
	var y *Node
	for i := range k {
		for j := range k {
			tap := Slice(x, AxisRange(), AxisRange(),
				AxisRange(i, i+(outH-1)*stride+1).Stride(stride), AxisRange(j, j+(outW-1)*stride+1).Stride(stride))
			weight := Slice(kernel, AxisRange(), AxisRange(i, i+1), AxisRange(j, j+1))
			term := Mul(tap, Reshape(weight, dims[0], 1, 1, 1))
			if y == nil {
				y = term
			} else {
				y = Add(y, term)
			}
		}
	}
	return y
}
