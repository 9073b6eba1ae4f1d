package datasets

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Person is what a person is called among those of all data sets: name is what the data set calls them. A name that a
// published data set gives holds within it alone, and there one person has one name ([Published.Person]).
func Person(dataset, name string) string {
	of, numbered := PublishedAs(dataset)
	if of.Person != nil {
		name = of.Person(name)
	}
	if numbered {
		name = of.Name + " " + name
	}
	return name
}

// groups joins the people of items: the target and the source of a fake are in one group, and so are all that others join to
// them. It returns a function that names the group of an item, by the first of its people in the order of the alphabet, so
// that the order of the items does not matter.
func groups(items []Item) func(Item) string {
	above := map[string]string{} // towards the first of the group
	var first func(string) string
	first = func(p string) string {
		up, ok := above[p]
		if !ok || up == p {
			above[p] = p
			return p
		}
		up = first(up)
		above[p] = up
		return up
	}
	key := func(it Item, name string) string { return Person(it.Dataset, name) }
	for _, it := range items {
		a := first(key(it, it.Identity))
		if it.Source == "" {
			continue
		}
		b := first(key(it, it.Source))
		above[max(a, b)] = min(a, b)
	}
	return func(it Item) string { return first(key(it, it.Identity)) }
}

// heldOut draws who is held out of some items and returns a function that says whether an item is.
func heldOut(items []Item, d spec.Data, seed uint64) func(Item) bool {
	group := grouping(items, d.Fakes)
	draw := func(g string) float64 { return stream.New(seed, "holdout", g).Float64() }
	out := map[string]bool{}
	if d.Fakes {
		var joined []string             // groups of both classes
		classes := map[string][2]bool{} // has real faces, has fakes
		for _, it := range items {
			g := group(it)
			class := 0
			if it.Fake {
				class = 1
			}
			is := classes[g]
			if is[class] = true; is != classes[g] && is == [2]bool{true, true} {
				joined = append(joined, g)
			}
			classes[g] = is
		}
		slices.SortFunc(joined, func(a, b string) int { return cmp.Or(cmp.Compare(draw(a), draw(b)), cmp.Compare(a, b)) })
		n := max(1, min(int(math.Round(d.Holdout*float64(len(joined)))), len(joined)-1))
		for i, g := range joined {
			out[g] = i < n
		}
	}
	return func(it Item) bool {
		g := group(it)
		side, known := out[g]
		if !known {
			side = draw(g) < d.Holdout
			out[g] = side
		}
		return side
	}
}

// bothClasses tells whether training and held-out faces are real and fake ones each.
func bothClasses(train, held Set) error {
	for _, side := range []struct {
		what string
		set  Set
	}{{"trained on", train}, {"held out", held}} {
		fakes, faces := 0, 0
		for _, it := range side.set.Items {
			if it.NoFace() {
				continue
			}
			faces++
			if it.Fake {
				fakes++
			}
		}
		if fakes == 0 || fakes == faces {
			return fmt.Errorf("datasets: %d of %d faces of %s that are %s are fake; with data.fakes both kinds must be there: "+
				"want training sets of more groups of people (a fake joins its target and its source), another seed or holdout",
				fakes, faces, train.Name, side.what)
		}
	}
	return nil
}
