package metric

import "math"

// Average is a mean over people.
type Average struct {
	Value  float64
	Low    float64 // interval of [Confidence]; NaN with fewer than [LeastPeople]
	High   float64
	N      int // items
	People int
}

// AverageOverPeople returns the mean over people of the means of their items, so that each counts alike, with Student's interval of
// a mean of as many independent values as there are people. people says whom each item shows.
//
// The error is ErrEmpty, a *LengthError, or a *ScoreError for the first value that is not finite.
func AverageOverPeople(values []float64, people []string) (Average, error) {
	if len(values) != len(people) {
		return Average{}, &LengthError{List: "people", Length: len(people), Scores: len(values)}
	}
	if len(values) == 0 {
		return Average{}, ErrEmpty
	}
	type sum struct{ n, x float64 }
	of := map[string]*sum{}
	var sums []*sum // in the order of the items, on which sums of floating point depend
	for i, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return Average{}, &ScoreError{Index: i, Score: x}
		}
		s := of[people[i]]
		if s == nil {
			s = &sum{}
			of[people[i]], sums = s, append(sums, s)
		}
		s.n, s.x = s.n+1, s.x+x
	}
	n := float64(len(sums))
	a := Average{N: len(values), People: len(sums), Low: math.NaN(), High: math.NaN()}
	for _, s := range sums {
		a.Value += s.x / s.n
	}
	a.Value /= n
	if a.People < LeastPeople {
		return a, nil
	}
	squares := 0.
	for _, s := range sums {
		d := s.x/s.n - a.Value
		squares += d * d
	}
	reach := quantileT(n-1) * math.Sqrt(squares/(n-1)/n)
	a.Low, a.High = a.Value-reach, a.Value+reach
	return a, nil
}
