package hypersphere

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Coverage says how evenly a set of embeddings uses the prototypes and the sphere.
type Coverage struct {
	// Occupancy counts, for each of the K prototypes, the embeddings nearest to it.
	Occupancy []int
	// Entropy is the entropy of Occupancy divided by log K, in [0, 1]: 1 when every prototype is
	// the nearest of equally many embeddings, 0 when one prototype has them all. N < K embeddings
	// cannot exceed log N / log K.
	Entropy float64
	// Angle is the mean angle in radians from an embedding to its nearest prototype.
	Angle float64
	// Uniformity is the logarithm of the mean of exp(−2‖x−y‖²) over all pairs of different embeddings x, y, each scaled to unit
	// length first (Wang and Isola, "Understanding contrastive representation learning through alignment and uniformity on the
	// hypersphere", 2020). It lies in [−8, 0]: smaller is more uniform, 0 means that all embeddings coincide. On K prototypes,
	// one embedding on each, it is −4K/(K−1).
	Uniformity float64
}

// Cover measures how evenly at least two embeddings cover the prototypes. It takes time
// proportional to the square of their number: a sample of a few thousand is enough.
func (p *Prototypes) Cover(embeddings [][]float64) (Coverage, error) {
	c := Coverage{Occupancy: make([]int, p.k)}
	for i, z := range embeddings {
		if _, err := norm(z, p.dim); err != nil {
			return Coverage{}, fmt.Errorf("hypersphere: embedding %d: %w", i, err)
		}
		k, angle, err := p.Nearest(z)
		if err != nil {
			return Coverage{}, err
		}
		c.Occupancy[k]++
		c.Angle += angle
	}
	var err error
	if c.Uniformity, err = uniformity(embeddings); err != nil {
		return Coverage{}, err
	}
	n := float64(len(embeddings))
	c.Angle /= n
	for _, count := range c.Occupancy {
		if count > 0 {
			share := float64(count) / n
			c.Entropy -= share * math.Log(share)
		}
	}
	// Rounding may leave −0 or a hair above 1.
	c.Entropy = min(1, max(0, c.Entropy/math.Log(float64(p.k))))
	return c, nil
}

// uniformity is [Coverage.Uniformity] of at least two embeddings.
func uniformity(embeddings [][]float64) (float64, error) {
	n := len(embeddings)
	if n < 2 {
		return 0, errors.New("hypersphere: uniformity is a mean over pairs, want at least 2 embeddings")
	}
	d := len(embeddings[0])
	unit := make([][]float64, n)
	for i, z := range embeddings {
		length, err := norm(z, d)
		if err != nil {
			return 0, fmt.Errorf("hypersphere: embedding %d: %w", i, err)
		}
		unit[i] = make([]float64, d)
		floats.ScaleTo(unit[i], 1/length, z)
	}
	var sum float64
	for i, x := range unit {
		var row float64
		for _, y := range unit[:i] {
			// ‖x−y‖² = 2 − 2x·y for unit vectors.
			row += math.Exp(4 * (floats.Dot(x, y) - 1))
		}
		sum += row
	}
	return math.Log(sum / (float64(n) * float64(n-1) / 2)), nil
}
