// Package explore looks into networks with prototypes: embeddings of held-out faces, the film of a training, and the descent
// of free embeddings on a loss.
package explore

import (
	"context"
	"fmt"
	"runtime"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/method"
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

// Probe is images of held-out real faces with discrepancies, to be embedded.
type Probe struct {
	spec      spec.Spec
	method    *method.SeeABLE
	images    []uint8
	labels    []int
	synthetic bool
}

// prototyped is the method of s, which must have prototypes.
func prototyped(s spec.Spec) (*method.SeeABLE, error) {
	m, err := method.New(s)
	if err != nil {
		return nil, err
	}
	seeable, ok := m.(*method.SeeABLE)
	if !ok {
		return nil, fmt.Errorf("lab: method %q has no prototypes: want an experiment of the method \"seeable\"", s.Method)
	}
	return seeable, nil
}

// NewProbe makes n images of the faces that s, an experiment of the method "seeable", holds out: each with a discrepancy at
// official strength. Which face, discrepancy and label the i-th has depends on the seed of s and i.
func NewProbe(ctx context.Context, e *env.Env, s spec.Spec, n int) (*Probe, error) {
	m, err := prototyped(s)
	if err != nil {
		return nil, err
	}
	_, heldSet, _, err := e.TrainingSets(s)
	if err != nil {
		return nil, err
	}
	held, _, _, err := e.Load(ctx, "reading held-out faces", heldSet, method.Keep(s))
	if err != nil {
		return nil, err
	}
	p, err := ProbeOf(ctx, e, s, m, held, n)
	if err != nil {
		return nil, err
	}
	p.synthetic = heldSet.Synthetic
	return p, nil
}

// ProbeOf is NewProbe with the held-out faces and the method of s.
func ProbeOf(ctx context.Context, e *env.Env, s spec.Spec, m *method.SeeABLE, held []face.Face, n int) (*Probe, error) {
	if n < 1 {
		return nil, fmt.Errorf("lab: %d images, want at least 1", n)
	}
	row := s.Encoder.Size * s.Encoder.Size * 3
	p := &Probe{spec: s, method: m, images: make([]uint8, n*row), labels: make([]int, n)}
	samplers := make([]*method.Sampler, runtime.GOMAXPROCS(0))
	for i := range samplers {
		samplers[i] = m.Sampler()
	}
	err := e.Quietly().Each(ctx, "", n, func(worker, i int) error {
		var err error
		p.labels[i], err = m.Check(samplers[worker], p.images[i*row:(i+1)*row], held[i%len(held)], stream.New(s.Seed, "report", i))
		return err
	})
	return p, err
}

// empty has everything but the embeddings.
func (p *Probe) empty() (*Embeddings, error) {
	g, err := discrepancy.New(p.spec.Discrepancy, p.spec.Augment)
	if err != nil {
		return nil, err
	}
	e := &Embeddings{Prototypes: p.method.Prototypes(), Labels: p.labels, Synthetic: p.synthetic}
	for k := range g.Classes() {
		e.Classes = append(e.Classes, g.Name(k))
	}
	return e, nil
}

// Embed embeds the images by a network.
func (p *Probe) Embed(ctx context.Context, network *method.Network) (*Embeddings, error) {
	e, err := p.empty()
	if err != nil {
		return nil, err
	}
	rows, err := network.Embeddings(ctx, p.images)
	for _, row := range rows {
		e.Z = append(e.Z, float64s(row))
	}
	return e, err
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
