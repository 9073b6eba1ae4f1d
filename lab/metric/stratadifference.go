package metric

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// A MeanDifference is how far the mean AUCs of two detectors over the same strata are apart.
type MeanDifference struct {
	A, B      float64 // mean AUC of each
	Diff      float64 // A − B, in [−1, 1]
	Low, High float64 // 95 % interval of Diff
	P         float64 // two-sided p-value of "both have the same mean AUC"
	People    int
}

// CompareMeans compares the mean AUCs of two detectors that have scored the same items, in the same order. The variance is that of
// [MeanAUC], of what each person adds to one mean less what it adds to the other, and the interval is symmetric, by Student's t with
// one degree of freedom less than there are people; it has no width where neither mean varies. One person says nothing about others:
// the interval is [−1, 1].
//
// Errors are those of [MeanAUC], and of strata that differ in more than their scores.
func CompareMeans(a, b []Stratum) (MeanDifference, error) {
	same := slices.EqualFunc(a, b, func(a, b Stratum) bool { return slices.Equal(a.Fake, b.Fake) && slices.Equal(a.People, b.People) })
	if !same {
		return MeanDifference{}, errors.New("metric: two detectors on strata of other classes or people; want the same items in the same order")
	}
	meanA, part, err := meanParts(a)
	if err != nil {
		return MeanDifference{}, err
	}
	meanB, partB, err := meanParts(b)
	if err != nil {
		return MeanDifference{}, err
	}
	for person, p := range partB {
		part[person] -= p
	}
	d := MeanDifference{A: meanA.Value, B: meanB.Value, Diff: meanA.Value - meanB.Value, Low: -1, High: 1, P: 1, People: meanA.People}
	if d.People < 2 {
		return d, nil
	}
	freedom, deviation := float64(d.People-1), deviationOf(part)
	half := quantileT(freedom) * deviation
	d.Low, d.High = max(-1, d.Diff-half), min(1, d.Diff+half)
	if d.Diff != 0 {
		d.P = 2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.CDF(-math.Abs(d.Diff)/deviation)
	}
	return d, nil
}
