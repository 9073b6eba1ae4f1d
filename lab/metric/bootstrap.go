package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Scheme says how groups are drawn.
type Scheme int

const (
	// Stratified draws real groups and fake groups apart, as many of each as there are. Each
	// group must be of one class, as a video is.
	Stratified Scheme = iota
	// Clustered draws groups whatever they hold, as an identity holds real and fake videos. A
	// draw that lacks a class is repeated, and counted.
	Clustered
)

// Resampling says how Bootstrap draws. The zero value draws single items within their class, 2000
// times, for a 95 % interval.
type Resampling struct {
	// Groups names, for each score, what it must be drawn together with: its video, or its
	// identity. Frames of one video are strongly correlated; drawing them singly would give an
	// interval that is far too narrow. Nil makes each score its own group.
	Groups []string
	Scheme Scheme
	// Samples is the number of resamples; 0 means 2000.
	Samples int
	// Confidence is the probability that the interval is to have, between 0 and 1; 0 means 0.95.
	Confidence float64
	// Seed decides the draws, together with the number of each resample and nothing else.
	Seed uint64
}

// Interval is a value with its interval.
//
// A bootstrap percentile interval knows only the groups that were there: with a handful of groups
// in a class it is too narrow, and with a single one that class adds nothing to it. RealGroups and
// FakeGroups belong beside every published one.
type Interval struct {
	Value, Low, High float64
	Confidence       float64
	Reals, Fakes     int // items of each class
	// Of [AUC]: people whose heads are seen in the items of each class, and why there is no interval, so
	// that Low and High are NaN; "" where there is one.
	RealPeople, FakePeople int
	TooFew                 string
	// Of [Bootstrap]. RealGroups and FakeGroups count the groups that hold an item of the class. A group with
	// both is in both.
	RealGroups, FakeGroups int
	Samples                int
	Redrawn                int // draws that lacked a class and were repeated
}

// Bootstrap returns statistic of the scores with an interval from resampling groups with
// replacement. Statistic is usually a method: (*Ranking).AUROC, (*Ranking).AP, (*Ranking).EER. It
// is called from several goroutines.
//
// Low and High are percentiles of the resamples' values, linearly interpolated.
//
// Errors are those of Rank, a *LengthError for Groups, a mixed group under Stratified, a setting
// out of range, or a statistic that is not finite.
func Bootstrap(scores []float64, fake []bool, statistic func(*Ranking) float64, how Resampling) (Interval, error) {
	ranking, place, err := rank(scores, fake)
	if err != nil {
		return Interval{}, err
	}
	if how.Samples == 0 {
		how.Samples = 2000
	}
	if how.Confidence == 0 {
		how.Confidence = 0.95
	}
	if how.Samples < 0 {
		return Interval{}, fmt.Errorf("metric: %d bootstrap samples, want 1 or more, or 0 for 2000", how.Samples)
	}
	if !(how.Confidence > 0 && how.Confidence < 1) {
		return Interval{}, fmt.Errorf("metric: confidence %v, want a number between 0 and 1, such as 0.95", how.Confidence)
	}
	c, err := cluster(fake, place, how)
	if err != nil {
		return Interval{}, err
	}

	result := Interval{
		Value:      statistic(ranking),
		Confidence: how.Confidence,
		Reals:      ranking.reals,
		Fakes:      ranking.fakes,
		RealGroups: c.realGroups,
		FakeGroups: c.fakeGroups,
		Samples:    how.Samples,
	}
	values := make([]float64, how.Samples)
	redrawn := make([]int, how.Samples)
	workers := min(runtime.GOMAXPROCS(0), how.Samples)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			drawn := &Ranking{scores: ranking.scores, fake: make([]int, len(ranking.scores)), real: make([]int, len(ranking.scores))}
			times := make([]int32, c.groups)
			for sample := w; sample < how.Samples; sample += workers {
				rng := stream.New(how.Seed, "metric", "bootstrap", sample)
				for c.draw(rng, times, drawn); drawn.fakes == 0 || drawn.reals == 0; c.draw(rng, times, drawn) {
					redrawn[sample]++
				}
				values[sample] = statistic(drawn)
			}
		})
	}
	done.Wait()

	for _, n := range redrawn {
		result.Redrawn += n
	}
	for _, v := range append(values, result.Value) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Interval{}, fmt.Errorf("metric: the statistic to resample is %v, want a finite number; check its argument", v)
		}
	}
	slices.Sort(values)
	tail := (1 - how.Confidence) / 2
	result.Low, result.High = quantile(values, tail), quantile(values, 1-tail)
	return result, nil
}

