package loss

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/stream"
)

// One evaluation of loss and gradient at the default size of training: 64 rows, 32 classes, d = 128.
func Benchmark(b *testing.B) {
	r := stream.New(0, "benchmark")
	z, prototypes := matrixTensor(single.dtype, randomUnit(r, 64, 128)), matrixTensor(single.dtype, randomUnit(r, 32, 128))
	labels := make([]int, 64)
	for i := range labels {
		labels[i] = i % 32
	}
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			f, err := ByName(name, DefaultConfig())
			if err != nil {
				b.Fatal(err)
			}
			step, err := graph.NewExec(acceltest.ForTest(b), func(z, labels, prototypes *graph.Node) (loss, gradient *graph.Node) {
				loss, _ = f(z, labels, prototypes)
				return loss, graph.Gradient(loss, z)[0]
			})
			if err != nil {
				b.Fatal(err)
			}
			l := labelTensor(labels)
			for b.Loop() {
				loss, gradient, err := step.Call2(z, l, prototypes)
				if err != nil {
					b.Fatal(err)
				}
				loss.MustFinalizeAll()
				gradient.MustFinalizeAll()
			}
		})
	}
}
