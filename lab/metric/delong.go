package metric

import (
	"fmt"
	"math"
)

// Area is an AUROC with DeLong's standard error.
type Area struct {
	AUROC, StdError float64
}

// DeLongArea returns the AUROC of scores with its standard error, in O(n log n) time (DeLong,
// DeLong and Clarke-Pearson 1988; Sun and Xu 2014). Items must be independent: give it one score a
// video, not one a frame. Each class needs two items or more.
//
// Errors are those of Rank.
func DeLongArea(scores []float64, fake []bool) (Area, error) {
	r, place, err := rank(scores, fake)
	if err != nil {
		return Area{}, err
	}
	if err := r.checkVariance(); err != nil {
		return Area{}, err
	}
	return Area{r.AUROC(), r.stdError(r.deviations(place, fake), fake)}, nil
}

// Interval returns the ends of the normal interval around the area, cut to [0, 1]; confidence is
// between 0 and 1. Where the classes are wholly apart the standard error is 0 and the interval a
// point, however few the items.
func (a Area) Interval(confidence float64) (low, high float64) {
	half := a.StdError * math.Sqrt2 * math.Erfinv(confidence)
	return max(0, a.AUROC-half), min(1, a.AUROC+half)
}

// Comparison is DeLong's test of two detectors on the same items.
type Comparison struct {
	A, B     float64 // AUROC of each
	StdError float64 // of A − B
	Z        float64 // (A − B) / StdError; 0 when A = B, infinite when they differ without variance
	P        float64 // two-sided p-value of "both have the same AUROC"
}

// DeLong tests whether two detectors' AUROCs differ, both scored on the same items, in
// O(n log n) time. Items must be independent: give it one score a video, not one a frame. Each
// class needs two items or more.
//
// Errors are those of Rank, and a *LengthError for b.
func DeLong(a, b []float64, fake []bool) (Comparison, error) {
	ra, placeA, rb, placeB, err := rankBoth(a, b, fake)
	if err != nil {
		return Comparison{}, err
	}
	if err := ra.checkVariance(); err != nil {
		return Comparison{}, err
	}
	deviations := ra.deviations(placeA, fake)
	for i, d := range rb.deviations(placeB, fake) {
		deviations[i] -= d
	}
	c := Comparison{A: ra.AUROC(), B: rb.AUROC(), StdError: ra.stdError(deviations, fake)}
	if c.A != c.B {
		c.Z = (c.A - c.B) / c.StdError
	}
	c.P = math.Erfc(math.Abs(c.Z) / math.Sqrt2)
	return c, nil
}

// rankBoth is rank for two detectors on the same items.
func rankBoth(a, b []float64, fake []bool) (ra *Ranking, placeA []int32, rb *Ranking, placeB []int32, err error) {
	if len(b) != len(a) {
		return nil, nil, nil, nil, &LengthError{List: "second scores", Length: len(b), Scores: len(a)}
	}
	if ra, placeA, err = rank(a, fake); err != nil {
		return nil, nil, nil, nil, err
	}
	if rb, placeB, err = rank(b, fake); err != nil {
		return nil, nil, nil, nil, fmt.Errorf("metric: second detector: %w", err)
	}
	return ra, placeA, rb, placeB, nil
}

// checkVariance says whether there are items enough for a variance.
func (r *Ranking) checkVariance() error {
	if r.reals < 2 || r.fakes < 2 {
		return fmt.Errorf("metric: %d real and %d fake items, want at least 2 of each for a variance", r.reals, r.fakes)
	}
	return nil
}

// deviations returns for each item how far its placement, the share of the other class that it
// beats with ties counting one half, is from the AUROC, the mean of them all. Counting down the
// ranking gives every placement at once; Sun and Xu get the same from midranks.
func (r *Ranking) deviations(place []int32, fake []bool) []float64 {
	fakeAt, realAt := make([]float64, len(r.scores)), make([]float64, len(r.scores))
	realBelow, fakeAbove := r.reals, 0
	for i := range r.scores {
		realBelow -= r.real[i]
		fakeAt[i] = (float64(realBelow) + float64(r.real[i])/2) / float64(r.reals)
		realAt[i] = (float64(fakeAbove) + float64(r.fake[i])/2) / float64(r.fakes)
		fakeAbove += r.fake[i]
	}
	auroc := r.AUROC()
	d := make([]float64, len(fake))
	for i, isFake := range fake {
		if isFake {
			d[i] = fakeAt[place[i]] - auroc
		} else {
			d[i] = realAt[place[i]] - auroc
		}
	}
	return d
}

// stdError is the standard error of an AUROC, or of a difference of two, from the deviations of
// its placements.
func (r *Ranking) stdError(deviations []float64, fake []bool) float64 {
	var varReal, varFake float64
	for i, d := range deviations {
		if fake[i] {
			varFake += d * d
		} else {
			varReal += d * d
		}
	}
	m, n := float64(r.fakes), float64(r.reals)
	return math.Sqrt(varFake/(m-1)/m + varReal/(n-1)/n)
}
