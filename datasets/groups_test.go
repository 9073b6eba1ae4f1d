package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// crowd writes a folder of labelled crops: pairs of people, each real and as target of a fake with the other's face.
func crowd(t *testing.T, dir string, pairs int) {
	var rows strings.Builder
	fmt.Fprintln(&rows, strings.Join(cropsHeader, ","))
	for i := range 2 * pairs {
		other := i ^ 1
		for _, row := range []string{
			fmt.Sprintf("r%d.jpg,0,original,v%d,0,p%d,,,,,", i, i, i), fmt.Sprintf("f%d.jpg,1,swap,v%d_%d,0,p%d,p%d,,,,", i, i, other, i, other),
		} {
			file, _, _ := strings.Cut(row, ",")
			write(t, dir, file, "")
			fmt.Fprintln(&rows, row)
		}
	}
	write(t, dir, "manifest.csv", rows.String())
}

func TestTrainWithFakes(t *testing.T) {
	root := t.TempDir()
	crowd(t, root+"/crops/crowd", 60)
	people(t, root+"/real/a", 40, 1)
	d := spec.Data{Train: []string{"crops/crowd", "real/a"}, Holdout: 0.3, Fakes: true, Exclude: []string{"p8"}}
	train, held, problems, err := Train(root, d, 5, Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	side := map[string]string{}
	for _, s := range []Set{train, held} {
		fakes := 0
		for _, it := range s.Items {
			for _, p := range []string{it.Identity, it.Source} {
				if before, ok := side[p]; ok && before != s.Name && p != "" {
					t.Errorf("%s is on both sides", p)
				}
				side[p] = s.Name
			}
			if it.Fake {
				fakes++
			}
		}
		if fakes == 0 || fakes == len(s.Items) {
			t.Errorf("%d of %d faces of %s are fake", fakes, len(s.Items), s.Name)
		}
	}
	// Of p8 the real face, and the two fakes with p9, are out.
	if n := len(train.Items) + len(held.Items); n != 4*60-3+2*40 || side["p8"] != "" {
		t.Errorf("%d faces, the excluded on side %q", n, side["p8"])
	}
	// 100 groups or so, of which 30 % are held out: a standard deviation of 4.6.
	if share := float64(len(held.Items)) / float64(len(train.Items)+len(held.Items)); share < 0.1 || share > 0.5 {
		t.Errorf("%.2f of the faces are held out", share)
	}

	d.Fakes = false
	if _, _, _, err := Train(root, d, 5, Strict); err == nil || !strings.Contains(err.Error(), "data.fakes = true") {
		t.Errorf("without data.fakes: %v", err)
	}
	d = spec.Data{Train: []string{"real/a"}, Holdout: 0.3, Fakes: true}
	if _, _, _, err := Train(root, d, 5, Strict); err == nil || !strings.Contains(err.Error(), "0 of") {
		t.Errorf("without a fake: %v", err)
	}
	// Of three pairs one is held out, whatever the seed, for shares around a third.
	crowd(t, root+"/crops/three", 3)
	for seed := range uint64(20) {
		train, held, _, err := Train(root, spec.Data{Train: []string{"crops/three"}, Holdout: 0.2 + 0.01*float64(seed), Fakes: true}, seed, Strict)
		if err != nil || len(train.Items) != 8 || len(held.Items) != 4 {
			t.Errorf("seed %d: %d faces train, %d are held out, error %v; want 8 and 4", seed, len(train.Items), len(held.Items), err)
		}
	}
	// All people of one group go to one side, which leaves nothing for the other.
	crowd(t, root+"/crops/two", 1)
	d = spec.Data{Train: []string{"crops/two"}, Holdout: 0.3, Fakes: true}
	if _, _, _, err := Train(root, d, 5, Strict); err == nil || !strings.Contains(err.Error(), "more groups of people") {
		t.Errorf("one group: %v", err)
	}
}

// Groups are the connected components that a search from each item finds, whatever the order of the items.
func TestGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var items []Item
		for range 1 + rng.IntN(30) {
			it := Item{Dataset: "d", Identity: fmt.Sprint(rng.IntN(20))}
			if rng.IntN(2) == 0 {
				it.Source = fmt.Sprint(rng.IntN(20))
			}
			items = append(items, it)
		}
		group := groups(items)
		want := make([]int, len(items)) // the group of an item, by its first item
		for i := range want {
			want[i] = -1
		}
		shares := func(a, b Item) bool {
			return a.Identity == b.Identity || a.Source != "" && (a.Source == b.Identity || a.Source == b.Source) || b.Source != "" && b.Source == a.Identity
		}
		for i := range items {
			if want[i] >= 0 {
				continue
			}
			for open := []int{i}; len(open) > 0; open = open[1:] {
				if want[open[0]] >= 0 {
					continue
				}
				want[open[0]] = i
				for j := range items {
					if shares(items[open[0]], items[j]) {
						open = append(open, j)
					}
				}
			}
		}
		for i := range items {
			for j := range items {
				if (group(items[i]) == group(items[j])) != (want[i] == want[j]) {
					t.Fatalf("items %d and %d of %+v", i, j, items)
				}
			}
		}
		names := make([]string, len(items))
		for i, it := range items {
			names[i] = group(it)
		}
		turned := slices.Clone(items)
		slices.Reverse(turned)
		group = groups(turned)
		for i, it := range items {
			if group(it) != names[i] {
				t.Fatal("the order of the items changes the name of a group")
			}
		}
	}
	// Sequences of FF++ from one video are one person.
	same := []string{"331", "332"}
	group := groups([]Item{{Dataset: "FF++ c40", Identity: same[0]}, {Dataset: "FF++ c23", Identity: same[1]}})
	if group(Item{Dataset: "FF++ c40", Identity: same[0]}) != group(Item{Dataset: "FF++ c40", Identity: same[1]}) {
		t.Errorf("%v are two people", same)
	}
}

func TestTracksInManifests(t *testing.T) {
	dir := t.TempDir() + "/crops"
	header := strings.Join(cropsHeader, ",")
	open := func(rows string) (Set, error) {
		write(t, dir, "a.jpg", "one", "b.jpg", "two", "manifest.csv", rows)
		set, _, err := OpenCrops(dir, Strict)
		return set, err
	}
	set, err := open(header + ",track\na.jpg,0,m,v,0,,,,,,,3\nb.jpg,0,m,v,1,,,,,,,\n,0,m,v,2,,,,,,,\n")
	if err != nil || set.Items[0].Frame != 2 || set.Items[1].Track != 4 || set.Items[2].Track != 0 {
		t.Fatalf("%+v (%v)", set.Items, err)
	}
	tracked, err := Digest(set)
	if err != nil {
		t.Fatal(err)
	}
	set, err = open(header + "\na.jpg,0,m,v,0,,,,,,\nb.jpg,0,m,v,1,,,,,,\n,0,m,v,2,,,,,,\n")
	if err != nil {
		t.Fatal(err)
	}
	// Without tracks a set has the digest that it always had.
	plain, err := Digest(set)
	if err != nil || plain == tracked {
		t.Errorf("digest %s with and without tracks (%v)", plain, err)
	}
	for _, row := range []string{"a.jpg,0,m,v,0,,,,,,,-1", "a.jpg,0,m,v,0,,,,,,,x", ",0,m,v,0,,,,,,,1"} {
		if _, err := open(header + ",track\n" + row + "\n"); err == nil || !strings.Contains(err.Error(), "track") {
			t.Errorf("%s: %v", row, err)
		}
	}
}
