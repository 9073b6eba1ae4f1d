package metric

import (
	"fmt"
	"math"
)

// Confidence is the probability that the intervals of [AUC] and [Compare] are to have.
const Confidence = 0.95

// LeastPeople is how many people each class must have for an interval (our choice): with five the interval of [AUC] holds the AUC in
// 93 % of draws or more in the simulation of results/intervals.md, and is some 0.6 wide; with fewer it says next to nothing.
const LeastPeople = 5

// Of the choices that are ours, these were made with that simulation.
const (
	// priorPeople is how many people the variance of [spread.prior] counts for.
	priorPeople = 1.5
	// fewFourths is added to the degrees of freedom by fourth moments, as those of few people say little themselves.
	fewFourths = 4
	// leastShare bounds what the variance loses where real and fake videos of a person are scored alike: a small sample may say by
	// chance that nothing is left.
	leastShare = 0.1
	// leastEffective is how many independent people a class must amount to: below, a person is in so many of its videos that
	// their variance is not to be had.
	leastEffective = 2
)

// AUC returns the AUROC of scores with a 95 % interval that takes videos of different people to be independent, and those that
// share a person to be correlated in any way, in O(n log n) time. It is not drawn at random.
//
// The interval holds the areas A' with |A − A'| ≤ t·√V(A'), as Newcombe's (2006, method 5) does: V is the variance of the
// exponential model for as many independent items as there are people, times how much greater the measured variance is than
// that. Measured is DeLong's variance made robust to shared people ([Shown.moments]) with factors for few people. Near 0 and 1 few
// items say anything of the variance, and at 0 and 1 none: there it goes over to the geometric mean of the exponential model's and
// the largest one that any scores can have. No area has a higher lower end than 1 has. That of n people a class, one video each, is close to 0.05^(1/n), above which n disjoint pairs would
// all be in order in less than 5 % of draws, whatever the scores' distributions. The mixture is our choice.
//
// t of the end nearer to 0 or 1 has the degrees of freedom of Welch and Satterthwaite, in which the model's part of the variance does
// not vary. Where few people deviate much, draws without them have an area too near to 0 or 1 and too small a variance at once: t of
// the other end has those by the deviations' fourth moments, where these are fewer. That the ends differ is our choice.
//
// With fewer than [LeastPeople] in a class, or where most videos of a class share a person, there is no interval, and TooFew
// says why.
//
// Errors are those of [Rank], a [LengthError] for who, or people that make no sense.
func AUC(scores []float64, fake []bool, who Shown) (Interval, error) {
	return AUCOverSeeds([][]float64{scores}, fake, who)
}

// AUCOverSeeds returns the mean AUROC of several detectors that have scored the same items, as one that was trained with several
// seeds, with its interval by people as [AUC] has it: what other people would change. What other detectors would change is not in
// it.
//
// Errors are those of AUC, and a [LengthError] for other scores than the first.
func AUCOverSeeds(scores [][]float64, fake []bool, who Shown) (Interval, error) {
	if len(scores) == 0 {
		return Interval{}, ErrEmpty
	}
	var r *Ranking
	var deviations []float64
	var area float64
	for _, s := range scores {
		if len(s) != len(scores[0]) {
			return Interval{}, &LengthError{List: "further scores", Length: len(s), Scores: len(scores[0])}
		}
		of, place, err := rank(s, fake)
		if err != nil {
			return Interval{}, err
		}
		area += of.AUROC() / float64(len(scores))
		if r == nil {
			r, deviations = of, of.deviations(place, fake)
			continue
		}
		for i, d := range of.deviations(place, fake) {
			deviations[i] += d
		}
	}
	if err := who.check(fake); err != nil {
		return Interval{}, err
	}
	for i := range deviations {
		deviations[i] /= float64(len(scores))
	}
	s := newSpread(area, who.moments(deviations, fake, r.classes()))
	i := Interval{
		Value: s.area, Confidence: Confidence, Reals: r.reals, Fakes: r.fakes,
		RealPeople: int(s.people.real), FakePeople: int(s.people.fake), TooFew: s.tooFew(),
	}
	if i.Low, i.High = s.interval(); i.TooFew != "" {
		i.Low, i.High = math.NaN(), math.NaN()
	}
	return i, nil
}

// classes is the number of items of each class.
func (r *Ranking) classes() perClass { return perClass{float64(r.reals), float64(r.fakes)} }

// spread is how an area varies.
type spread struct {
	moments
	area float64
	// sizes are between people and videos, as how much the videos of a person say besides the first is not known where few videos
	// say anything.
	sizes perClass
}

func newSpread(area float64, m moments) spread {
	size := func(people, videos float64) float64 { return math.Sqrt(math.Sqrt(people*videos) * videos) }
	return spread{m, area, perClass{size(m.people.real, m.videos.real), size(m.people.fake, m.videos.fake)}}
}

// tooFew says why the people are too few for an interval, "" if they are not.
func (m moments) tooFew() string {
	switch {
	case min(m.people.real, m.people.fake) < LeastPeople:
		return fmt.Sprintf("too few people: %.0f real, %.0f fake, want %d each", m.people.real, m.people.fake, LeastPeople)
	case m.effective.real < leastEffective:
		return "too few people: one is in most of the real videos"
	case m.effective.fake < leastEffective:
		return "too few people: one is in most of the fake videos"
	}
	return ""
}

