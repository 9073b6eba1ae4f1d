package bench_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seeable-lab/seeable/lab/bench"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/spec"
)

func ExampleMeasure() {
	s := spec.Default()
	s.Encoder.Size = 32
	speed, err := bench.Measure(context.Background(), env.New(""), "discrepancy", s, time.Millisecond)
	fmt.Println(speed.Bench, speed.Size, speed.ImagesPerSecond > 0, err)
	// Output: discrepancy 32 true <nil>
}
