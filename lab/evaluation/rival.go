package evaluation

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// Rival is the scores of a trivial rival (package rival), pooled as those of a system.
type Rival struct {
	Name string // its column in scores.csv
	Sets []Set
}

// PoolRivals pools the rivals among the scores of faces; columns are the names of the scores. The faces are gone over once
// for each.
func PoolRivals(faces iter.Seq[store.Item], columns []string) ([]Rival, error) {
	var found []Rival
	for i, name := range columns {
		if !rival.Is(name) {
			continue
		}
		sets, err := Pool(withoutErrors(faces), i)
		if err != nil {
			return nil, err
		}
		found = append(found, Rival{name, sets})
	}
	return found, nil
}

// ReadRivals pools the rivals of the scores.csv of a run; none of one of before version 0.6, and of another tool's scores.
func ReadRivals(path string) ([]Rival, error) {
	names, err := scoreNames(path)
	if err != nil {
		return nil, err
	}
	var found []Rival
	for _, name := range names {
		if rival.Is(name) {
			sets, err := Read(path, name)
			if err != nil {
				return nil, err
			}
			found = append(found, Rival{name, sets})
		}
	}
	return found, nil
}

// set is the rival's of a test set; empty if it has none.
func (r Rival) set(name string) Set {
	if i := slices.IndexFunc(r.Sets, func(s Set) bool { return s.Name == name }); i >= 0 {
		return r.Sets[i]
	}
	return Set{Name: name}
}

// Against measures a rival on the videos of the set that both have scored, the real ones and the fakes of a manipulation. It is
// not ok where there is no figure, as where faces have no file to have a size.
func (s Set) Against(r Rival, manipulation string) (m store.Rival, ok bool, err error) {
	other := r.set(s.Name).scoredBy(s)
	test, err := other.Test(manipulation)
	if err != nil {
		return store.Rival{}, false, fmt.Errorf("evaluation: %s: %w", r.Name, err)
	}
	if test.NoFigure != "" {
		return store.Rival{}, false, nil
	}
	m = store.Rival{
		Name: r.Name, Dataset: s.Name, Method: manipulation, AUC: test.AUC, NReal: test.NReal, NFake: test.NFake,
		RealPeople: test.RealPeople, FakePeople: test.FakePeople, NoInterval: test.NoInterval,
	}
	if test.NoInterval == "" {
		m.Low, m.High = &test.Low, &test.High
	}
	d, err := s.Difference(other, manipulation)
	if err != nil {
		return store.Rival{}, false, err
	}
	if d.TooFew == "" {
		m.Difference = &store.Difference{Value: d.Diff, Low: d.Low, High: d.High}
	}
	return m, true, nil
}

// Rivals measures the rivals on the videos of the set that they and the set have scored: for all fakes and, where there are
// several, for each manipulation.
func (s Set) Rivals(rivals []Rival) ([]store.Rival, error) {
	kinds := []string{All}
	if found := s.Manipulations(); len(found) > 1 {
		kinds = append(kinds, found...)
	}
	var all []store.Rival
	for _, kind := range kinds {
		for _, r := range rivals {
			m, ok, err := s.Against(r, kind)
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, m)
			}
		}
	}
	return all, nil
}

// scoredBy is the set without the scores of videos that the other has not scored.
func (s Set) scoredBy(other Set) Set {
	scored := map[string]bool{}
	for _, v := range other.Videos {
		if v.Scored > 0 {
			scored[v.Name] = true
		}
	}
	s.Videos = slices.Clone(s.Videos)
	for i := range s.Videos {
		if v := &s.Videos[i]; !scored[v.Name] {
			v.Score, v.Scored = math.NaN(), 0
		}
	}
	return s
}
