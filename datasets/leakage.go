package datasets

import (
	"cmp"
	"maps"
	"slices"
	"strings"
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
func Leaks(datasets []Dataset, crops, real []Set) []Leak {
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
	for _, d := range datasets {
		for _, v := range d.Videos {
			if v.Split != NoSplit {
				f := family(v.Dataset)
				addPeople(at(f+" "+string(v.Split), v.Split), f, v.Identity, v.Source)
			}
		}
	}
	for _, s := range real {
		for _, it := range s.Items {
			addPeople(at("real faces "+s.Name, TrainSplit), family(cmp.Or(it.Dataset, s.Name)), it.Identity, it.Source)
		}
	}
	for _, s := range crops {
		for _, it := range s.Items {
			addPeople(at("crops "+s.Name, TestSplit), family(s.Name), it.Identity, it.Source)
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
				leaks = append(leaks, Leak{from.name, to.name, sortedKeys(both)})
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

// numbered are the data sets that number their people, so that a name means something in them alone.
var numbered = []string{"FF++", "DFD", celebLayout, dfdcLayout, dfdcpLayout}

// family is the data set without its compression if it numbers its people, else "".
func family(dataset string) string {
	for _, name := range numbered {
		if dataset == name || strings.HasPrefix(dataset, name+" ") && slices.Contains([]string{"raw", "c23", "c40"}, dataset[len(name)+1:]) {
			return name
		}
	}
	return ""
}

func addPeople(people map[string]bool, family string, names ...string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		people[personKey(family, name)] = true
	}
}

// personKey is what a person is called among those of all data sets.
func personKey(family, name string) string {
	if family == "FF++" {
		for _, same := range ffppSameVideo {
			if slices.Contains(same, name) {
				name = same[0]
			}
		}
	}
	if family != "" {
		name = family + " " + name
	}
	return name
}
