package hypersphere

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// Projection shows the unit sphere of R^d as the unit sphere of R^3: an orthogonal projection onto
// three directions, then division by the length that is left.
type Projection struct {
	basis [3][]float64 // orthonormal, or zero where d < 3
}

// Projection returns the view in which the prototypes stand out best.
//
// All three directions lie in the span of the prototypes where that has three dimensions. Up to
// K = 4 nothing is lost: the angles between prototypes are exact, and with d ≤ 3 those between any
// two vectors. For larger K every such view loses equally much in the least-squares sense (a
// simplex has no principal axes), so it is chosen to show the prototypes evenly spread on the
// visible sphere, near the points of a Fibonacci lattice. Where prototypes appear depends on K
// alone, not on the rotation that was drawn, so that pictures of two runs can be compared.
func (p *Prototypes) Projection() Projection {
	seats := seats(p.k)
	// The prototypes have Gram matrix K/(K−1)·(I − 11ᵀ/K). Columns that are orthonormal and sum to
	// zero are therefore mapped by √((K−1)/K)·Pᵀ to orthonormal directions of R^d.
	columns := dense(p.dim, seats.Cols)
	scale := math.Sqrt(float64(p.k-1) / float64(p.k))
	blas64.Gemm(blas.Trans, blas.NoTrans, scale, p.dense(), seats, 0, columns)
	// Takes off the rounding error of prototypes that come from float32.
	orthonormalize(columns, true)

	var v Projection
	for a := range v.basis {
		v.basis[a] = make([]float64, p.dim)
		if a < columns.Cols {
			for i := range p.dim {
				v.basis[a][i] = columns.Data[i*columns.Stride+a]
			}
		} else if a < p.dim {
			complete(v.basis[:a], v.basis[a])
		}
	}
	return v
}

// Point returns where z appears on the unit sphere, and the share of its length that lies in the
// three directions shown, in [0, 1]: near 0 the position says nothing. A z without any such part
// has no place and gives the zero vector.
func (v Projection) Point(z []float64) (point [3]float64, shown float64, err error) {
	length, err := norm(z, len(v.basis[0]))
	if err != nil {
		return point, 0, fmt.Errorf("hypersphere: %w", err)
	}
	for a, direction := range v.basis {
		point[a] = floats.Dot(z, direction) / length
	}
	shown = floats.Norm(point[:], 2)
	if shown == 0 {
		return point, 0, nil
	}
	for a := range point {
		point[a] /= shown
	}
	return point, min(1, shown), nil
}

// seats returns K rows of min(3, K−1) coordinates with orthonormal columns that sum to zero: the
// prototypes as they appear, up to scale.
func seats(k int) blas64.General {
	if k <= 4 {
		frame, err := regularFrame(k, k-1)
		if err != nil {
			panic(err) // k ≥ 2 for all prototypes
		}
		y := frame.dense()
		blas64.Scal(math.Sqrt(float64(k-1)/float64(k)), blas64.Vector{N: len(y.Data), Inc: 1, Data: y.Data})
		return y
	}
	y := dense(k, 3)
	golden := math.Pi * (3 - math.Sqrt(5))
	for i := range k {
		height := 1 - (2*float64(i)+1)/float64(k)
		radius, turn := math.Sqrt(1-height*height), golden*float64(i)
		copy(y.Data[3*i:], []float64{radius * math.Cos(turn), radius * math.Sin(turn), height})
	}
	// Equal lengths and orthonormal centred columns together make a spherical 2-design; imposing
	// the two in turn converges to one, except for K = 5, where none exists and the lengths stay
	// unequal. The lattice is so close that a few rounds reach rounding error.
	const rounds = 200
	for range rounds {
		for i := range k {
			row := y.Data[3*i : 3*i+3]
			floats.Scale(1/floats.Norm(row, 2), row)
		}
		for a := range 3 {
			var mean float64
			for i := range k {
				mean += y.Data[3*i+a] / float64(k)
			}
			for i := range k {
				y.Data[3*i+a] -= mean
			}
		}
		orthonormalize(y, true)
	}
	return y
}

// complete sets direction to a unit vector orthogonal to basis: what is left of the coordinate
// axis of which most is left.
func complete(basis [][]float64, direction []float64) {
	axis, most := 0, math.Inf(-1)
	for i := range direction {
		left := 1.0
		for _, b := range basis {
			left -= b[i] * b[i]
		}
		if left > most {
			axis, most = i, left
		}
	}
	direction[axis] = 1
	// Twice, so that what rounding leaves of the first pass is taken off.
	for range 2 {
		for _, b := range basis {
			floats.AddScaled(direction, -floats.Dot(direction, b), b)
		}
	}
	floats.Scale(1/floats.Norm(direction, 2), direction)
}
