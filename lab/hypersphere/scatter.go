package hypersphere

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Scatter returns n points drawn independently and evenly from the unit sphere of R^d: what prototypes are that nobody
// spread, and embeddings that say nothing. It is a function of the seed. It is an error if n or d is less than 1.
func Scatter(n, d int, seed uint64) ([][]float64, error) {
	if n < 1 || d < 1 {
		return nil, fmt.Errorf("hypersphere: %d points in %d dimensions, want at least 1 of each", n, d)
	}
	points := make([][]float64, n)
	for i := range points {
		points[i] = direction(d, stream.New(seed, "scatter", i))
	}
	return points, nil
}

// direction is an even draw from the unit sphere of R^d.
func direction(d int, rng *rand.Rand) []float64 {
	for {
		z := make([]float64, d)
		for a := range z {
			z[a] = rng.NormFloat64()
		}
		if length := floats.Norm(z, 2); length > 0 {
			floats.Scale(1/length, z)
			return z
		}
	}
}

// Around returns n unit vectors at an angle in [0, π] to prototype k, in directions drawn evenly: embeddings that miss their
// prototype by that angle. It is a function of the seed.
func (p *Prototypes) Around(k, n int, angle float64, seed uint64) ([][]float64, error) {
	if k < 0 || k >= p.k {
		return nil, fmt.Errorf("hypersphere: prototype %d, want one in [0, %d)", k, p.k)
	}
	if !(angle >= 0 && angle <= math.Pi) {
		return nil, fmt.Errorf("hypersphere: angle %g, want one in [0, π]", angle)
	}
	centre := p.At(k)
	sin, cos := math.Sincos(angle)
	points := make([][]float64, n)
	for i := range points {
		rng := stream.New(seed, "around", k, i)
		z := direction(p.dim, rng)
		// What is left of a direction without its part along the prototype is even among those at a right angle to it.
		floats.AddScaled(z, -floats.Dot(z, centre), centre)
		length := floats.Norm(z, 2)
		if length < 1e-6 { // in one dimension there is no other direction
			return nil, errors.New("hypersphere: no direction at a right angle to the prototype: want 2 dimensions or more")
		}
		floats.Scale(sin/length, z)
		floats.AddScaled(z, cos, centre)
		points[i] = z
	}
	return points, nil
}

// LeastAngle returns the smallest angle between two of the points, in [0, π]. A simplex has the largest that K points can
// have, arccos(−1/(K−1)). It is an error if there are less than two points.
func LeastAngle(points [][]float64) (float64, error) {
	if len(points) < 2 {
		return 0, fmt.Errorf("hypersphere: %d points, want at least 2", len(points))
	}
	least := math.Pi
	for i, a := range points {
		for _, b := range points[:i] {
			angle, err := geodesic(a, b)
			if err != nil {
				return 0, err
			}
			least = min(least, angle)
		}
	}
	return least, nil
}
