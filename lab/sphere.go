package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/explore"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/sphere"
)

// Embeddings are what a network makes of discrepancies in held-out real faces.
type Embeddings = sphere.Embeddings

// Frame is a picture of a training: the embeddings of the same held-out images after a step.
type Frame = explore.Frame

// Descent is how free embeddings, which no network holds together, move down the gradient of a loss.
type Descent = explore.Descent

// Embeddings embeds n images of held-out real faces, each with a discrepancy at official strength, by the network of a
// finished run of a method with prototypes. Which face, discrepancy and label the i-th has depends on the run's seed and i.
func (l *Lab) Embeddings(ctx context.Context, r *Run, n int) (*Embeddings, error) {
	probe, err := explore.Probe(ctx, l.env, r.Spec, n)
	if err != nil {
		return nil, err
	}
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return probe.Embed(ctx, d.Network)
}

// Film trains the network of s and embeds the same n images of held-out real faces after some of the steps, the first and
// the last among them. The steps grow further apart, as most happens early. Nothing is tested and no run is made; the film
// is kept beside the lab's runs, so that a second call returns at once.
func (l *Lab) Film(ctx context.Context, s spec.Spec, frames, n int) ([]Frame, error) {
	return explore.Film(ctx, l.env, s, frames, n)
}

// Descend takes steps of gradient descent from the embeddings z, one a label, on the loss of s: each embedding moves against
// its gradient along the sphere, rate times as far as that is long, and is set back to the sphere. The method of s has
// prototypes; its encoder's dim is that of z, its discrepancies give the number of prototypes and the guidance matrix.
func (l *Lab) Descend(ctx context.Context, s spec.Spec, z [][]float64, labels []int, rate float64, steps int) (*Descent, error) {
	return explore.Descend(ctx, l.env, s, z, labels, rate, steps)
}
