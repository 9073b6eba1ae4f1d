package overlap

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestUnseen(t *testing.T) {
	// Pairs of people, each real and as target of a fake with the other's face.
	test := datasets.Set{Name: "crowd"}
	for i := range 6 {
		person, other := fmt.Sprint("p", i), fmt.Sprint("p", i^1)
		test.Items = append(test.Items,
			datasets.Item{Dataset: "crowd", Method: "original", Video: fmt.Sprint("v", i), Identity: person, File: fmt.Sprintf("r%d.jpg", i)},
			datasets.Item{Dataset: "crowd", Method: "swap", Video: fmt.Sprintf("v%d_%d", i, i^1), Identity: person, Source: other, Fake: true, File: fmt.Sprintf("f%d.jpg", i)})
	}
	trained := datasets.Set{Items: []datasets.Item{{Dataset: "crowd", Identity: "p0"}}}
	unseen, videos := Unseen(test, trained)
	// Of p0: its video, the fake of it, and the fake with its face.
	if videos != 3 || len(unseen.Items) != 9 || slices.ContainsFunc(unseen.Items, func(it datasets.Item) bool { return it.Identity == "p0" || it.Source == "p0" }) {
		t.Errorf("%d videos left out, %d faces left", videos, len(unseen.Items))
	}
	if unseen.Name != test.Name || len(test.Items) != 12 {
		t.Error("the set itself has changed")
	}
}

// What Unseen leaves has no leak by name, and what it leaves out has one.
func TestUnseenIsWithoutLeaks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(name string, n int) (s datasets.Set) {
		s.Name = name
		for i := range n {
			it := datasets.Item{Dataset: name, Method: name, Video: fmt.Sprint(i), Identity: fmt.Sprint(rng.IntN(40)), File: fmt.Sprint(i)}
			if it.Fake = rng.IntN(2) == 0; it.Fake {
				it.Source = fmt.Sprint(rng.IntN(40))
			}
			s.Items = append(s.Items, it)
		}
		return s
	}
	leaking := 0
	for range 100 {
		trained, test := draw("train", 1+rng.IntN(6)), draw("test", 30)
		unseen, _ := Unseen(test, trained)
		kept := 0
		for _, it := range test.Items {
			alone := Pictured{Set: datasets.Set{Name: "test", Items: []datasets.Item{it}}}
			leaks := Leaks([]Pictured{{Set: trained}}, []Pictured{alone})[0]
			if kept < len(unseen.Items) && unseen.Items[kept].File == it.File {
				kept++
				if leaks != nil {
					t.Fatalf("%v is left, with %s", it, tell(leaks))
				}
			} else if leaks == nil {
				t.Fatalf("%v is left out without a leak", it)
			} else {
				leaking++
			}
		}
	}
	if leaking == 0 {
		t.Error("no leak was drawn")
	}
}
