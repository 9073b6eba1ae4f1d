package datasets

import "github.com/seeable-lab/seeable/lab/stream"

// Halves halves the people of a set that is held out: what is chosen is chosen on some of them, and reported on the others. It
// returns a function that tells whether an item is of those that report.
//
// All items of a person are in one half, the one that a hash of the seed and the person gives it: neither the order of the items
// nor other people change it. Where fakes is set, groups of people take the place of people, as in [Train]: all that are joined by
// fakes, each of which joins its target and its source. If the hash puts all real items into one half, the first of the people of
// that half, by their hashes, chooses and the last reports; a single one chooses. The function is for one goroutine.
func Halves(items []Item, fakes bool, seed uint64) (reports func(Item) bool) {
	group := grouping(items, fakes)
	hashes := map[string]float64{}
	hash := func(g string) float64 {
		h, known := hashes[g]
		if !known {
			h = stream.New(seed, "report", g).Float64()
			hashes[g] = h
		}
		return h
	}
	first, last := "", "" // of the groups that have real items
	for _, it := range items {
		if it.Fake {
			continue
		}
		g := group(it)
		if first == "" || hash(g) < hash(first) {
			first = g
		}
		if last == "" || hash(g) > hash(last) {
			last = g
		}
	}
	return func(it Item) bool {
		g := group(it)
		return g != first && (g == last || hash(g) >= 0.5)
	}
}

// grouping names what goes to one side of a split, whole: the person, or the group of people that are joined by fakes.
func grouping(items []Item, fakes bool) func(Item) string {
	if fakes {
		return groups(items)
	}
	return func(it Item) string { return it.Identity }
}
