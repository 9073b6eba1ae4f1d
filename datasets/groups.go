package datasets

import "fmt"

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