// variance is that of a sum of deviations, and of the part of each class.
func (m moments) variance() (all float64, of perClass) {
	// The deviations of a class sum to 0, which takes away the share that pairs with a common person have of all pairs.
	f := perClass{few(m.effective.real), few(m.effective.fake)}
	// People add variance: what says otherwise is chance.
	of.real = max(m.between.real*f.real, m.own.real*few(m.videos.real))
	of.fake = max(m.between.fake*f.fake, m.own.fake*few(m.videos.fake))
	all = of.real + of.fake
	return max(all+2*m.across*math.Sqrt(f.real*f.fake), leastShare*all), of
}

// few is what the variance of n around their own mean is multiplied by.
func few(n float64) float64 { return n / max(n-1, 0.5) }

// freedom is Welch's and Satterthwaite's degrees of freedom of a variance with the parts of the classes.
func (m moments) freedom(of perClass) float64 {
	return welch(of, perClass{max(m.effective.real-1, 0.5), max(m.effective.fake-1, 0.5)})
}

// fourths is freedom by the fourth moments of the sums over people: their squares vary by kurtosis − 1 times their squared mean, 2
// times where the sums are normal.
func (m moments) fourths(of perClass) float64 {
	one := func(effective, kurtosis float64) float64 {
		return max(effective-1, 0.5) * min(1, 2/max(kurtosis-1, 1))
	}
	return welch(of, perClass{one(m.effective.real, m.kurtosis.real), one(m.effective.fake, m.kurtosis.fake)}) + fewFourths
}

// welch are the degrees of freedom of a sum of variances with such freedom each.
func welch(of, freedom perClass) float64 {
	all := of.real + of.fake
	if all == 0 {
		return max(1, min(freedom.real, freedom.fake))
	}
	return max(1, all*all/(of.real*of.real/freedom.real+of.fake*of.fake/freedom.fake))
}

// model is the variance of an area over the sizes by the exponential model of Hanley and McNeil (1982), with the mean size for
// both classes in its last terms (Newcombe 2006, method 5).
func (s spread) model(area float64) float64 { return area * (1 - area) * s.shape(area) }

// shape is model without the factor that is 0 at 0 and 1.
func (s spread) shape(area float64) float64 {
	n := (s.sizes.real+s.sizes.fake)/2 - 1
	return (1 + n*((1-area)/(2-area)+area/(1+area))) / (s.sizes.real * s.sizes.fake)
}

// prior is how many times model the variance of an area is taken to be where the scores say nothing of it: the geometric mean
// of once and of what is possible at most, where those of one class lie in one place and the items of the smaller class count
// alone (Birnbaum and Klose 1957).
func (s spread) prior(area float64) float64 {
	return math.Sqrt(1 / (min(s.sizes.real, s.sizes.fake) * s.shape(area)))
}

// settled is the variance that was measured, mixed with the prior one, as a multiple of model at an area that is neither 0 nor
// 1, that area, and the share that is measured.
func (s spread) settled() (area, scale, measured float64) {
	people := min(s.sizes.real, s.sizes.fake)
	area = (s.area*people + 0.5) / (people + 1)
	// So many people say something: all of them at an area of a half, none at 0 and 1.
	say := 4 * people * area * (1 - area)
	known, prior := say*s.measured()/s.model(area), priorPeople*s.prior(area)
	return area, (known + prior) / (say + priorPeople), known / (known + prior)
}

// measured is the variance without the prior one, settledVariance with it.
func (s spread) measured() float64 {
	variance, _ := s.variance()
	return variance
}

func (s spread) settledVariance() float64 {
	area, scale, _ := s.settled()
	return scale * s.model(area)
}

// interval returns the ends.
func (s spread) interval() (low, high float64) {
	ofOne := s.below(1, math.Sqrt2*math.Erfinv(Confidence), s.prior(1))
	switch s.area {
	case 0:
		return 0, 1 - ofOne
	case 1:
		return ofOne, 1
	}
	_, scale, measured := s.settled()
	_, of := s.variance()
	// The prior part of the variance does not vary; with a million degrees of freedom t is normal.
	near := min(s.freedom(of)/(measured*measured), 1e6)
	far := min(s.freedom(of), s.fourths(of))
	if s.area < 0.5 {
		near, far = far, near
	}
	return min(ofOne, s.below(s.area, quantileT(far), scale)), max(1-ofOne, 1-s.below(1-s.area, quantileT(near), scale))
}

// below returns the area a below area with area − a = t·√(scale·model(a)), which is symmetrical in areas.
func (s spread) below(area, t, scale float64) float64 {
	inside, outside := min(area, 1-1e-12), 0. // at 1 both sides are 0
	for range 60 {
		middle := (inside + outside) / 2
		if area-middle > t*math.Sqrt(scale*s.model(middle)) {
			outside = middle
		} else {
			inside = middle
		}
	}
	return outside
}
