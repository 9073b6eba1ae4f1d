package metric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// crowded draws strata of people who have several faces each, real ones and fakes of them; gain is by how much fakes score higher,
// and own how much of a score is the person's.
func crowded(rng *rand.Rand, people, faces, strata int, gain, own float64) []Stratum {
	all := make([]Stratum, strata)
	for p := range people {
		self := own * rng.NormFloat64()
		for face := range faces {
			s := &all[(p+face)%strata]
			real := self + rng.NormFloat64()
			s.Scores = append(s.Scores, real, self+gain*(1+0.3*float64(p%3))+rng.NormFloat64())
			s.Fake = append(s.Fake, false, true)
			s.People = append(s.People, fmt.Sprint(p), fmt.Sprint(p))
		}
	}
	return all
}

// The value and the variance by double loops over all pairs.
func TestMeanAUCAgainstLoops(t *testing.T) {
	for trial := range 30 {
		rng := stream.New(1, "strata", trial)
		strata := crowded(rng, 3+rng.IntN(12), 1+rng.IntN(5), 1+rng.IntN(3), rng.Float64(), 1)
		for _, s := range strata {
			for i := range s.Scores {
				if trial%2 == 0 {
					s.Scores[i] = math.Round(s.Scores[i]) // ties
				}
			}
		}
		mean, part := 0.0, map[string]float64{}
		reals, fakes := 0, 0
		for _, s := range strata {
			// Each pair adds its win to the mean; of a person, what its items have more than the mean.
			m, n, total := 0.0, 0.0, 0.0
			win := func(i, j int) float64 {
				switch a, b := s.Scores[i], s.Scores[j]; {
				case b > a:
					return 1
				case b == a:
					return 0.5
				}
				return 0
			}
			for i := range s.Scores {
				if s.Fake[i] {
					n++
				} else {
					m++
				}
			}
			for i := range s.Scores {
				for j := range s.Scores {
					if !s.Fake[i] && s.Fake[j] {
						total += win(i, j) / m / n
					}
				}
			}
			for i := range s.Scores {
				for j := range s.Scores {
					if !s.Fake[i] && s.Fake[j] {
						extra := (win(i, j) - total) / m / n / float64(len(strata))
						part[s.People[i]] += extra
						part[s.People[j]] += extra
					}
				}
			}
			mean += total / float64(len(strata))
			reals, fakes = reals+int(m), fakes+int(n)
		}
		variance := 0.0
		for _, p := range part {
			variance += p * p
		}
		n := float64(len(part))
		variance *= n / (n - 1)
		got, err := MeanAUC(strata...)
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(got.Value-mean) < 1e-12) || got.Reals != reals || got.Fakes != fakes || got.People != len(part) {
			t.Errorf("trial %d: %+v, want a mean of %v over %d and %d items of %d people", trial, got, mean, reals, fakes, len(part))
		}
		if got.Value == 1 || got.Value == 0 {
			continue
		}
		// The interval is symmetric in log odds, and its half is t standard errors.
		odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
		low, high := odds(mean)-odds(got.Low), odds(got.High)-odds(mean)
		quantiles := map[int]float64{3: 4.302653, 4: 3.182446, 5: 2.776445, 6: 2.570582, 7: 2.446912, 8: 2.364624, 9: 2.306004, 10: 2.262157, 11: 2.228139, 12: 2.200985, 13: 2.178813, 14: 2.160369}
		if want := quantiles[len(part)] * math.Sqrt(variance) / (mean * (1 - mean)); !(math.Abs(low-want) < 1e-5*(1+want)) || !(math.Abs(high-want) < 1e-5*(1+want)) {
			t.Errorf("trial %d: the interval reaches %v down and %v up in log odds, want %v", trial, low, high, want)
		}
	}
}

