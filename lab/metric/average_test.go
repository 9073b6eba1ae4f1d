package metric

import (
	"errors"
	"math"
	"testing"
)

// Means of people count alike, whatever the number of their items; the interval is that of a t-table: five people of means 0.1, 0.2,
// 0.3, 0.4 and 0.5 have the deviation √0.025, and t of 4 degrees of freedom is 2.776.
func TestAverageOverPeople(t *testing.T) {
	values := []float64{0.1, 0.0, 0.4, 0.3, 0.4, 0.5, 0.5, 0.5}
	people := []string{"a", "b", "b", "c", "d", "e", "e", "e"}
	got, err := AverageOverPeople(values, people)
	if err != nil {
		t.Fatal(err)
	}
	reach := 2.776445 * math.Sqrt(0.025/5)
	for name, c := range map[string][2]float64{"mean": {got.Value, 0.3}, "low": {got.Low, 0.3 - reach}, "high": {got.High, 0.3 + reach}} {
		if math.Abs(c[0]-c[1]) > 1e-6 {
			t.Errorf("%s %v, want %v", name, c[0], c[1])
		}
	}
	if got.N != 8 || got.People != 5 {
		t.Errorf("%d items of %d people, want 8 of 5", got.N, got.People)
	}
	few, err := AverageOverPeople(values[:5], people[:5])
	if err != nil || !math.IsNaN(few.Low) || !math.IsNaN(few.High) || math.Abs(few.Value-0.25) > 1e-12 {
		t.Errorf("four people: %+v, %v; want 0.25 without an interval", few, err)
	}
	if _, err := AverageOverPeople(nil, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("nothing: %v", err)
	}
	if _, ok := errors.AsType[*LengthError](second(AverageOverPeople(values, people[:3]))); !ok {
		t.Error("lists of two lengths are no error")
	}
	if _, ok := errors.AsType[*ScoreError](second(AverageOverPeople([]float64{1, math.NaN()}, []string{"a", "b"}))); !ok {
		t.Error("NaN is no error")
	}
}

func second(_ Average, err error) error { return err }
