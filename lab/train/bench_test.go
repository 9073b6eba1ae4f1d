//go:build unix

package train

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// BenchmarkStep times one optimizer step on 64 images of 128 pixels: cpu_ms is what all threads compute, and peak_rss_mb the
// most memory that the process has had, so run one at a time.
func BenchmarkStep(b *testing.B) {
	usage := func() (u syscall.Rusage) {
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u
	}
	for _, train := range []spec.Train{{Accumulate: 1}, {Accumulate: 1, SAM: 0.05}, {Accumulate: 1, EMA: 0.999}, {Accumulate: 1, Checkpoint: true}, {Accumulate: 4}, {Accumulate: 8}, {Accumulate: 4, SAM: 0.05}} {
		for _, name := range []string{"compact", "resnet18", "efficientnet-lite0"} {
			b.Run(fmt.Sprintf("%s/parts=%d/sam=%v/ema=%v/checkpoint=%v", name, train.Accumulate, train.SAM, train.EMA, train.Checkpoint), func(b *testing.B) {
				s := spec.Default()
				s.Encoder.Name, s.Encoder.Size = name, 128
				s.Train.SAM, s.Train.EMA, s.Train.Accumulate, s.Train.Checkpoint = train.SAM, train.EMA, train.Accumulate, train.Checkpoint
				step := stepperForTest(b, s)
				made := colourBatch(s, 0)
				once := func() {
					if _, err := step.run(made, 1e-4, 0); err != nil {
						b.Fatalf("%+v", err)
					}
				}
				once() // compiles
				once()
				before := usage()
				for b.Loop() {
					once()
				}
				after := usage()
				used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
				b.ReportMetric(float64(used)/1e6/float64(b.N), "cpu_ms")
				b.ReportMetric(float64(after.Maxrss)/1024, "peak_rss_mb")
			})
		}
	}
}
