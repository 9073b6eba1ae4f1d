package yardstick

import (
	"cmp"
	"slices"
)

// Most is how many faces the reference has.
const Most = 256

// A Candidate is a face that the reference may have.
type Candidate struct {
	Digest string // of its pixels
	Person string
	At     int // where it lies
}

// Choose takes the faces of lowest [Rank]: one of each person, then a second one of each who has several, until there are most. The
// same picture counts once. The order of the candidates has no part in it.
func Choose(all []Candidate, most int) (chosen []Candidate) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(Rank(a.Digest), Rank(b.Digest)), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Person, b.Person), a.At-b.At)
	})
	all = slices.CompactFunc(all, func(a, b Candidate) bool { return a.Digest == b.Digest })
	of := map[string]int{} // faces of each person before this one
	turn := make(map[string]int, len(all))
	for _, c := range all {
		turn[c.Digest] = of[c.Person]
		of[c.Person]++
	}
	slices.SortStableFunc(all, func(a, b Candidate) int { return turn[a.Digest] - turn[b.Digest] })
	return all[:min(most, len(all))]
}
