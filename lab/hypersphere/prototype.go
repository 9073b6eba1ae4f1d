// Package hypersphere is the geometry of the embedding space: fixed, evenly spread prototypes on
// the unit sphere of R^d, angles to them, how well embeddings cover them, and a view in three
// dimensions.
//
// K prototypes are the corners of a regular simplex: unit length, sum zero, every pairwise cosine
// −1/(K−1). It exists for 2 ≤ K ≤ d+1 and is the most even spread that K points can have.
// Angles are geodesic distances in radians, in [0, π].
//
// Source: section 3 of the SeeABLE specification (hard prototypes of the bounded contrastive
// regression loss).
package hypersphere

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Prototypes are K unit vectors in R^d at the corners of a regular simplex. Row k belongs to
// class k. They are never changed after they are made.
type Prototypes struct {
	k, dim int
	rows   []float64 // k × dim, row-major
}

// K returns the number of prototypes.
func (p *Prototypes) K() int { return p.k }

// Dim returns d, the number of coordinates of each prototype.
func (p *Prototypes) Dim() int { return p.dim }

// At returns prototype k, 0 ≤ k < K. It is not a copy and must not be written to.
func (p *Prototypes) At(k int) []float64 {
	return p.rows[k*p.dim : (k+1)*p.dim : (k+1)*p.dim]
}

// Flat32 returns the prototypes as a new row-major K×d slice, rounded to float32: the form in
// which a loss takes them and a checkpoint keeps them.
func (p *Prototypes) Flat32() []float32 {
	flat := make([]float32, len(p.rows))
	for i, v := range p.rows {
		flat[i] = float32(v)
	}
	return flat
}

// checkShape says whether k points in R^d can be a regular simplex.
func checkShape(k, d int) error {
	switch {
	case k < 2:
		return fmt.Errorf("hypersphere: K = %d prototypes, want at least 2", k)
	case d < 1:
		return fmt.Errorf("hypersphere: embedding dimension d = %d, want at least 1", d)
	case k > d+1:
		return fmt.Errorf("hypersphere: K = %d evenly spread prototypes do not fit in d = %d dimensions, want K ≤ d+1 = %d; "+
			"set the embedding dimension to %d or more, or use fewer grid cells or perturbation types", k, d, d+1, k-1)
	}
	return nil
}

// Geodesic returns the angle between z and prototype k. z has d coordinates and any length but zero.
func (p *Prototypes) Geodesic(z []float64, k int) (float64, error) {
	if k < 0 || k >= p.k {
		return 0, fmt.Errorf("hypersphere: prototype %d asked for, want 0 to %d", k, p.k-1)
	}
	return geodesic(z, p.At(k))
}

// Nearest returns the prototype with the smallest angle to z, and that angle. Of equally near
// ones it is the first.
func (p *Prototypes) Nearest(z []float64) (k int, angle float64, err error) {
	if _, err := norm(z, p.dim); err != nil {
		return 0, 0, fmt.Errorf("hypersphere: %w", err)
	}
	best := math.Inf(-1)
	for i := range p.k {
		if c := floats.Dot(z, p.At(i)); c > best {
			best, k = c, i
		}
	}
	angle, err = geodesic(z, p.At(k))
	return k, angle, err
}

// geodesic returns the angle between a and b, which need not have unit length. It is exact to
// rounding at every angle, also near 0 and π, where the arc cosine of an inner product is not.
func geodesic(a, b []float64) (float64, error) {
	na, err := norm(a, len(a))
	if err != nil {
		return 0, fmt.Errorf("hypersphere: %w", err)
	}
	nb, err := norm(b, len(a))
	if err != nil {
		return 0, fmt.Errorf("hypersphere: %w", err)
	}
	var minus, plus float64
	for i := range a {
		u, v := a[i]/na, b[i]/nb
		minus += (u - v) * (u - v)
		plus += (u + v) * (u + v)
	}
	return 2 * math.Atan2(math.Sqrt(minus), math.Sqrt(plus)), nil
}

var errNoDirection = errors.New("vector of length zero has no direction; " +
	"the embedding has collapsed or was never computed")

// norm returns the length of z after checking that z has d coordinates and a direction. Its errors
// lack the package name, for callers to say which vector it is.
func norm(z []float64, d int) (float64, error) {
	if len(z) != d {
		return 0, fmt.Errorf("vector has %d coordinates, want %d", len(z), d)
	}
	n := floats.Norm(z, 2)
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("vector of length %v, want a finite one; the embedding holds NaN or Inf", n)
	}
	if n == 0 {
		return 0, errNoDirection
	}
	return n, nil
}
