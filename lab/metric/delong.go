package metric

import (
	"fmt"
	"math"
)

// Comparison is DeLong's test of two detectors on the same items.
type Comparison struct {
	A, B     float64 // AUROC of each
	StdError float64 // of A − B
	Z        float64 // (A − B) / StdError; 0 when A = B, infinite when they differ without variance
	P        float64 // two-sided p-value of "both have the same AUROC"
}

// DeLong tests whether two detectors' AUROCs differ, both scored on the same items, in
// O(n log n) time (DeLong, DeLong and Clarke-Pearson 1988; Sun and Xu 2014). Items must be
// independent: give it one score a video, not one a frame. Each class needs two items or more.
//
// Errors are those of Rank, and a *LengthError for b.
func DeLong(a, b []float64, fake []bool) (Comparison, error) {
	if len(b) != len(a) {
		return Comparison{}, &LengthError{List: "second scores", Length: len(b), Scores: len(a)}
	}
	ra, placeA, err := rank(a, fake)
	if err != nil {
		return Comparison{}, err
	}
	rb, placeB, err := rank(b, fake)
	if err != nil {
		return Comparison{}, fmt.Errorf("metric: second detector: %w", err)
	}
	if ra.reals < 2 || ra.fakes < 2 {
		return Comparison{}, fmt.Errorf("metric: %d real and %d fake items, want at least 2 of each for a variance", ra.reals, ra.fakes)
	}
	c := Comparison{A: ra.AUROC(), B: rb.AUROC()}
	winsA, winsB := ra.wins(), rb.wins()
	var varReal, varFake float64
	for i, isFake := range fake {
		va, vb := winsA[placeA[i]], winsB[placeB[i]]
		if isFake {
			d := (va.fake - c.A) - (vb.fake - c.B)
			varFake += d * d
		} else {
			d := (va.real - c.A) - (vb.real - c.B)
			varReal += d * d
		}
	}
	m, n := float64(ra.fakes), float64(ra.reals)
	c.StdError = math.Sqrt(varFake/(m-1)/m + varReal/(n-1)/n)
	if c.A != c.B {
		c.Z = (c.A - c.B) / c.StdError
	}
	c.P = math.Erfc(math.Abs(c.Z) / math.Sqrt2)
	return c, nil
}

// placement is the share of the other class that an item beats, ties counting one half.
type placement struct{ fake, real float64 }

// wins returns the placement of a fake and of a real item with each distinct score.
func (r *Ranking) wins() []placement {
	w := make([]placement, len(r.scores))
	realBelow, fakeAbove := r.reals, 0
	for i := range w {
		realBelow -= r.real[i]
		w[i].fake = (float64(realBelow) + float64(r.real[i])/2) / float64(r.reals)
		w[i].real = (float64(fakeAbove) + float64(r.fake[i])/2) / float64(r.fakes)
		fakeAbove += r.fake[i]
	}
	return w
}