// clusters are items by group, with the groups by stratum.
type clusters struct {
	groups                 int
	strata                 [][]int32 // groups that are drawn from together
	group, place           []int32   // of each item, sorted by place
	fake                   []bool
	realGroups, fakeGroups int
}

func cluster(fake []bool, place []int32, how Resampling) (*clusters, error) {
	n := len(fake)
	group := make([]int32, n)
	c := &clusters{groups: n}
	if how.Groups == nil {
		for i := range group {
			group[i] = int32(i)
		}
	} else {
		if len(how.Groups) != n {
			return nil, &LengthError{List: "groups", Length: len(how.Groups), Scores: n}
		}
		numbers := map[string]int32{}
		for i, name := range how.Groups {
			number, known := numbers[name]
			if !known {
				number = int32(len(numbers))
				numbers[name] = number
			}
			group[i] = number
		}
		c.groups = len(numbers)
	}

	hasReal, hasFake := make([]bool, c.groups), make([]bool, c.groups)
	for i, g := range group {
		hasFake[g] = hasFake[g] || fake[i]
		hasReal[g] = hasReal[g] || !fake[i]
		if how.Scheme == Stratified && hasFake[g] && hasReal[g] {
			return nil, fmt.Errorf("metric: group %q has real and fake items, want one class in each to draw them apart; "+
				"name videos by dataset, compression and method too, or draw identities with metric.Clustered", how.Groups[i])
		}
	}
	var real, mixed, fakes []int32
	for g := range int32(c.groups) {
		switch {
		case hasReal[g] && hasFake[g]:
			mixed = append(mixed, g)
		case hasFake[g]:
			fakes = append(fakes, g)
		default:
			real = append(real, g)
		}
	}
	c.realGroups, c.fakeGroups = len(real)+len(mixed), len(fakes)+len(mixed)
	switch how.Scheme {
	case Stratified:
		c.strata = [][]int32{real, fakes}
	case Clustered:
		c.strata = [][]int32{slices.Concat(real, mixed, fakes)}
	default:
		return nil, fmt.Errorf("metric: resampling scheme %d, want metric.Stratified or metric.Clustered", how.Scheme)
	}

	// In the order of their scores the items' counts are written one after the other.
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return int(place[a]) - int(place[b]) })
	c.group, c.place, c.fake = make([]int32, n), make([]int32, n), make([]bool, n)
	for to, from := range order {
		c.group[to], c.place[to], c.fake[to] = group[from], place[from], fake[from]
	}
	return c, nil
}

// draw fills drawn with one resample. Nothing is sorted again: a resample has the same distinct
// scores, each a different number of times.
func (c *clusters) draw(rng *rand.Rand, times []int32, drawn *Ranking) {
	clear(times)
	for _, stratum := range c.strata {
		for range stratum {
			times[stratum[rng.IntN(len(stratum))]]++
		}
	}
	clear(drawn.fake)
	clear(drawn.real)
	drawn.fakes, drawn.reals = 0, 0
	for i, g := range c.group {
		n := int(times[g])
		if c.fake[i] {
			drawn.fake[c.place[i]] += n
			drawn.fakes += n
		} else {
			drawn.real[c.place[i]] += n
			drawn.reals += n
		}
	}
}

// quantile interpolates between the order statistics of sorted values, as NumPy does by default.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
