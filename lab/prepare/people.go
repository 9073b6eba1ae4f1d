package prepare

import (
	"cmp"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Halves are the real clips of a held-out set, by which half of the people they show ([datasets.Halves]).
func Halves(held *source.Set, s spec.Spec) (choosing, reporting []int) {
	var items []datasets.Item
	for i := range held.Len() {
		items = append(items, held.Item(i))
	}
	reports := datasets.Halves(items, s.Data.Fakes, s.Seed)
	for i, it := range items {
		switch {
		case it.Fake:
		case reports(it):
			reporting = append(reporting, i)
		default:
			choosing = append(choosing, i)
		}
	}
	return choosing, reporting
}

// Spread are at most n of some clips, as many people as there are: those of one person lie side by side, and a stride takes
// them all.
func Spread(clips []int, n int) (chosen []int) {
	for at := 0; at < len(clips) && len(chosen) < n; at += max(1, len(clips)/n) {
		chosen = append(chosen, clips[at])
	}
	return chosen
}

// OneOfEach draws a face of each group that of makes, of at most so many groups. It returns their places among the items, in order.
// What is drawn of a group, and which groups, depends on seed, key and their names.
func OneOfEach(items []datasets.Item, of func(datasets.Item) string, most int, seed uint64, key ...any) []int {
	groups := map[string][]int{}
	for i, it := range items {
		groups[of(it)] = append(groups[of(it)], i)
	}
	type draw struct {
		at   int
		rank uint64
	}
	var drawn []draw
	for group, at := range groups {
		rng := stream.New(seed, append(slices.Clone(key), group)...)
		drawn = append(drawn, draw{at[rng.IntN(len(at))], rng.Uint64()})
	}
	slices.SortFunc(drawn, func(a, b draw) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.at, b.at)) })
	var chosen []int
	for _, d := range drawn[:min(len(drawn), most)] {
		chosen = append(chosen, d.at)
	}
	slices.Sort(chosen)
	return chosen
}