// With one item a person the standard error is DeLong's, but for the number by which squares are divided.
func TestMeanAUCIsDeLongs(t *testing.T) {
	scores, fake := sample(stream.New(2, "strata"), 300, 8)
	people := make([]string, len(scores))
	for i := range people {
		people[i] = fmt.Sprint(i)
	}
	got, err := MeanAUC(Stratum{scores, fake, people})
	if err != nil {
		t.Fatal(err)
	}
	area, err := DeLongArea(scores, fake)
	if err != nil {
		t.Fatal(err)
	}
	odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
	width := (odds(got.High) - odds(got.Low)) / 2 * got.Value * (1 - got.Value) / 1.968
	if got.Value != area.AUROC || math.Abs(width/area.StdError-1) > 0.02 {
		t.Errorf("%v ± %v, DeLong %v ± %v", got.Value, width, area.AUROC, area.StdError)
	}
}

// What is in the wrong order nowhere has a bound that the number of people alone sets; a constant changes nothing; one person
// says nothing of others.
func TestMeanAUCAtTheEnds(t *testing.T) {
	right := Stratum{[]float64{0, 10, 1, 11, 2, 12}, []bool{false, true, false, true, false, true}, []string{"a", "a", "b", "b", "c", "c"}}
	wrong := right
	wrong.Scores = []float64{10, 0, 11, 1, 12, 2}
	bound := math.Pow(0.025, 1.0/3)
	for _, c := range []struct {
		strata          []Stratum
		auc, low, high  float64
		people, perSide int
	}{
		{[]Stratum{right}, 1, bound, 1, 3, 3},
		{[]Stratum{right, right, right, right, right, right, right}, 1, bound, 1, 3, 21},
		{[]Stratum{wrong}, 0, 0, 1 - bound, 3, 3},
		{[]Stratum{right, wrong}, 0.5, 0.5, 0.5, 3, 6}, // what a person adds to one it takes from the other
		{[]Stratum{{[]float64{3, 1, 2}, []bool{false, true, true}, []string{"a", "a", "a"}}}, 0, 0, 1, 1, 0},
	} {
		got, err := MeanAUC(c.strata...)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Value-c.auc) > 1e-12 || math.Abs(got.Low-c.low) > 1e-12 || math.Abs(got.High-c.high) > 1e-12 || got.People != c.people || c.perSide > 0 && got.Reals != c.perSide {
			t.Errorf("%+v, want %v [%v, %v] of %d people", got, c.auc, c.low, c.high, c.people)
		}
	}
	if _, err := MeanAUC(); !errors.Is(err, ErrEmpty) {
		t.Errorf("no strata: %v", err)
	}
	if _, err := MeanAUC(right, Stratum{[]float64{1}, []bool{true}, []string{"a"}}); !isOneClass(err) {
		t.Errorf("a stratum of one class: %v", err)
	}
	right.People = right.People[1:]
	if _, err := MeanAUC(right); err == nil {
		t.Error("a person too few is no error")
	}
}

func isOneClass(err error) bool {
	_, ok := errors.AsType[*OneClassError](err)
	return ok
}

// The interval holds its level where people have several faces each, in several strata.
func TestMeanAUCCovers(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates")
	}
	for _, c := range []struct {
		people, faces, strata int
		gain, own             float64
	}{{20, 4, 4, 0.7, 1}, {60, 4, 4, 1.5, 0.5}, {120, 2, 4, 0.3, 0}, {25, 8, 1, 0.5, 2}} {
		// The truth, from many people.
		large, err := MeanAUC(crowded(stream.New(3, "truth", c.people), 30000, c.faces, c.strata, c.gain, c.own)...)
		if err != nil {
			t.Fatal(err)
		}
		const trials = 4000
		covered := 0
		for trial := range trials {
			got, err := MeanAUC(crowded(stream.New(3, "coverage", c.people, trial), c.people, c.faces, c.strata, c.gain, c.own)...)
			if err != nil {
				t.Fatal(err)
			}
			if got.Low <= large.Value && large.Value <= got.High {
				covered++
			}
		}
		if share := float64(covered) / trials; share < 0.93 || share > 0.98 {
			t.Errorf("%+v: covers %v", c, share)
		} else {
			t.Logf("%+v: AUC %.3f, covers %v", c, large.Value, share)
		}
	}
}
