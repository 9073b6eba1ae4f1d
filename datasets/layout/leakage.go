package layout

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/overlap"
)

// Leak is people who are seen on both sides of a border that they should not cross: a detector that was trained on one
// side may know them on the other by their looks.
type Leak struct {
	From   string   `json:"from"` // what may be trained on, as in "FF++ train"
	To     string   `json:"to"`   // what is validated or tested on, as in "FF++ test" or "crops FF++ c40"
	People []string `json:"people"`
}

// Leaks compares all that may be trained on (the training parts of data sets, and sets of real faces) with all that is
// validated and tested on (the other parts, and sets of face crops), and validation with test parts. The target and the
// source of a fake both count. Compressions of a data set are one.
//
// People are told by what their data sets call them, so that only those within a data set, and those that sets without a
// numbering of their own call alike, are found: that a celebrity of Celeb-DF is also among the real faces, no list tells.
// Sequences of FF++ that were cut from one YouTube video are one person, called by the first of them.
func Leaks(sets []Dataset, crops, real []datasets.Set) []Leak {
	var sides []*side
	at := func(name string, part Split) map[string]bool {
		for _, s := range sides {
			if s.name == name && s.part == part {
				return s.people
			}
		}
		s := &side{name, part, map[string]bool{}}
		sides = append(sides, s)
		return s.people
	}
	for _, d := range sets {
		for _, v := range d.Videos {
			if v.Split != NoSplit {
				of, _ := datasets.PublishedAs(v.Dataset)
				addPeople(at(of.Name+" "+string(v.Split), v.Split), v.Dataset, v.Identity, v.Source)
			}
		}
	}
	for _, s := range real {
		for _, it := range s.Items {
			addPeople(at("real faces "+s.Name, TrainSplit), cmp.Or(it.Dataset, s.Name), it.Identity, it.Source)
		}
	}
	for _, s := range crops {
		for _, it := range s.Items {
			addPeople(at("crops "+s.Name, TestSplit), s.Name, it.Identity, it.Source)
		}
	}
	slices.SortFunc(sides, func(a, b *side) int { return strings.Compare(a.name, b.name) })
	var leaks []Leak
	for _, from := range sides {
		for _, to := range sides {
			if !border(from.part, to.part) {
				continue
			}
			both := maps.Clone(from.people)
			maps.DeleteFunc(both, func(person string, _ bool) bool { return !to.people[person] })
			if len(both) > 0 {
				leaks = append(leaks, Leak{from.name, to.name, slices.Sorted(maps.Keys(both))})
			}
		}
	}
	return leaks
}

// side is the people on one side of borders.
type side struct {
	name   string
	part   Split
	people map[string]bool
}

// border tells whether nobody may be on both sides.
func border(from, to Split) bool {
	return from == TrainSplit && to != TrainSplit || from == ValSplit && to == TestSplit
}

// addPeople adds people by what the data set calls them.
func addPeople(people map[string]bool, dataset string, names ...string) {
	for _, name := range names {
		if name != "" {
			people[datasets.Person(dataset, name)] = true
		}
	}
}

// Near is faces to test on that look nearly like faces to train on ([overlap.NearDuplicates]).
type Near struct {
	From  string     `json:"from"` // the set of real faces
	To    string     `json:"to"`   // the set of face crops
	Faces []NearFace `json:"faces"`
}

// NearFace is a face to test on with the one to train on that looks most like it, each by its ID.
type NearFace struct {
	Face string `json:"face"`
	Like string `json:"like"`
	Bits int    `json:"bits"` // of 64, by which their hashes differ
	Same bool   `json:"same"` // their pixels are the same
}

// NewNear sets down what looks alike, the most alike first.
func NewNear(from, to string, found []overlap.Near) Near {
	n := Near{From: from, To: to}
	for _, f := range found {
		n.Faces = append(n.Faces, NearFace{f.Face.ID(), f.Like.ID(), f.Bits, f.Same})
	}
	slices.SortStableFunc(n.Faces, func(a, b NearFace) int {
		if a.Same {
			a.Bits = -1
		}
		if b.Same {
			b.Bits = -1
		}
		return cmp.Compare(a.Bits, b.Bits)
	})
	return n
}
