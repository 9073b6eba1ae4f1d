package loss

import (
	"fmt"
	"math"
)

// Floor returns the value of [BCR] (base temperature equal to the temperature, one anchor per row) when
// every embedding lies on its prototype. counts[k] is the number of rows of class k in the batch; its
// length is K, and the prototypes are a regular simplex. With m_k = counts[k] and N rows in all:
//
//	Floor = Σ_k m_k/N · log(m_k + (N-m_k)·exp(-K/((K-1)τ)))
//
// If all counts are equal, this is the minimum of BCR over unit embeddings, L_min (spec 4.3, found by
// optimisation). Otherwise it is that of embeddings on their prototypes only, and rows may gain by
// moving away from the classes that the batch has more of; at most (K-1)·exp(-1/τ), because each
// loss_i is at least log m. At τ = 0.07 and K = 32 that is 2e-5; at τ = 0.5 it shows.
//
// It returns an error if no row is counted, a count is negative, K < 2, or the temperature is not
// a finite positive number.
func Floor(counts []int, temperature float64) (float64, error) {
	k := len(counts)
	if k < 2 {
		return 0, fmt.Errorf("loss: floor of %d classes, want at least 2", k)
	}
	if !validTemperature(temperature) {
		return 0, fmt.Errorf("loss: temperature is %v, want a finite number > 0, for example 0.07", temperature)
	}
	n := 0
	for class, m := range counts {
		if m < 0 {
			return 0, fmt.Errorf("loss: class %d has %d rows, want 0 or more", class, m)
		}
		n += m
	}
	if n == 0 {
		return 0, fmt.Errorf("loss: floor of a batch without rows, want at least one")
	}
	other := math.Exp(-float64(k) / (float64(k-1) * temperature))
	sum := 0.0
	for _, m := range counts {
		if m > 0 {
			sum += float64(m) * (math.Log(float64(m)) + math.Log1p(float64(n-m)/float64(m)*other))
		}
	}
	return sum / float64(n), nil
}
