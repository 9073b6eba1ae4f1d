// Package sphere puts what a network makes of held-out faces on the hypersphere of its prototypes, for pictures and for how near
// they came.
package sphere

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
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

// NewProbe makes n samples of held-out clips by the method of s, which must have prototypes: each with a discrepancy at official
// strength. Which clip, discrepancy and label the i-th has depends on the seed of s and i. synthetic tells that the clips are
// drawn by code.
func NewProbe(ctx context.Context, s spec.Spec, m method.Method, held source.Source, synthetic bool, n int) (*Probe, error) {
	if n < 1 {
		return nil, fmt.Errorf("sphere: %d images, want at least 1", n)
	}
	prototyped, ok := method.As[method.Prototyped](m)
	if !ok {
		return nil, fmt.Errorf("sphere: method %q has no prototypes", s.Method)
	}
	layout := m.Layout()
	p := &Probe{method: prototyped, samples: method.NewSamples(layout, n), labels: make([]int, n), synthetic: synthetic}
	workers, donors := runtime.GOMAXPROCS(0), donor.New(held)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for from := range workers {
		wait.Go(func() {
			w := method.NewWorker(layout)
			w.Donors = donors
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

// Labels are the classes of the samples.
func (p *Probe) Labels() []int { return p.labels }

// Z runs the samples through a network and returns their embeddings.
func (p *Probe) Z(ctx context.Context, network *method.Network) ([][]float32, error) {
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
	z, err := p.Z(ctx, network)
	if err != nil {
		return nil, err
	}
	return Of(p.method, p.labels, z, p.synthetic), nil
}

// Of are embeddings z by a method, with a label each.
func Of(m method.Prototyped, labels []int, z [][]float32, synthetic bool) *Embeddings {
	e := &Embeddings{Prototypes: m.Prototypes(), Labels: labels, Synthetic: synthetic}
	for k := range m.Classes() {
		e.Classes = append(e.Classes, m.ClassName(k))
	}
	for _, row := range z {
		e.Z = append(e.Z, float64s(row))
	}
	return e
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
