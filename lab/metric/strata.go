package metric

import (
	"fmt"
	"math"
	"slices"
)

// A Stratum is items that are compared with one another and with no others, as faces under one compression.
type Stratum struct {
	Scores []float64
	Fake   []bool
	People []string // who is seen on each: items of a person are not independent, whatever stratum they are in
}

// A Mean is a mean AUC over strata.
type Mean struct {
	Value        float64
	Low, High    float64 // 95 % interval, in [0, 1]
	Reals, Fakes int     // items of each class, in all strata
	People       int
}

// MeanAUC returns the mean of the AUCs of strata, each of which counts alike, with an interval by people.
//
// The variance is that of the sums over the items of each person of DeLong's structural components (Obuchowski, "Nonparametric
// analysis of clustered ROC curve data", Biometrics 53, 1997, here with one cluster for both classes and for all strata), and the
// interval is symmetric on the scale of log odds, by Student's t with one degree of freedom less than there are people. Where all
// pairs are in the right order, or all in the wrong one, nothing varies: the end of the interval is then 0.025 to the power of
// 1/people, the bound for a share of which people have shown no exception. One person says nothing about others: the interval is
// [0, 1]. These last two are our choice.
//
// Errors are those of [Rank] for each stratum, and of strata whose lists differ in length.
func MeanAUC(strata ...Stratum) (Mean, error) {
	m, part, err := meanParts(strata)
	if err != nil {
		return Mean{}, err
	}
	m.Low, m.High = 0, 1
	if m.People < 2 {
		return m, nil
	}
	n := float64(m.People)
	switch bound := math.Pow((1-Confidence)/2, 1/n); {
	case m.Value >= 1:
		m.Value, m.Low = 1, bound
	case m.Value <= 0:
		m.Value, m.High = 0, 1-bound
	default:
		odds := math.Log(m.Value / (1 - m.Value))
		reach := quantileT(n-1) * deviationOf(part) / (m.Value * (1 - m.Value))
		m.Low, m.High = 1/(1+math.Exp(reach-odds)), 1/(1+math.Exp(-reach-odds))
	}
	return m, nil
}

// meanParts is a mean without its interval, and what each person adds to it less its value.
func meanParts(strata []Stratum) (m Mean, part map[string]float64, err error) {
	if len(strata) == 0 {
		return Mean{}, nil, ErrEmpty
	}
	part = map[string]float64{}
	for i, s := range strata {
		if len(s.People) != len(s.Scores) {
			return Mean{}, nil, fmt.Errorf("metric: stratum %d: %w", i, &LengthError{List: "people", Length: len(s.People), Scores: len(s.Scores)})
		}
		ranking, place, err := rank(s.Scores, s.Fake)
		if err != nil {
			return Mean{}, nil, fmt.Errorf("metric: stratum %d: %w", i, err)
		}
		m.Value += ranking.AUROC()
		for j, d := range ranking.deviations(place, s.Fake) {
			own := ranking.reals
			if s.Fake[j] {
				own = ranking.fakes
			}
			part[s.People[j]] += d / float64(own) / float64(len(strata))
		}
		m.Reals, m.Fakes = m.Reals+ranking.reals, m.Fakes+ranking.fakes
	}
	m.Value /= float64(len(strata))
	m.People = len(part)
	return m, part, nil
}

// deviationOf is the standard error of a sum of what people add to it.
func deviationOf(part map[string]float64) float64 {
	n, variance := float64(len(part)), 0.0
	for _, p := range sortedValues(part) {
		variance += p * p * n / (n - 1)
	}
	return math.Sqrt(variance)
}

// sortedValues are the values of a map in a fixed order, so that their sum is always rounded alike.
func sortedValues(m map[string]float64) []float64 {
	var all []float64
	for _, v := range m {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}
