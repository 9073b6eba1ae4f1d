package explore

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/sphere"
)

// Descent is how free embeddings, which no network holds together, move down the gradient of a loss.
type Descent struct {
	Prototypes *hypersphere.Prototypes
	Labels     []int
	// Path has steps + 1 rows: the embeddings before the first step and after each, unit vectors of R^d.
	Path [][][]float64
	Loss []float64 // of the embeddings of each row of Path
	// Pull is the length, for each embedding before the first step, of N times its gradient along the sphere: how hard the
	// loss draws at it.
	Pull []float64
}

// Descend takes steps of gradient descent from the embeddings z, one a label, on the loss of s: each embedding moves against
// its gradient along the sphere, rate times as far as that is long, and is set back to the sphere. The method of s has
// prototypes; its encoder's dim is that of z, its discrepancies give the number of prototypes and the guidance matrix.
func Descend(ctx context.Context, e *env.Env, s spec.Spec, z [][]float64, labels []int, rate float64, steps int) (*Descent, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	m, p, err := prototyped(s)
	if err != nil {
		return nil, err
	}
	n, dim := len(z), s.Encoder.Dim
	if n < 2 || len(labels) != n || steps < 0 || !(rate > 0) {
		return nil, fmt.Errorf("explore: %d embeddings, %d labels, %d steps at rate %g: want 2 or more with a label each, and a rate above 0", n, len(labels), steps, rate)
	}
	d := &Descent{Prototypes: p.Prototypes(), Labels: labels}
	classes := make([]int32, n)
	for i, label := range labels {
		if label < 0 || label >= p.Classes() || len(z[i]) != dim || floats.Norm(z[i], 2) == 0 {
			return nil, fmt.Errorf("explore: embedding %d has label %d and %d coordinates: want a label in [0, %d) and %d coordinates that are not all 0",
				i, label, len(z[i]), p.Classes(), dim)
		}
		classes[i] = int32(label)
	}
	computer, err := e.Compute(ctx, false)
	if err != nil {
		return nil, err
	}
	slope, err := NewExec(computer.Backend, func(z, labels *Node) []*Node {
		in := method.Inputs{Label: labels}.WithShare(Scalar(z.Graph(), dtypes.Float64, 1))
		loss := method.Total(m.Loss(nil, []*Node{z}, in))
		return []*Node{loss, Gradient(loss, z)[0]}
	})
	if err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	defer slope.Finalize()

	now := make([][]float64, n)
	for i := range z {
		now[i] = unit(z[i])
	}
	for step := 0; ; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		value, gradient, err := slopes(slope, now, classes)
		if err != nil {
			return nil, err
		}
		d.Path, d.Loss = append(d.Path, now), append(d.Loss, value)
		for i, g := range gradient {
			floats.Scale(float64(n), g) // the loss is a mean
			floats.AddScaled(g, -floats.Dot(g, now[i]), now[i])
			if step == 0 {
				d.Pull = append(d.Pull, floats.Norm(g, 2))
			}
		}
		if step == steps {
			return d, nil
		}
		next := make([][]float64, n)
		for i, g := range gradient {
			moved := make([]float64, dim)
			next[i] = unit(floats.AddScaledTo(moved, now[i], -rate, g))
		}
		now = next
	}
}

// slopes is the loss of embeddings, and its gradient for each.
func slopes(exec *Exec, z [][]float64, labels []int32) (value float64, gradient [][]float64, err error) {
	n, dim := len(z), len(z[0])
	flat := make([]float32, 0, n*dim)
	for _, row := range z {
		for _, x := range row {
			flat = append(flat, float32(x))
		}
	}
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(flat, n, dim), tensors.FromFlatDataAndDimensions(labels, n))
	if err != nil {
		return 0, nil, fmt.Errorf("explore: %w", err)
	}
	rows, err := tensors.CopyFlatData[float32](out[1])
	if err != nil {
		return 0, nil, fmt.Errorf("explore: %w", err)
	}
	value = float64(tensors.ToScalar[float32](out[0]))
	if !floats.HasNaN([]float64{value}) {
		for i := range n {
			row := make([]float64, dim)
			for j, v := range rows[i*dim : (i+1)*dim] {
				row[j] = float64(v)
			}
			gradient = append(gradient, row)
		}
		return value, gradient, nil
	}
	return 0, nil, errors.New("explore: the loss is no number: lower the rate")
}

// unit is x with length 1.
func unit(x []float64) []float64 {
	out := make([]float64, len(x))
	floats.ScaleTo(out, 1/floats.Norm(x, 2), x)
	return out
}

// Sphere shows the ways of the embeddings on the sphere of three dimensions, a point for each step.
func (d *Descent) Sphere(title string) (figure.Sphere, error) {
	e := sphere.Embeddings{Prototypes: d.Prototypes}
	for _, row := range d.Path {
		e.Z, e.Labels = append(e.Z, row...), append(e.Labels, d.Labels...)
	}
	return e.Sphere(title)
}
