// Package explore looks into networks with prototypes: embeddings of held-out faces, the film of a training, and the descent
// of free embeddings on a loss.
package explore

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/sphere"
)

// prototyped is the method of s, which must have prototypes.
func prototyped(s spec.Spec) (method.Method, method.Prototyped, error) {
	m, err := method.New(s)
	if err != nil {
		return nil, nil, err
	}
	p, ok := method.As[method.Prototyped](m)
	if !ok {
		return nil, nil, fmt.Errorf("explore: method %q has no prototypes: want an experiment of a method that has some", s.Method)
	}
	return m, p, nil
}

// Probe makes n samples of the faces that s holds out, as [sphere.NewProbe] does.
func Probe(ctx context.Context, e *env.Env, s spec.Spec, n int) (*sphere.Probe, error) {
	m, _, err := prototyped(s)
	if err != nil {
		return nil, err
	}
	_, heldSet, _, err := e.TrainingSets(s)
	if err != nil {
		return nil, err
	}
	held, _, err := prepare.Training(ctx, e, s, m, "reading held-out faces", heldSet, "")
	if err != nil {
		return nil, err
	}
	defer held.Close()
	return sphere.NewProbe(ctx, s, m, held, heldSet.Synthetic, n)
}
