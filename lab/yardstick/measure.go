package yardstick

import "github.com/seeable-lab/seeable/lab/metric"

// Scores are what a detector, or a rival, makes of the pictures: by face, rung and side; larger is rather fake.
type Scores [][][Sides]float64

// All is the name of the row of all families.
const All = "all"

// A Row has a value of a family, or of All, for each rung, and that of all hard rungs together.
type Row[T any] struct {
	Family string `json:"family"`
	Rungs  []T    `json:"rungs"`
	Hard   T      `json:"hard"`
}

// A Figure is an AUC, or a mean of AUCs that each count alike, with its 95 % interval by people.
type Figure struct {
	AUC  float64 `json:"auc"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Change is by how much such a figure is larger than that of another detector, paired by person.
type Change struct {
	Diff float64 `json:"diff"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	P    float64 `json:"p"`
}

// Measure tells how scores tell fakes from the real pictures of their family. People are who is seen on each face.
func Measure(scores Scores, people []string) ([]Row[Figure], error) {
	return rowsOf(func(families []Family, at []int) (Figure, error) {
		m, err := metric.MeanAUC(strata(scores, people, families, at)...)
		return Figure{m.Value, m.Low, m.High}, err
	})
}

// Compare tells by how much the figures of a are larger than those of b on the same faces.
func Compare(a, b Scores, people []string) ([]Row[Change], error) {
	return rowsOf(func(families []Family, at []int) (Change, error) {
		d, err := metric.CompareMeans(strata(a, people, families, at), strata(b, people, families, at))
		return Change{d.Diff, d.Low, d.High, d.P}, err
	})
}

// rowsOf makes the rows of each family and of all of them.
func rowsOf[T any](cell func(families []Family, at []int) (T, error)) (rows []Row[T], err error) {
	of := func(name string, families []Family) (err error) {
		row := Row[T]{Family: name}
		var hard []int
		for at := range rungs {
			value, err := cell(families, []int{at})
			if err != nil {
				return err
			}
			row.Rungs = append(row.Rungs, value)
			if at >= FirstHard {
				hard = append(hard, at)
			}
		}
		row.Hard, err = cell(families, hard)
		rows = append(rows, row)
		return err
	}
	for _, f := range Families() {
		if err := of(f.Name, []Family{f}); err != nil {
			return nil, err
		}
	}
	if err := of(All, Families()); err != nil {
		return nil, err
	}
	return rows, nil
}

// strata are the fakes of families and the real pictures that they go with, under some rungs: one for each family and rung.
func strata(scores Scores, people []string, families []Family, at []int) (all []metric.Stratum) {
	for _, family := range families {
		for _, rung := range at {
			var s metric.Stratum
			for i, face := range scores {
				s.Scores = append(s.Scores, face[rung][family.real], face[rung][family.fake])
				s.Fake = append(s.Fake, false, true)
				s.People = append(s.People, people[i], people[i])
			}
			all = append(all, s)
		}
	}
	return all
}
