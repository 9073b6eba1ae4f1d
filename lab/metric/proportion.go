package metric

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ClopperPearson returns the ends of the exact interval of [Confidence] for the share of a population of which k of n independent
// ones have something (Clopper and Pearson 1934). It holds the share at least as often as it says. k and n need not be whole, as
// effective numbers are not (Korn and Graubard 1998); 0 ≤ k ≤ n. Of none it knows nothing: [0, 1].
func ClopperPearson(k, n float64) (low, high float64) {
	low, high = 0, 1
	tail := (1 - Confidence) / 2
	if k > 0 {
		low = distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(tail)
	}
	if k < n {
		high = distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(1 - tail)
	}
	return low, high
}

// Proportion is the share of items that have something, with its interval by people.
type Proportion struct {
	Share  float64 `json:"share"`
	Low    float64 `json:"low"` // interval of [Confidence]
	High   float64 `json:"high"`
	N      int     `json:"n"` // items
	People int     `json:"people"`
}

// NewProportion measures the share of items that have something. people says whom each item shows: items of a person count as
// correlated in any way. Where each shows another person the interval is that of [ClopperPearson]; else it is that of the number of
// independent items that they amount to, n over the design effect, with Student's t of the people in the place of that of the
// items (Korn and Graubard 1998). Where all or none have it, the people count, as nothing is known of how the items of one agree.
// One person says nothing of others: [0, 1]. It is an error if there is no item, or if the lists differ in length.
func NewProportion(has []bool, people []string) (Proportion, error) {
	if len(has) != len(people) {
		return Proportion{}, &LengthError{List: "people", Length: len(people), Scores: len(has)}
	}
	if len(has) == 0 {
		return Proportion{}, fmt.Errorf("metric: a share of no items; want at least one")
	}
	n, k := float64(len(has)), 0.
	type sum struct{ n, k float64 }
	of := map[string]sum{}
	var order []string // sums of floating point depend on it
	for i, person := range people {
		s, known := of[person]
		if !known {
			order = append(order, person)
		}
		s.n++
		if has[i] {
			s.k++
			k++
		}
		of[person] = s
	}
	g, share := float64(len(of)), k/n
	p := Proportion{Share: share, Low: 0, High: 1, N: len(has), People: len(of)}
	switch {
	case len(of) == len(has):
		p.Low, p.High = ClopperPearson(k, n)
	case len(of) < 2:
	case k == 0 || k == n:
		p.Low, p.High = ClopperPearson(share*g, g)
	default:
		between := 0.
		for _, person := range order {
			d := of[person].k - share*of[person].n
			between += d * d
		}
		effect := (g / (g - 1) * between / (n * n)) / (share * (1 - share) / (n - 1))
		ratio := quantileT(n-1) / quantileT(g-1)
		effective := max(min(n/effect, n)*ratio*ratio, 1)
		p.Low, p.High = ClopperPearson(share*effective, effective)
	}
	return p, nil
}

// quantileT is the half width of an interval of [Confidence] in standard errors.
func quantileT(freedom float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: math.Max(1, freedom)}.Quantile((1 + Confidence) / 2)
}
