package metric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Intervals as R's binom.test gives them.
func TestClopperPearson(t *testing.T) {
	for _, c := range []struct{ k, n, low, high float64 }{
		{0, 10, 0, 0.3084971}, {1, 20, 0.001265089, 0.2487328}, {5, 10, 0.187086, 0.812914}, {10, 100, 0.04900469, 0.1762226}, {10, 10, 0.6915029, 1},
	} {
		low, high := ClopperPearson(c.k, c.n)
		if math.Abs(low-c.low) > 1e-6 || math.Abs(high-c.high) > 1e-6 {
			t.Errorf("%g of %g: [%.7f, %.7f], want [%g, %g]", c.k, c.n, low, high, c.low, c.high)
		}
	}
	if low, high := ClopperPearson(0, 0); low != 0 || high != 1 {
		t.Errorf("of none [%g, %g]", low, high)
	}
}

// At its ends the tails of the binomial distribution are what is left, by summing them.
func TestClopperPearsonTails(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for k := 0; k <= n; k++ {
			low, high := ClopperPearson(float64(k), float64(n))
			var above, below float64
			for i := 0; i <= n; i++ {
				if i >= k {
					above += distuv.Binomial{N: float64(n), P: low}.Prob(float64(i))
				}
				if i <= k {
					below += distuv.Binomial{N: float64(n), P: high}.Prob(float64(i))
				}
			}
			if k > 0 && math.Abs(above-0.025) > 1e-6 || k < n && math.Abs(below-0.025) > 1e-6 {
				t.Fatalf("%d of %d: tails %g and %g", k, n, above, below)
			}
		}
	}
}

func TestProportion(t *testing.T) {
	// Each item another person: exact.
	var has []bool
	var people []string
	for i := range 40 {
		has, people = append(has, i < 7), append(people, fmt.Sprint(i))
	}
	p, err := NewProportion(has, people)
	low, high := ClopperPearson(7, 40)
	if err != nil || p != (Proportion{7. / 40, low, high, 40, 40}) {
		t.Fatalf("%+v, error %v, want [%g, %g]", p, err, low, high)
	}
	// Five items a person that all say the same are worth no more than the person.
	var five []bool
	var fivePeople []string
	for i := range has {
		for range 5 {
			five, fivePeople = append(five, has[i]), append(fivePeople, people[i])
		}
	}
	q, err := NewProportion(five, fivePeople)
	if err != nil || q.Share != p.Share || q.N != 200 || q.People != 40 || math.Abs(q.Low-p.Low) > 0.01 || math.Abs(q.High-p.High) > 0.01 {
		t.Errorf("%+v, error %v, want about %+v", q, err, p)
	}
	// All or none: the people count.
	none, err := NewProportion(make([]bool, 200), fivePeople)
	if _, high := ClopperPearson(0, 40); err != nil || none.Low != 0 || none.High != high {
		t.Errorf("none: %+v, error %v, want up to %g", none, err, high)
	}
	if one, err := NewProportion([]bool{true, false, true}, []string{"a", "a", "a"}); err != nil || one.Low != 0 || one.High != 1 {
		t.Errorf("one person: %+v, error %v", one, err)
	}
	if _, err := NewProportion(nil, nil); err == nil {
		t.Error("no error of no items")
	}
	var length *LengthError
	if _, err := NewProportion(has, people[:3]); !errors.As(err, &length) {
		t.Errorf("error %v", err)
	}
}

// Of people whose faces differ in how likely they are flagged, the interval by people holds the share in at least 93 % of 1,000
// draws; that which takes faces as independent does not.
func TestProportionCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const draws, mean = 1000, 0.2
	held, naive := 0, 0
	for range draws {
		var has []bool
		var people []string
		k := 0.
		for i := range 50 {
			rate := distuv.Beta{Alpha: 0.4, Beta: 1.6, Src: rng}.Rand()
			for range 1 + rng.IntN(12) {
				x := rng.Float64() < rate
				if x {
					k++
				}
				has, people = append(has, x), append(people, fmt.Sprint(i))
			}
		}
		p, err := NewProportion(has, people)
		if err != nil {
			t.Fatal(err)
		}
		if p.Low <= mean && mean <= p.High {
			held++
		}
		if low, high := ClopperPearson(k, float64(len(has))); low <= mean && mean <= high {
			naive++
		}
	}
	if held < 930 || naive > 800 {
		t.Errorf("by people %d of %d intervals hold the share, by faces %d", held, draws, naive)
	}
}
