// Package metric measures how well anomaly scores tell fake from real: AUROC with an interval by
// people ([AUC]) and differences of AUROCs with theirs ([Compare]); average precision, equal error
// rate, TPR at a fixed FPR, and any of them with an interval from resampling groups ([Bootstrap]);
// and the pooling of frames into videos that comes before.
//
// A score may be any finite number; a larger one means more likely fake. Fake is the positive
// class. Nothing is rounded, squashed or filled in.
package metric

import (
	"math"
	"slices"
)

// Ranking is what all rank metrics depend on: the distinct scores in falling order and how many
// fake and real items have each.
type Ranking struct {
	scores     []float64
	fake, real []int
	fakes      int // sum of fake
	reals      int // sum of real
}

// Rank sorts scores, of which fake says the class, in O(n log n) time. Equal scores stay
// together: they are a tie, never put in an order.
//
// The error is ErrEmpty, a *LengthError, a *ScoreError for the first NaN or infinite score, or a
// *OneClassError.
func Rank(scores []float64, fake []bool) (*Ranking, error) {
	r, _, err := rank(scores, fake)
	return r, err
}

// rank also returns, for each item, the place of its score among the distinct ones.
func rank(scores []float64, fake []bool) (r *Ranking, place []int32, err error) {
	if err := check(scores, fake); err != nil {
		return nil, nil, err
	}
	type item struct {
		score float64
		index int32
	}
	items := make([]item, len(scores))
	for i, s := range scores {
		items[i] = item{s, int32(i)}
	}
	slices.SortFunc(items, func(a, b item) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	distinct := 0
	for i, it := range items {
		if i == 0 || it.score != items[i-1].score {
			distinct++
		}
	}
	// Lists that grew would leave several times their memory behind.
	r = &Ranking{scores: make([]float64, 0, distinct), fake: make([]int, 0, distinct), real: make([]int, 0, distinct)}
	place = make([]int32, len(scores))
	for i, it := range items {
		if i == 0 || it.score != items[i-1].score {
			r.scores = append(r.scores, it.score)
			r.fake = append(r.fake, 0)
			r.real = append(r.real, 0)
		}
		last := len(r.scores) - 1
		place[it.index] = int32(last)
		if fake[it.index] {
			r.fake[last]++
			r.fakes++
		} else {
			r.real[last]++
			r.reals++
		}
	}
	return r, place, nil
}

// AUROC returns the area under the ROC curve of scores, as Ranking.AUROC does.
func AUROC(scores []float64, fake []bool) (float64, error) {
	r, err := Rank(scores, fake)
	if err != nil {
		return 0, err
	}
	return r.AUROC(), nil
}

// Counts returns the number of real and of fake items.
func (r *Ranking) Counts() (reals, fakes int) { return r.reals, r.fakes }

// AUROC returns the area under the ROC curve, in [0, 1]: the probability that a random fake item
// scores above a random real one, ties counting one half (the Mann-Whitney statistic). It is
// computed in integers up to the last division.
func (r *Ranking) AUROC() float64 {
	var doubled int // twice the number of pairs in the right order
	below := r.reals
	for i, fake := range r.fake {
		below -= r.real[i]
		doubled += fake * (2*below + r.real[i])
	}
	return float64(doubled) / (2 * float64(r.fakes) * float64(r.reals))
}

// AP returns the average precision, in (0, 1]: the precision at each distinct score as threshold,
// weighted by the recall it adds, without interpolation. Unlike AUROC it depends on the share of
// fake items; a random score has that share as its AP.
func (r *Ranking) AP() float64 {
	var sum float64
	tp, fp := 0, 0
	for i, fake := range r.fake {
		tp, fp = tp+fake, fp+r.real[i]
		if fake > 0 {
			sum += float64(fake) * float64(tp) / float64(tp+fp)
		}
	}
	return sum / float64(r.fakes)
}

// EER returns the equal error rate, in [0, 1]: where the ROC curve, with straight lines between
// its points, has FPR = 1 − TPR.
func (r *Ranking) EER() float64 {
	var fpr, excess float64 // at the point before; excess is FPR + TPR − 1
	excess = -1
	tp, fp := 0, 0
	for i, fake := range r.fake {
		tp, fp = tp+fake, fp+r.real[i]
		nextFPR := float64(fp) / float64(r.reals)
		next := nextFPR + float64(tp)/float64(r.fakes) - 1
		if next >= 0 {
			return fpr + (nextFPR-fpr)*excess/(excess-next)
		}
		fpr, excess = nextFPR, next
	}
	return fpr // not reached: the last point has an excess of 1
}

// TPRAt returns the largest true positive rate of any threshold whose false positive rate is at
// most fpr. It is not interpolated: a threshold that reaches it exists. It is NaN for an fpr
// outside [0, 1].
func (r *Ranking) TPRAt(fpr float64) float64 {
	if !(fpr >= 0 && fpr <= 1) {
		return math.NaN()
	}
	tp, fp := 0, 0
	for i, fake := range r.fake {
		fp += r.real[i]
		// Dividing, not multiplying fpr, makes 29 of 100 equal to 0.29.
		if float64(fp)/float64(r.reals) > fpr {
			break
		}
		tp += fake
	}
	return float64(tp) / float64(r.fakes)
}

// Point is a point of a ROC curve: the rates when items that score Threshold or more are called
// fake.
type Point struct {
	FPR, TPR, Threshold float64
}

// ROC returns the corners of the ROC curve from (0, 0), whose threshold is +Inf, to (1, 1). Points
// on a straight line between two corners are left out.
func (r *Ranking) ROC() []Point {
	type corner struct{ fp, tp int }
	corners := []corner{{}}
	points := []Point{{Threshold: math.Inf(1)}}
	at := corner{}
	for i, fake := range r.fake {
		if fake == 0 && r.real[i] == 0 {
			continue
		}
		at.tp, at.fp = at.tp+fake, at.fp+r.real[i]
		if n := len(corners); n > 1 {
			a, b := corners[n-2], corners[n-1]
			if (b.fp-a.fp)*(at.tp-b.tp) == (b.tp-a.tp)*(at.fp-b.fp) {
				corners, points = corners[:n-1], points[:n-1]
			}
		}
		corners = append(corners, at)
		points = append(points, Point{
			FPR:       float64(at.fp) / float64(r.reals),
			TPR:       float64(at.tp) / float64(r.fakes),
			Threshold: r.scores[i],
		})
	}
	return points
}
