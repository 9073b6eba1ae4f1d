package hypersphere

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Simplex returns K prototypes in R^d: the regular simplex turned by a random orthogonal map that
// depends on seed alone. The map is Haar-distributed on O(d), so that no direction of the
// embedding space is preferred; the official rotation is not (its noise is uniform on [0, 1)).
// It is an error if K < 2 or K > d+1.
func Simplex(k, d int, seed uint64) (*Prototypes, error) {
	if err := checkShape(k, d); err != nil {
		return nil, err
	}
	frame, err := regularFrame(k, k-1)
	if err != nil {
		return nil, err
	}
	// The frame spans k−1 dimensions, so k−1 columns of the d×d map are all that is needed.
	rng := stream.New(seed, "hypersphere", "simplex")
	columns := dense(d, k-1)
	for i := range columns.Data {
		columns.Data[i] = rng.NormFloat64()
	}
	orthonormalize(columns, true)
	points := dense(k, d)
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, frame.dense(), columns, 0, points)
	return &Prototypes{k: k, dim: d, rows: points.Data}, nil
}

// regularFrame returns the official simplex before its rotation: two opposite points, to which each step
// adds a point along a new last axis and pulls the others back (specification 3.1, steps 1 and 2).
// It is an error if K < 2 or K > d+1.
func regularFrame(k, d int) (*Prototypes, error) {
	if err := checkShape(k, d); err != nil {
		return nil, err
	}
	p := &Prototypes{k: k, dim: d, rows: make([]float64, k*d)}
	axis := d - k + 1
	p.At(0)[axis], p.At(1)[axis] = -1, 1
	for count := 2; count < k; count++ {
		s := float64(count + 1)
		shrink, back := math.Sqrt(s*(s-2))/(s-1), 1/(s-1)
		axis++
		for i := range count {
			row := p.At(i)
			for j := range axis {
				row[j] *= shrink
			}
			row[axis] = -back
		}
		p.At(count)[axis] = 1
	}
	return p, nil
}

// rotated returns p·Q, where Q is the orthogonal factor of the d×d row-major noise matrix with the
// signs that LAPACK (and so NumPy) gives it: the official rotation (specification 3.1, step 3).
func (p *Prototypes) rotated(noise []float64) (*Prototypes, error) {
	d := p.dim
	if len(noise) != d*d {
		return nil, fmt.Errorf("hypersphere: noise has %d values, want %d×%d = %d for prototypes in %d dimensions", len(noise), d, d, d*d, d)
	}
	for i, v := range noise {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("hypersphere: noise at row %d, column %d is %v, want a finite number", i/d, i%d, v)
		}
	}
	q := dense(d, d)
	copy(q.Data, noise)
	orthonormalize(q, false)
	points := dense(p.k, d)
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, p.dense(), q, 0, points)
	return &Prototypes{k: p.k, dim: d, rows: points.Data}, nil
}

// orthonormalize replaces a, which has at least as many rows as columns, by the orthogonal factor
// of its thin QR factorisation. With positive set, signs are chosen so that R's diagonal is
// positive: that makes the factorisation unique, and Q Haar-distributed when a is Gaussian
// (Mezzadri, "How to generate random matrices from the classical compact groups", 2007). Without,
// the signs are LAPACK's.
func orthonormalize(a blas64.General, positive bool) {
	tau := make([]float64, a.Cols)
	work := make([]float64, 1)
	lapack64.Geqrf(a, tau, work, -1)
	work = make([]float64, int(work[0]))
	lapack64.Geqrf(a, tau, work, len(work))

	negative := make([]bool, a.Cols)
	for j := range negative {
		negative[j] = positive && a.Data[j*a.Stride+j] < 0
	}

	lapack64.Orgqr(a, tau, work[:1], -1)
	work = make([]float64, int(work[0]))
	lapack64.Orgqr(a, tau, work, len(work))
	for i := range a.Rows {
		for j, flip := range negative {
			if flip {
				a.Data[i*a.Stride+j] *= -1
			}
		}
	}
}

func dense(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
}

func (p *Prototypes) dense() blas64.General {
	return blas64.General{Rows: p.k, Cols: p.dim, Stride: p.dim, Data: p.rows}
}
