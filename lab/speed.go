package lab

import (
	"context"
	"time"

	"github.com/seeable-lab/seeable/lab/bench"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Benches are what [Lab.Bench] can time: making training images, making the test variants of faces, training, scoring.
var Benches = bench.Names

// Speed is what a bench measured, on all cores and on synthetic faces.
type Speed = bench.Speed

// Bench times one of [Benches] with the parameters of s for at least the given time.
func (l *Lab) Bench(ctx context.Context, what string, s spec.Spec, least time.Duration) (Speed, error) {
	return bench.Measure(ctx, l.env, what, s, least)
}

// BenchSamples times the training samples of some specs, each beside those of a reference; see [bench.Samples].
func (l *Lab) BenchSamples(ctx context.Context, reference spec.Spec, specs []spec.Spec, least time.Duration) ([]Speed, error) {
	return bench.Samples(ctx, l.env, reference, specs, least)
}
