package table

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/store"
)

// Tests is the main table of a run: the AUC of each test set and method at each level (video, person in a video, frame, face),
// with the ends of its 95 % interval by people, the number of real and fake ones and of the people seen in them, and the share of
// them that has a score; or why there is no figure or interval.
// Rows are ordered by data set; within one, coarser levels come first and all methods together before each alone. Trivial rivals
// follow in a section of their own.
func Tests(r store.Record) Table {
	tests := slices.Clone(r.Tests)
	slices.SortStableFunc(tests, func(a, b store.Test) int {
		return cmp.Or(
			cmp.Compare(a.Dataset, b.Dataset),
			-cmp.Compare(a.Level, b.Level), // video, person, frame, face: the other way round in the alphabet
			pooledFirst(a.Method, b.Method),
			cmp.Compare(a.Method, b.Method),
		)
	})
	t := Table{
		Title:  fmt.Sprintf("%s: AUC of the anomaly score %q with its 95 %% interval", plain(r.Name), plain(r.Score)),
		Header: []string{"dataset", "method", "level", "AUC", "low", "high", "real", "fake", "people", "coverage", "faces"},
		Right:  []bool{false, false, false, true, true, true, true, true, true, true, false},
	}
	if synthetic(r) {
		t.Title += " (synthetic faces)"
	}
	if r.Leaks != nil {
		t.Title += " (with leaks)"
	}
	for _, x := range tests {
		low := share(x.Low)
		if x.NoInterval != "" {
			low = tooFew
		}
		t.Rows = append(t.Rows, []string{
			plain(x.Dataset), plain(x.Method), plain(x.Level), share(x.AUC), low, share(x.High),
			strconv.Itoa(x.NReal), strconv.Itoa(x.NFake), people(x.RealPeople, x.FakePeople), share(x.Coverage), faces(r, x),
		})
	}
	t.addRivals(r, tests)
	return t
}

func pooledFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "all":
		return -1
	case b == "all":
		return 1
	}
	return 0
}

// Pairs is how two detectors, called name and other, did on the videos that both have scored.
func Pairs(name, other string, pairs []evaluation.Pair) Table {
	name, other = plain(name), plain(other)
	t := Table{
		Title:  fmt.Sprintf("%s against %s: AUC over the videos that both have scored", name, other),
		Header: []string{"dataset", "method", name, other, "difference", "low", "high", "p", "real", "fake", "people", "only first", "only second"},
		Right:  []bool{false, false, true, true, true, true, true, true, true, true, true, true, true},
		Notes: []string{
			"Difference: first − second, with the ends of its 95 % interval by people; p: the paired two-sided test of no difference, not corrected for the number of tests.",
			fmt.Sprintf("Only first: videos that %s alone has scored; only second: %s alone. They are in no figure of this table.", name, other),
		},
	}
	for _, p := range pairs {
		row := []string{
			plain(p.Dataset), plain(p.Method), figure(p.AUC), figure(p.OtherAUC), figure(p.Diff), figure(p.Low), figure(p.High), none,
			strconv.Itoa(p.Real), strconv.Itoa(p.Fake), people(p.RealPeople, p.FakePeople), strconv.Itoa(p.Only), strconv.Itoa(p.OnlyOther),
		}
		if p.P != nil {
			row[7] = probability(*p.P)
		}
		if p.NoInterval != "" {
			row[5] = tooFew
			if note := plain(p.NoInterval); !slices.Contains(t.Notes, note) {
				t.Notes = append(t.Notes, note)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// tooFew stands in the place of an interval.
const tooFew = "too few"

// people prints how many people the real and the fake videos show, none where records do not say.
func people(real, fake int) string {
	if real == 0 && fake == 0 {
		return none
	}
	return fmt.Sprintf("%d/%d", real, fake)
}

// figure prints a share, none for nil.
func figure(x *float64) string {
	if x == nil {
		return none
	}
	return share(*x)
}

// faces says what kind of faces a figure rests on.
func faces(r store.Record, t store.Test) string {
	kind := "photographs"
	switch {
	case t.Synthetic:
		kind = "synthetic"
	case r.Train.Synthetic:
		kind = "trained on synthetic"
	case r.Foreign != "":
		kind = "not known"
	}
	if t.Partial {
		kind += ", partial set"
	}
	if t.Leaks != "" {
		kind += ", leaks: " + plain(t.Leaks)
	}
	if r.Train.Fakes > 0 {
		kind += ", trained on fakes too"
	}
	if note := notBeaten(r.RivalsOf(t)); note != "" {
		kind += "; " + note
	}
	if t.NoFigure != "" {
		kind += "; " + noFigure(t)
	}
	if t.NoInterval != "" {
		kind += "; " + noInterval(t.NoInterval)
	}
	return kind
}

// noInterval says why a figure has none.
func noInterval(why string) string { return "no interval: " + plain(why) }

// noFigure says why a test has none.
func noFigure(t store.Test) string { return "no figure: " + plain(t.NoFigure) }

// synthetic tells whether drawn faces have a part in any figure of the run.
func synthetic(r store.Record) bool {
	return r.Synthetic || r.Train.Synthetic ||
		slices.ContainsFunc(r.Tests, func(t store.Test) bool { return t.Synthetic })
}

// Selection is how the candidate scores did on the pseudo-fakes, made from real held-out faces, that chose; the chosen one is
// marked.
func Selection(r store.Record) Table {
	t := Table{
		Title:  fmt.Sprintf("%s: AUC on the pseudo-fakes of held-out faces that choose, with its 95 %% interval, by anomaly score", plain(r.Name)),
		Header: []string{"score", "AUC", "low", "high", "faces"},
		Right:  []bool{false, true, true, true, false},
	}
	kind := trainedOn(r, &t)
	if c := r.Choice; c != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("Mean over %s: %d real faces of %d people and %d pseudo-fakes of them. As it chose, it says too much about the score that was chosen.",
			plain(strings.Join(c.On, ", ")), c.NReal, c.People, c.NFake))
	}
	for _, s := range r.Selection {
		t.Rows = append(t.Rows, []string{plain(s.Score), share(s.AUC), share(s.Low), share(s.High), kind})
		t.Mark = append(t.Mark, s.Score == r.Score)
	}
	return t
}

// Pseudo is how the score of a run tells pseudo-fakes of held-out people who had no part in its choice, over all and by kind and
// compression.
func Pseudo(r store.Record) Table {
	t := Table{
		Title:  fmt.Sprintf("%s: AUC of the anomaly score %q on pseudo-fakes of held-out people who did not choose it, with its 95 %% interval", plain(r.Name), plain(r.Score)),
		Header: []string{"pseudo-fakes", "AUC", "low", "high", "real", "fake", "people", "faces"},
		Right:  []bool{false, true, true, true, true, true, true, false},
		Notes:  []string{"All is the mean over the kinds and compressions below it. Intervals are by people."},
	}
	kind := trainedOn(r, &t)
	for _, p := range r.Pseudo {
		t.Rows = append(t.Rows, []string{
			plain(p.On), share(p.AUC), share(p.Low), share(p.High), strconv.Itoa(p.NReal), strconv.Itoa(p.NFake), strconv.Itoa(p.People), kind,
		})
	}
	return t
}

// trainedOn says what kind of faces a run was trained on and held out, and marks the title of a table about them if need be.
func trainedOn(r store.Record, t *Table) string {
	if r.Train.Synthetic {
		t.Title += " (synthetic faces)"
		return "synthetic"
	}
	return "photographs"
}
