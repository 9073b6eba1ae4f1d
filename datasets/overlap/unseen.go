package overlap

import (
	"slices"

	"github.com/seeable-lab/seeable/datasets"
)

// Unseen returns a test set without what shows a person whom a set of trained shows, as target or as source, and how many
// videos that leaves out: their faces are Left. Someone who learns from fakes must not be tested on them again: a folder of crops can be both.
func Unseen(test datasets.Set, trained ...datasets.Set) (unseen datasets.Set, videos int) {
	people := map[string]bool{}
	for _, set := range trained {
		for _, it := range set.Items {
			for _, person := range peopleOf(it) {
				people[person] = true
			}
		}
	}
	known := func(it datasets.Item) bool {
		return slices.ContainsFunc(peopleOf(it), func(person string) bool { return people[person] })
	}
	unseen = test
	unseen.Items, unseen.Left = nil, slices.Clone(test.Left)
	left := map[string]bool{}
	for _, it := range test.Items {
		if known(it) {
			left[it.VideoID()] = true
			unseen.Left = append(unseen.Left, datasets.Left{Name: it.Name(), Fault: datasets.Seen})
			continue
		}
		unseen.Items = append(unseen.Items, it)
	}
	return unseen, len(left)
}

// peopleOf returns those whom an item shows by what they are called among all data sets: its target and, of a fake, its source,
// where the data set names them.
func peopleOf(it datasets.Item) (names []string) {
	for _, name := range []string{it.Identity, it.Source} {
		if name != "" {
			names = append(names, datasets.Person(it.Dataset, name))
		}
	}
	return names
}
