package metric

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Against what the two means say alone, and a bootstrap of people.
func TestCompareMeans(t *testing.T) {
	a := crowded(stream.New(1, "a"), 80, 4, 4, 1, 1)
	b := make([]Stratum, len(a))
	rng := stream.New(1, "b")
	for i, s := range a {
		b[i] = s
		b[i].Scores = slices.Clone(s.Scores)
		for j := range s.Scores {
			b[i].Scores[j] += 0.7 * rng.NormFloat64()
		}
	}
	got, err := CompareMeans(a, b)
	if err != nil {
		t.Fatal(err)
	}
	meanA, err := MeanAUC(a...)
	if err != nil {
		t.Fatal(err)
	}
	meanB, err := MeanAUC(b...)
	if err != nil {
		t.Fatal(err)
	}
	if got.A != meanA.Value || got.B != meanB.Value || got.Diff != meanA.Value-meanB.Value || got.People != 80 {
		t.Errorf("%+v, want %v and %v", got, meanA.Value, meanB.Value)
	}
	of := func(strata []Stratum, times map[string]int) float64 {
		drawn := make([]Stratum, len(strata))
		for i, s := range strata {
			for j, person := range s.People {
				for range times[person] {
					drawn[i].Scores, drawn[i].Fake, drawn[i].People = append(drawn[i].Scores, s.Scores[j]), append(drawn[i].Fake, s.Fake[j]), append(drawn[i].People, person)
				}
			}
		}
		m, err := MeanAUC(drawn...)
		if err != nil {
			t.Fatal(err)
		}
		return m.Value
	}
	var diffs []float64
	for draw := range 400 {
		rng, times := stream.New(2, draw), map[string]int{}
		for range 80 {
			times[fmt.Sprint(rng.IntN(80))]++
		}
		diffs = append(diffs, of(a, times)-of(b, times))
	}
	slices.Sort(diffs)
	if low, high := diffs[10], diffs[389]; math.Abs((got.High-got.Low)/(high-low)-1) > 0.2 {
		t.Errorf("the interval [%v, %v] is not as wide as that of a bootstrap, [%v, %v]", got.Low, got.High, low, high)
	}
	// The interval holds 0 where p is above 0.05.
	if (got.P > 0.05) != (got.Low < 0 && got.High > 0) {
		t.Errorf("%+v", got)
	}
	back, err := CompareMeans(b, a)
	if err != nil || back.Diff != -got.Diff || math.Abs(back.P-got.P) > 1e-12 || math.Abs(back.Low+got.High) > 1e-12 {
		t.Errorf("%+v the other way round: %+v (%v)", got, back, err)
	}
	if same, err := CompareMeans(a, a); err != nil || same.Diff != 0 || same.Low != 0 || same.High != 0 || same.P != 1 {
		t.Errorf("a detector against itself: %+v (%v)", same, err)
	}
	if _, err := CompareMeans(a, b[1:]); err == nil {
		t.Error("a stratum too few is no error")
	}
	one := []Stratum{{[]float64{1, 2}, []bool{false, true}, []string{"a", "a"}}}
	if d, err := CompareMeans(one, one); err != nil || d.Low != -1 || d.High != 1 {
		t.Errorf("one person: %+v (%v)", d, err)
	}
}
