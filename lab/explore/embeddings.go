// Package explore looks into networks with prototypes: embeddings of held-out faces, the film of a training, and the descent
// of free embeddings on a loss.
package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Embeddings are what a network makes of discrepancies in held-out real faces.
type Embeddings struct {
	Prototypes *hypersphere.Prototypes
	Classes    []string // what each of the K prototypes stands for
	Labels     []int    // the class of each image
	Z          [][]float64
	Synthetic  bool // the faces are drawn by code
}

// Sphere shows the embeddings on the sphere of three dimensions.
func (e *Embeddings) Sphere(title string) (figure.Sphere, error) {
	s := figure.Sphere{Title: title, Classes: e.Classes, Synthetic: e.Synthetic}
	view := e.Prototypes.Projection()
	for k := range e.Prototypes.K() {
		at, _, err := view.Point(e.Prototypes.At(k))
		if err != nil {
			return s, err
		}
		s.Prototypes = append(s.Prototypes, at)
	}
	near := make([]float64, e.Prototypes.K())
	for i, z := range e.Z {
		at, _, err := view.Point(z)
		if err != nil {
			return s, err
		}
		s.Points = append(s.Points, figure.Embedding{At: at, Class: e.Labels[i]})
		k, _, err := e.Prototypes.Nearest(z)
		if err != nil {
			return s, err
		}
		near[k] += 1 / float64(len(e.Z))
	}
	if len(e.Z) > 0 {
		s.Occupancy = near
	}
	return s, nil
}

// Angles shows the embeddings by their angles to their own prototypes and to the nearest others.
func (e *Embeddings) Angles(title string) (figure.Map, error) {
	m, err := figure.Angles(title, e.Prototypes, e.Z, e.Labels)
	m.Classes, m.Synthetic = e.Classes, e.Synthetic
	return m, err
}

// Similarity shows the mean cosine of the embeddings of each class with each prototype.
func (e *Embeddings) Similarity(title string) figure.Matrix {
	return figure.Matrix{Title: title, N: len(e.Z), Values: e.similarity(), Classes: e.Classes, Synthetic: e.Synthetic}
}

func (e *Embeddings) similarity() [][]float64 {
	k := e.Prototypes.K()
	mean, counts := make([][]float64, k), make([]float64, k)
	for class := range mean {
		mean[class] = make([]float64, k)
	}
	for i, z := range e.Z {
		class := e.Labels[i]
		counts[class]++
		for j := range k {
			mean[class][j] += floats.Dot(e.Prototypes.At(j), z)
		}
	}
	for class, n := range counts {
		floats.Scale(1/max(1, n), mean[class])
	}
	return mean
}

// Probe is samples of held-out real faces with discrepancies, to be embedded.
type Probe struct {
	method    method.Prototyped
	samples   *method.Samples
	labels    []int
	synthetic bool
}

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

// NewProbe makes n samples of the faces that s holds out, an experiment of a method with prototypes: each with a discrepancy
// at official strength. Which face, discrepancy and label the i-th has depends on the seed of s and i.
func NewProbe(ctx context.Context, e *env.Env, s spec.Spec, n int) (*Probe, error) {
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
	p, err := ProbeOf(ctx, s, m, held, n)
	if err != nil {
		return nil, err
	}
	p.synthetic = heldSet.Synthetic
	return p, nil
}

// ProbeOf is NewProbe with the held-out clips and the method of s.
func ProbeOf(ctx context.Context, s spec.Spec, m method.Method, held source.Source, n int) (*Probe, error) {
	if n < 1 {
		return nil, fmt.Errorf("explore: %d images, want at least 1", n)
	}
	prototyped, ok := method.As[method.Prototyped](m)
	if !ok {
		return nil, fmt.Errorf("explore: method %q has no prototypes", s.Method)
	}
	layout := m.Layout()
	p := &Probe{method: prototyped, samples: method.NewSamples(layout, n), labels: make([]int, n)}
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for from := range workers {
		wait.Go(func() {
			w := method.NewWorker(layout)
			for i := from; i < n && errs[from] == nil; i += workers {
				c, err := held.Clip(ctx, i%held.Len())
				sample := p.samples.At(i)
				if err == nil {
					err = m.Check(w, &sample, c, stream.New(s.Seed, "report", i))
				}
				p.labels[i], errs[from] = int(sample.Label), err
			}
		})
	}
	wait.Wait()
	return p, errors.Join(errs...)
}

// embedded are the embeddings of the samples: z, one a sample, or none yet.
func (p *Probe) embedded(z [][]float32) *Embeddings {
	e := &Embeddings{Prototypes: p.method.Prototypes(), Labels: p.labels, Synthetic: p.synthetic}
	for k := range p.method.Classes() {
		e.Classes = append(e.Classes, p.method.ClassName(k))
	}
	for _, row := range z {
		e.Z = append(e.Z, float64s(row))
	}
	return e
}

// z runs the samples through a network.
func (p *Probe) z(ctx context.Context, network *method.Network) ([][]float32, error) {
	rows, err := network.Rows(ctx, p.samples)
	if err != nil {
		return nil, err
	}
	z := make([][]float32, len(rows))
	for i, row := range rows {
		z[i] = p.method.Embedding(row)
	}
	return z, nil
}

// Embed embeds the samples by a network.
func (p *Probe) Embed(ctx context.Context, network *method.Network) (*Embeddings, error) {
	z, err := p.z(ctx, network)
	if err != nil {
		return nil, err
	}
	return p.embedded(z), nil
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
