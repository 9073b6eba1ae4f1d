//go:build unix

package method

import (
	"syscall"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// BenchmarkCompile compares the graph of a network with three that have one of its outputs each: CPU seconds from the graph
// to the first outputs, cpu_s.
func BenchmarkCompile(b *testing.B) {
	cpu := func() float64 {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
	}
	for name, size := range map[string]int{"compact": 64, "efficientnet-lite0": 128} {
		s := spec.Default()
		s.Encoder.Name, s.Encoder.Size = name, size
		m, err := New(s)
		if err != nil {
			b.Fatal(err)
		}
		backend := acceltest.ForTest(b)
		images := make([]uint8, NetworkPass*size*size*3)
		samples := &Samples{Layout: m.Layout(), Images: images}
		b.Run(name+"/one", func(b *testing.B) {
			start := cpu()
			for b.Loop() {
				network, err := NewNetwork(backend, model.NewStore(), m)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := network.Rows(b.Context(), samples); err != nil {
					b.Fatal(err)
				}
				network.Finalize()
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu_s")
		})
		b.Run(name+"/three", func(b *testing.B) {
			start := cpu()
			for b.Loop() {
				store := model.NewStore()
				for _, graph := range []func(scope *model.Scope, images *Node) *Node{
					func(scope *model.Scope, images *Node) *Node { return m.Outputs(scope, Inputs{Images: images})[0] },
					func(scope *model.Scope, images *Node) *Node { return guess(m, scope, images) },
					func(scope *model.Scope, images *Node) *Node { return m.Forward(scope, Inputs{Images: images})[0] },
				} {
					exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node { return graph(scope.In("net"), images) })
					if err != nil {
						b.Fatal(err)
					}
					if _, err := exec.Exec(tensors.FromFlatDataAndDimensions(images, NetworkPass, size, size, 3)); err != nil {
						b.Fatal(err)
					}
					exec.Finalize()
				}
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu_s")
		})
	}
}
