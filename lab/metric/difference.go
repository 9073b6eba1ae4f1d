package metric

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Difference is how far the AUCs of two detectors on the same items are apart.
type Difference struct {
	A, B float64 // AUC of each
	Diff float64 // A − B, in [−1, 1]
	// Low and High are the ends of the interval of Diff, P the two-sided p-value of "both have the same AUC"; NaN with TooFew.
	Low, High, P           float64
	Confidence             float64
	NReal, NFake           int    // items of each class
	RealPeople, FakePeople int    // people whose heads are seen in them
	TooFew                 string // why there is neither interval nor p; "" where there is
}

// Compare compares the AUCs of two detectors that both have scored the same items, which show people as who says, in
// O(n log n) time: DeLong's paired test with the variance of [AUC], which is robust to shared people, with t in place of the
// normal distribution, by Welch's and Satterthwaite's degrees of freedom at both ends, of which none is nearer to a bound. Where an
// area of the two is so near 0 or 1 that its own variance says little, that of the difference grows as its own does in [AUC].
//
// Errors are those of [Rank], a [LengthError] for b or who, or people that make no sense.
func Compare(a, b []float64, fake []bool, who Shown) (Difference, error) {
	ra, placeA, rb, placeB, err := rankBoth(a, b, fake)
	if err != nil {
		return Difference{}, err
	}
	if err := who.check(fake); err != nil {
		return Difference{}, err
	}
	n := ra.classes()
	ofA, ofB := ra.deviations(placeA, fake), rb.deviations(placeB, fake)
	sA, sB := newSpread(ra.AUROC(), who.moments(ofA, fake, n)), newSpread(rb.AUROC(), who.moments(ofB, fake, n))
	for i, d := range ofB {
		ofA[i] -= d
	}
	m := who.moments(ofA, fake, n)
	d := Difference{
		A: sA.area, B: sB.area, Diff: sA.area - sB.area, Confidence: Confidence, NReal: ra.reals, NFake: ra.fakes,
		RealPeople: int(m.people.real), FakePeople: int(m.people.fake), TooFew: m.tooFew(),
	}
	if d.TooFew != "" {
		d.Low, d.High, d.P = math.NaN(), math.NaN(), math.NaN()
		return d, nil
	}
	if slices.Equal(placeA, placeB) {
		d.P = 1 // the same ranking; Low and High are 0
		return d, nil
	}
	variance, of := m.variance()
	measured, settled := sA.measured()+sB.measured(), sA.settledVariance()+sB.settledVariance()
	if measured > 0 {
		variance *= max(1, settled/measured)
	}
	if variance == 0 {
		variance = settled
	}
	deviation := math.Sqrt(variance)
	half := quantileT(m.freedom(of)) * deviation
	d.Low, d.High = max(-1, d.Diff-half), min(1, d.Diff+half)
	d.P = 2 * distuv.StudentsT{Sigma: 1, Nu: m.freedom(of)}.CDF(-math.Abs(d.Diff)/deviation)
	return d, nil
}
