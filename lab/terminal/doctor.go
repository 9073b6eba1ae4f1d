package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/table"
)

// NothingFound says that no data set was recognised, and what the first folder looks like that nearly was.
func NothingFound(r layout.Report) error {
	why := "known layouts are " + strings.Join(layout.Layouts(), ", ")
	if len(r.Strange) > 0 {
		why = fmt.Sprintf("%s: %s", graphic(r.Strange[0].Dir), r.Strange[0].Why)
	}
	return fmt.Errorf("no data set was recognised under %s; %s", graphic(r.Root), why)
}

// shown is how many lines of a kind are printed when not all are asked for.
const shown = 5

// Diagnosis sets the report for the screen; verbose names every video and problem.
func Diagnosis(r layout.Report, verbose bool) string {
	var parts []string
	if len(r.Datasets) > 0 {
		parts = append(parts, datasetTable(r.Datasets).Text(), partTable(r.Datasets).Text())
	}
	if len(r.Sets) > 0 {
		parts = append(parts, setTable(r.Sets).Text())
	}
	if t := rivalTable(r); len(t.Rows) > 0 {
		parts = append(parts, t.Text())
	}
	limit := shown
	if verbose {
		limit = -1
	}
	for _, d := range r.Datasets {
		parts = append(parts, listing("Notes on "+d.Name, d.Notes, -1))
		parts = append(parts, listing(fmt.Sprintf("Problems of %s (%s)", d.Name, faults(d.Faults)), d.Problems, limit))
		parts = append(parts, listing("Missing of "+d.Name, d.MissingVideos, -1))
	}
	for _, s := range r.Sets {
		parts = append(parts, listing("Problems of "+s.Name, s.Problems, limit))
	}
	var leaks, near, strange []string
	for _, l := range r.Leaks {
		people := l.People
		more := ""
		if !verbose && len(people) > shown {
			people, more = people[:shown], ", …"
		}
		leaks = append(leaks, fmt.Sprintf("%s | %s: %d people (%s%s)", l.From, l.To, len(l.People), strings.Join(people, ", "), more))
	}
	for _, s := range r.Strange {
		strange = append(strange, s.Dir+": "+s.Why)
	}
	for _, n := range r.Near {
		var lines []string
		for _, f := range n.Faces {
			how := fmt.Sprintf("differs by %d of 64 bits from", f.Bits)
			if f.Same {
				how = "is the same picture as"
			}
			lines = append(lines, fmt.Sprintf("%s %s %s", f.Face, how, f.Like))
		}
		near = append(near, listing(fmt.Sprintf("Faces of %s that look nearly like one of %s (%d); look at them, as people can be alike too", n.To, n.From, len(lines)), lines, limit))
	}
	parts = append(parts, listing("People on both sides of a split", leaks, -1))
	parts = append(append(parts, near...), listing("Not recognised, or not to be read", strange, -1))
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "\n")
}

// listing prints at most limit lines under a title; fewer than 0 means all.
func listing(title string, lines []string, limit int) string {
	if len(lines) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", title)
	for i, line := range lines {
		if i == limit {
			fmt.Fprintf(&b, "  … and %d more (--verbose names them)\n", len(lines)-limit)
			break
		}
		fmt.Fprintf(&b, "  %s\n", graphic(line))
	}
	return b.String()
}

// graphic takes out of a name what would break a line or drive a terminal.
func graphic(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}

func faults(count map[datasets.Fault]int) string {
	var kinds []string
	for fault, n := range count {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, fault))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}

func datasetTable(all []layout.DatasetReport) table.Table {
	t := table.Table{
		Title:  "Videos and images",
		Header: []string{"data set", "state", "real", "fake", "of", "missing", "frames", "faces", "problems", "folder"},
		Right:  []bool{false, false, true, true, true, true, true, true, true, false},
	}
	for _, d := range all {
		faces := "–" // not extracted, as far as is known
		if d.Faces != nil {
			faces = strconv.Itoa(*d.Faces)
		}
		t.Rows = append(t.Rows, []string{
			graphic(d.Name), state(d.Partial), strconv.Itoa(d.Real), strconv.Itoa(d.Fake), strconv.Itoa(d.Listed),
			strconv.Itoa(d.Missing), strconv.Itoa(d.Frames), faces, strconv.Itoa(len(d.Problems)), graphic(d.Dir),
		})
	}
	return t
}

func state(partial bool) string {
	if partial {
		return "partial"
	}
	return "complete"
}

// partTable has a row for each method and a column for each part: videos that are there / that were published.
func partTable(all []layout.DatasetReport) table.Table {
	splits := []layout.Split{layout.TrainSplit, layout.ValSplit, layout.TestSplit, layout.NoSplit}
	t := table.Table{
		Title:  "Their parts: videos that are there / in the official lists",
		Header: []string{"data set", "method", "label", "train", "val", "test", "no part"},
		Right:  []bool{false, false, false, true, true, true, true},
	}
	for _, d := range all {
		row := map[string]int{}
		for _, c := range d.Counts {
			label := map[bool]string{false: "real", true: "fake"}[c.Fake]
			method := c.Method
			if method == "" {
				method = "all"
			}
			i, ok := row[label+method]
			if !ok {
				i = len(t.Rows)
				row[label+method] = i
				t.Rows = append(t.Rows, []string{graphic(d.Name), graphic(method), label, "", "", "", ""})
			}
			t.Rows[i][3+slices.Index(splits, c.Split)] = fmt.Sprintf("%d/%d", c.There, c.Listed)
		}
	}
	return t
}

func setTable(sets []layout.SetReport) table.Table {
	t := table.Table{
		Title:  "Faces that are cut already",
		Header: []string{"set", "kind", "state", "faces", "people", "real", "fake", "problems", "folder"},
		Right:  []bool{false, false, false, true, true, true, true, true, false},
	}
	for _, s := range sets {
		partial := "" // of most sets nobody says what is the whole
		if s.Partial {
			partial = state(true)
		}
		t.Rows = append(t.Rows, []string{
			graphic(s.Name), s.Kind, partial, strconv.Itoa(s.Faces), strconv.Itoa(s.People),
			strconv.Itoa(s.Real), strconv.Itoa(s.Fake), strconv.Itoa(len(s.Problems)), graphic(s.Dir),
		})
	}
	return t
}

// rivalTable is what trivial rivals of detectors do on the test sets.
func rivalTable(r layout.Report) table.Table {
	t := table.Table{
		Title:  "Trivial rivals on test sets: AUC over videos with its 95 % interval (less sharp, darker, a smaller file is rather fake)",
		Header: []string{"set", "rival", "AUC", "low", "high", "real", "fake"},
		Right:  []bool{false, false, true, true, true, true, true},
	}
	add := func(name string, rivals []layout.Rival) {
		for _, v := range rivals {
			low, high := "too few", ""
			if v.Low != nil && v.High != nil {
				low, high = digits(*v.Low), digits(*v.High)
			}
			t.Rows = append(t.Rows, []string{graphic(name), v.Name, digits(v.AUC), low, high, strconv.Itoa(v.Real), strconv.Itoa(v.Fake)})
		}
	}
	for _, s := range r.Sets {
		add(s.Name, s.Rivals)
	}
	for _, d := range r.Datasets {
		add(d.Name, d.Rivals)
	}
	return t
}
