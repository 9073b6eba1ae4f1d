package datasets

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// All items of a person are in one half, whatever the order of the items and whoever else is there; each half has about half of the
// people, another half of them by another seed.
func TestHalves(t *testing.T) {
	var items []Item
	for p := range 2500 {
		for range 1 + p%3 {
			items = append(items, Item{Dataset: "d", Identity: fmt.Sprint("p", p)})
		}
	}
	half := func(items []Item, seed uint64) (reporting map[string]bool, n int) {
		reports, found := Halves(items, false, seed), map[string]bool{}
		for _, it := range items {
			if was, known := found[it.Identity]; known && was != reports(it) {
				t.Fatalf("%s is in both halves", it.Identity)
			}
			found[it.Identity] = reports(it)
		}
		for _, yes := range found {
			if yes {
				n++
			}
		}
		return found, n
	}
	all, n := half(items, 1)
	if n < 1150 || n > 1350 { // four standard deviations
		t.Errorf("%d of 2500 people report", n)
	}
	some := items[200:600:600]
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	shuffled, _ := half(some, 1)
	for p, reports := range shuffled {
		if all[p] != reports {
			t.Errorf("%s changes sides with other people and another order", p)
		}
	}
	other, _ := half(items, 2)
	moved := 0
	for p := range all {
		if all[p] != other[p] {
			moved++
		}
	}
	if moved < 1150 || moved > 1350 {
		t.Errorf("another seed moves %d of 2500 people", moved)
	}
}

// Where there are few people both halves have real faces of some, and fakes tie people together.
func TestHalvesOfFew(t *testing.T) {
	for seed := range uint64(60) {
		for people := 1; people <= 5; people++ {
			var items []Item
			for p := range people {
				items = append(items, Item{Identity: fmt.Sprint(p)}, Item{Identity: fmt.Sprint(p)})
			}
			reports := Halves(items, false, seed)
			n := 0
			for _, it := range items {
				if reports(it) {
					n++
				}
			}
			if chosen := len(items) - n; chosen == 0 || n == 0 && people > 1 || n > 0 && people == 1 {
				t.Errorf("seed %d, %d people: %d faces choose and %d report", seed, people, chosen, n)
			}
			// A ring of fakes makes one group of all.
			for p := range people {
				items = append(items, Item{Identity: fmt.Sprint(p), Source: fmt.Sprint((p + 1) % people), Fake: true})
			}
			reports = Halves(items, true, seed)
			for _, it := range items {
				if reports(it) {
					t.Fatalf("seed %d: %+v reports, though fakes join all people", seed, it)
				}
			}
		}
	}
	// Somebody of whom there are only fakes takes the place of nobody.
	for seed := range uint64(20) {
		items := []Item{{Identity: "a"}, {Identity: "b"}}
		for p := range 30 {
			items = append(items, Item{Identity: fmt.Sprint(p), Source: "x", Fake: true})
		}
		if reports := Halves(items, false, seed); reports(items[0]) == reports(items[1]) {
			t.Errorf("seed %d: both real people are in one half", seed)
		}
	}
}
