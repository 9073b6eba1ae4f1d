package metric

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A design is who is in a test set. People have random effects on the scores of the videos that show them.
type design struct {
	name string
	// draw makes a test set in which n people are in each class. persons is the share of the variance that people have.
	draw func(rng *rand.Rand, n int, persons float64) drawn
}

// drawn is a test set before its classes are set apart: every score is standard normal by itself.
type drawn struct {
	scores []float64
	fake   []bool
	shown  Shown
}

func (d *drawn) add(score float64, fake bool, target, source int) {
	d.scores, d.fake = append(d.scores, score), append(d.fake, fake)
	d.shown.People = append(d.shown.People, [2]int32{int32(target), int32(source)})
}

// normals are n draws.
func normals(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// What the target and the source of a fake have of its person effect; the squares sum to one.
const ofTarget, ofSource = 0.8, 0.6

var designs = []design{
	{"independent", func(rng *rand.Rand, n int, _ float64) (d drawn) {
		for i := range 2 * n {
			d.add(rng.NormFloat64(), i >= n, i, -1)
		}
		return d
	}},
	{"independent, 4 fakes to 1 real", func(rng *rand.Rand, n int, _ float64) (d drawn) {
		for i := range 5 * n {
			d.add(rng.NormFloat64(), i >= n, i, -1)
		}
		return d
	}},
	{"FF++, one manipulation", func(rng *rand.Rand, n int, persons float64) drawn { return closedPairs(rng, n, persons, 1) }},
	{"FF++, four manipulations", func(rng *rand.Rand, n int, persons float64) drawn { return closedPairs(rng, n, persons, 4) }},
	{"Celeb-DF", func(rng *rand.Rand, n int, persons float64) (d drawn) {
		u := normals(rng, n)
		for p := range n {
			for range 3 {
				d.add(math.Sqrt(persons)*u[p]+math.Sqrt(1-persons)*rng.NormFloat64(), false, p, -1)
			}
		}
		for p := range n {
			var sources []int
			for len(sources) < min(6, n-1) {
				if q := rng.IntN(n); q != p && !slices.Contains(sources, q) {
					sources = append(sources, q)
					d.add(math.Sqrt(persons)*(ofTarget*u[p]+ofSource*u[q])+math.Sqrt(1-persons)*rng.NormFloat64(), true, p, q)
				}
			}
		}
		return d
	}},
	{"DFDC, sources differ", func(rng *rand.Rand, n int, persons float64) drawn { return unknownSources(rng, n, persons, 0) }},
	{"DFDC, hidden sources", func(rng *rand.Rand, n int, persons float64) drawn { return unknownSources(rng, n, persons, n) }},
}

// closedPairs is FaceForensics++: people are in pairs, each with the face of the other, in every manipulation. The fakes of
// one target video resemble each other, too.
func closedPairs(rng *rand.Rand, n int, persons float64, manipulations int) (d drawn) {
	u := normals(rng, n)
	for p := range n {
		d.add(math.Sqrt(persons)*u[p]+math.Sqrt(1-persons)*rng.NormFloat64(), false, p, -1)
	}
	for p := range n {
		q := p ^ 1
		if q >= n { // the last of an odd number
			q = 0
		}
		pair := math.Sqrt(persons)*(ofTarget*u[p]+ofSource*u[q]) + math.Sqrt((1-persons)/2)*rng.NormFloat64()
		for range manipulations {
			d.add(pair+math.Sqrt((1-persons)/2)*rng.NormFloat64(), true, p, q)
		}
	}
	return d
}

// unknownSources is DFDC: two fakes of each original, whose clip stands for its person; nothing is known of sources, of which
// there are so many, or one for each fake if none.
func unknownSources(rng *rand.Rand, n int, persons float64, sources int) (d drawn) {
	u := normals(rng, n)
	s := normals(rng, max(sources, 2*n))
	for p := range n {
		d.add(math.Sqrt(persons)*u[p]+math.Sqrt(1-persons)*rng.NormFloat64(), false, p, -1)
		for i := range 2 {
			from := s[2*p+i]
			if sources > 0 {
				from = s[rng.IntN(sources)]
			}
			d.add(math.Sqrt(persons)*(ofTarget*u[p]+ofSource*from)+math.Sqrt(1-persons)*rng.NormFloat64(), true, p, -1)
		}
	}
	return d
}

// A shape is how standard normal scores become those of a detector.
type shape struct {
	name   string
	fakeSD float64
	levels float64 // distinct values in a standard deviation; 0 for no ties
}

var shapes = []shape{{"equal variances", 1, 0}, {"fakes twice as wide", 2, 0}, {"fakes half as wide", 0.5, 0}, {"tied", 1, 1}}

func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// area is the AUC of a shape whose fakes are shifted, over independent items: of normal scores Φ(shift/√(1+sd²)), of tied
// ones the sum over their values.
func (s shape) area(shift float64) float64 {
	if s.levels == 0 {
		return phi(shift / math.Sqrt(1+s.fakeSD*s.fakeSD))
	}
	mass := func(k int, mean, sd float64) float64 { // of the value k
		return phi((float64(k)+0.5)/s.levels/sd-mean/sd) - phi((float64(k)-0.5)/s.levels/sd-mean/sd)
	}
	area, below := 0., 0.
	for k := -40; k <= 60; k++ {
		real := mass(k, 0, 1)
		area += mass(k, shift, s.fakeSD) * (below + real/2)
		below += real
	}
	return area
}

// shift is the one with which the shape has an AUC.
func (s shape) shift(area float64) float64 {
	low, high := -1., 30.
	for range 60 {
		if middle := (low + high) / 2; s.area(middle) < area {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

func (s shape) apply(d drawn, shift float64) {
	for i := range d.scores {
		if d.fake[i] {
			d.scores[i] = shift + s.fakeSD*d.scores[i]
		}
		if s.levels > 0 {
			d.scores[i] = math.Round(d.scores[i] * s.levels)
		}
	}
}
