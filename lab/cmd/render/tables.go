package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/version"
)

// none stands for a figure that is not there.
const none = "–"

// notes collects the notes of a table, each under a letter.
type notes struct{ all []string }

func (n *notes) mark(note string) string {
	i := slices.Index(n.all, note)
	if i < 0 {
		i = len(n.all)
		n.all = append(n.all, note)
	}
	return fmt.Sprintf(" (%s)", string(rune('a'+i%26))+strings.Repeat("'", i/26))
}

// below are the lines under a table: what holds for all, then the notes.
func (n *notes) below(general ...string) []string {
	for i, note := range n.all {
		general = append(general, fmt.Sprintf("(%s) %s", string(rune('a'+i%26))+strings.Repeat("'", i/26), note))
	}
	return general
}

// head is the first cell of a row: its name, what trained it, and whether it is stale.
func (r row) head(n *notes) string {
	text := r.label
	if old := r.record.Stale(); old != "" {
		text += " STALE" + n.mark(fmt.Sprintf("measured with %s; this is %s, which may find other figures", old, now()))
	}
	return text + "\nseed " + setting(r.record, "seed") + "; " + r.record.Sets() + "\n" + r.record.Train.On()
}

func now() string { return "numerics " + version.Numerics }

// setting is the value of a key of a record's spec, without quotes.
func setting(r *record.Record, key string) string {
	_, values := spec.Values(strings.Join(r.Spec, "\n"))
	return strings.Trim(values[key], `"`)
}

// value is a number that may not be there, NaN then.
func value(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// trainingTable says what was trained, with what effort, and what it learnt.
func trainingTable(rows []row) string {
	var n notes
	t := table.Table{
		Title:  "What was trained, and what of it shows on held-out real faces",
		Header: []string{"", "network", "images, size", "seconds", "held-out accuracy (guessing)", "score", "pseudo-fakes"},
		Right:  []bool{false, false, true, true, true, false, true},
	}
	for _, r := range rows {
		head, train := r.head(&n), r.record.Train
		held := fmt.Sprintf("%.3f (%.3f)", train.Accuracy, train.Chance)
		if !train.Classified() {
			held = fmt.Sprintf("%s %.3f", train.Held(), train.HeldOutLoss)
		}
		network := setting(r.record, "encoder.name")
		if weights := setting(r.record, "encoder.weights"); weights != "" {
			network += ", " + weights
		}
		if p := setting(r.record, "encoder.precision"); p != "" && p != "float32" {
			network += ", " + p
		}
		size := setting(r.record, "encoder.size")
		seconds := fmt.Sprintf("%.0f", r.record.Seconds)
		if r.record.Sessions > 1 {
			seconds += n.mark(fmt.Sprintf("in %d sessions, after interruptions", r.record.Sessions))
		}
		if train.Donor != "" {
			seconds += n.mark(fmt.Sprintf("its network was trained by %s in %.0f s", train.Donor, train.Seconds))
		}
		figure, clips, chose := pseudo(r.record)
		switch {
		case figure == "":
			figure = none
		case chose:
			figure += n.mark("of those pseudo-fakes that chose the score, which says too much")
		default:
			figure += "\n" + clips
		}
		t.Rows = append(t.Rows, []string{head, network, store.Thousands(train.Images) + " at " + size, seconds, held, r.record.Score, figure})
	}
	t.Notes = n.below("Seconds are of the whole run. Pseudo-fakes: AUC, with its 95 % interval, of the chosen score on pseudo-fakes made of held-out real faces, of people who had no part in the choice, " +
		"and how many real clips and pseudo-fakes of how many people that are; no deepfake chooses.")
	return t.Markdown()
}

// ownTable says whether networks learnt what they were taught.
func ownTable(rows []row) string {
	var n notes
	t := table.Table{
		Title:  "What networks know of their own pseudo-fakes, of held-out people who had no part in the choice of the score",
		Header: []string{"", "pseudo-fakes", "AUC of the score", "what else it predicts", "", "the best that is the same for all"},
		Right:  []bool{false, false, true, false, true, true},
	}
	for _, r := range rows {
		train := r.record.Train
		cells := []string{r.head(&n), none, none, none, none, none}
		if p := train.Own; p != nil {
			cells[1] = p.On
			cells[2] = record.Interval(p.AUC, p.Low, p.High) + "\n" + clips(*p)
		} else {
			cells[1] += n.mark("made before this was measured")
		}
		switch g := train.Gauge; {
		case g != nil:
			cells[3], cells[4], cells[5] = g.Name, fmt.Sprintf("%.3f\n%s samples of %s people", g.Value, store.Thousands(g.N), store.Thousands(g.People)), fmt.Sprintf("%.3f", g.Blind)
		case train.Measured != "":
			cells[3], cells[4] = train.Held()+", of real faces", fmt.Sprintf("%.4f\n%.4f at first", train.HeldOutLoss, train.AtFirst)
		}
		t.Rows = append(t.Rows, cells)
	}
	t.Notes = n.below("Pseudo-fakes are augmented as in training; selfblend: self-blended images, in the place of own ones where a system makes none or makes these. IoU is that of the places where map and prediction reach one half, the mean over fakes.")
	return t.Markdown()
}

// pseudo is the figure of the chosen score on pseudo-fakes, "" if there is none, and what it is of. Records before 0.6 have that
// of the pseudo-fakes that chose.
func pseudo(r *record.Record) (figure, of string, chose bool) {
	if p, ok := r.OnPseudo(); ok {
		return record.Interval(p.AUC, p.Low, p.High), clips(p), false
	}
	for _, s := range r.Selection {
		if s.Score == r.Score {
			return record.Interval(s.AUC, s.Low, s.High), "", true
		}
	}
	return "", "", false
}

// clips is how many clips a figure is of, and how many people are in them.
func clips(p store.Pseudo) string {
	return fmt.Sprintf("%s/%s clips of %s people", store.Thousands(p.NReal), store.Thousands(p.NFake), store.Thousands(p.People))
}

// order are the columns of test sets: these first, the others by the alphabet.
var order = []string{"FF++ c40", "FF++ c23", "Celeb-DF v2", "DFDC", "DFDC preview"}

// columns are the names without repetition, in order.
func columns(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		place := func(name string) int {
			if i := slices.Index(order, name); i >= 0 {
				return i
			}
			return len(order)
		}
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
	return slices.Compact(names)
}

// testTable is the AUC over videos on every test set, with all its fakes.
func testTable(rows []row) string {
	var sets []string
	for _, r := range rows {
		for _, t := range r.record.Tests {
			sets = append(sets, t.Dataset)
		}
	}
	sets = columns(sets)
	return auc("AUC over videos", rows, sets, func(r *record.Record, column string) (store.Test, bool) { return test(r, column, evaluation.All) })
}

// manipulationTable is the AUC over the videos of a set, its manipulations apart.
func manipulationTable(set string, rows []row) string {
	var kinds []string
	for _, r := range rows {
		for _, t := range r.record.Tests {
			if t.Dataset == set {
				kinds = append(kinds, t.Method)
			}
		}
	}
	kinds = columns(kinds)
	return auc("AUC over videos of "+set+", by manipulation", rows, kinds, func(r *record.Record, column string) (store.Test, bool) { return test(r, set, column) })
}

func test(r *record.Record, set, method string) (store.Test, bool) {
	for _, t := range r.Tests {
		if t.Dataset == set && t.Method == method {
			return t, true
		}
	}
	return store.Test{}, false
}

// auc is a table of figures over videos.
func auc(title string, rows []row, columns []string, of func(r *record.Record, column string) (store.Test, bool)) string {
	var n notes
	t := table.Table{Title: title, Header: append([]string{""}, columns...), Right: make([]bool, len(columns)+1)}
	for _, r := range rows {
		cells := []string{r.head(&n)}
		for _, column := range columns {
			test, ok := of(r.record, column)
			if !ok {
				cells = append(cells, none)
				continue
			}
			cells = append(cells, cell(r.record, test, &n))
		}
		t.Rows = append(t.Rows, cells)
	}
	general := []string{"In a cell: AUC with its 95 % interval, videos with a score and people in them (real/fake), and coverage, the share of the videos with a score."}
	measured := len(t.Rows)
	for _, name := range rival.Names() {
		cells, any := rivalCells(name, rows, columns, of, &n)
		if any {
			t.Rows = append(t.Rows, append([]string{rival.Label(name)}, cells...))
		}
	}
	if more := len(t.Rows) - measured; more > 0 {
		t.Sections = []table.Section{{Rows: measured}, {Title: "Trivial rivals (less sharp, darker, a smaller file is rather fake)", Rows: more}}
		general = append(general, "Not shown to beat a rival: the 95 % interval of the difference, paired by video, holds 0 or lies below it, or there is none.")
	}
	t.Notes = n.below(general...)
	return t.Markdown()
}

// rivalCells are the figures of a trivial rival: those of the first row that has them, as they are of its videos.
func rivalCells(name string, rows []row, columns []string, of func(r *record.Record, column string) (store.Test, bool), n *notes) (cells []string, any bool) {
	for _, column := range columns {
		cell := none
		for _, r := range rows {
			test, ok := of(r.record, column)
			i := slices.IndexFunc(r.record.RivalsOf(test), func(m store.Rival) bool { return m.Name == name })
			if !ok || i < 0 {
				continue
			}
			m := r.record.RivalsOf(test)[i]
			cell, any = record.Interval(m.AUC, value(m.Low), value(m.High)), true
			if m.NoInterval != "" {
				cell += n.mark(m.NoInterval)
			}
			cell += "\n" + record.Videos(m.NReal, m.NFake, m.RealPeople, m.FakePeople)
			break
		}
		cells = append(cells, cell)
	}
	return cells, any
}

// cell is the figure of a test.
func cell(r *record.Record, t store.Test, n *notes) string {
	text := none
	if t.NoFigure == "" {
		text = record.Interval(t.AUC, t.Low, t.High)
	} else {
		text += n.mark(t.NoFigure)
	}
	for _, note := range r.Remarks(t) {
		text += n.mark(note)
	}
	return text + fmt.Sprintf("\n%s, coverage %.2f", record.Videos(t.NReal, t.NFake, t.RealPeople, t.FakePeople), t.Coverage)
}

// comparisonTable is what runs were compared with, paired by video.
func comparisonTable(rows []row) string {
	var sets []string
	for _, r := range rows {
		for _, c := range r.record.Against {
			for _, p := range c.Pairs {
				if p.Method == evaluation.All {
					sets = append(sets, p.Dataset)
				}
			}
		}
	}
	sets = columns(sets)
	var n notes
	t := table.Table{Title: "Difference of two AUCs on the videos that both have scored", Header: append([]string{""}, sets...), Right: make([]bool, len(sets)+1)}
	for _, r := range rows {
		for _, c := range r.record.Against {
			label := r.label + " − " + c.Name
			if c.Name == r.record.Name {
				label = r.label + " − " + c.Run
			}
			cells := []string{row{label, r.record}.head(&n)}
			for _, set := range sets {
				cells = append(cells, difference(c, set, &n))
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	if len(t.Rows) == 0 {
		return "No comparison is recorded.\n"
	}
	t.Notes = n.below("In a cell: the difference with its 95 % interval, p of the two-sided test that there is none, paired by video and not corrected for the number of tests, and the videos of both and the people in them (real/fake).")
	return t.Markdown()
}

func difference(c record.Comparison, set string, n *notes) string {
	for _, p := range c.Pairs {
		if p.Dataset != set || p.Method != evaluation.All {
			continue
		}
		if p.AUC == nil || p.OtherAUC == nil {
			return none + n.mark("no videos of both classes that both have scored")
		}
		text := fmt.Sprintf("%+.3f", *p.AUC-*p.OtherAUC)
		if p.Low != nil && p.High != nil && p.P != nil {
			text += fmt.Sprintf(" [%+.2f, %+.2f]\np %s", *p.Low, *p.High, probability(*p.P))
		} else {
			text += " [no interval]" + n.mark(p.NoInterval)
		}
		return text + "\n" + record.Videos(p.Real, p.Fake, p.RealPeople, p.FakePeople)
	}
	return none
}

// probability prints a p-value; none is 0.
func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// published are published tables, without rows of the lab.
func published(names ...string) (string, error) {
	var texts []string
	for _, name := range names {
		c, err := table.Compare(nil, table.Options{Columns: name, Paper: name})
		if err != nil {
			return "", err
		}
		texts = append(texts, c.Markdown())
	}
	return strings.Join(texts, "\n"), nil
}

// headerWidth is that of the comments in the files of experiments.
const headerWidth = 118

// header is what heads the file of an experiment.
func header(rows []row) string {
	var out strings.Builder
	for i, r := range rows {
		if r.record == nil {
			fmt.Fprintf(&out, "%s: not measured at version %s.\n", r.label, version.Numerics)
			continue
		}
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(wrap(sentences(r)))
	}
	return out.String()
}

// sentences are the figures of a record in words.
func sentences(r row) string {
	x := r.record
	var s strings.Builder
	fmt.Fprintf(&s, "%s, ", r.label)
	if old := x.Stale(); old != "" {
		fmt.Fprintf(&s, "STALE, measured with %s and not with %s: ", old, now())
	} else {
		fmt.Fprintf(&s, "%s: ", now())
	}
	if x.Train.Donor != "" {
		fmt.Fprintf(&s, "%.0f s of training as %s and ", x.Train.Seconds, x.Train.Donor)
	}
	fmt.Fprintf(&s, "%.0f s (%s), %s images; %s.", x.Seconds, x.Versions[version.BackendKey], store.Thousands(x.Train.Images), x.Train.On())
	if x.Train.Classified() {
		fmt.Fprintf(&s, " Accuracy on held-out faces %.3f (guessing %.3f).", x.Train.Accuracy, x.Train.Chance)
	}
	switch figure, clips, chose := pseudo(x); {
	case figure == "":
	case chose:
		fmt.Fprintf(&s, " Score %s: AUC %s on the pseudo-fakes of held-out real faces that chose it.", x.Score, figure)
	default:
		fmt.Fprintf(&s, " Score %s: AUC %s on pseudo-fakes of held-out people who had no part in its choice (%s).", x.Score, figure, clips)
	}
	var sets []string
	for _, t := range x.Tests {
		sets = append(sets, t.Dataset)
	}
	var parts []string
	for _, set := range columns(sets) {
		t, ok := test(x, set, evaluation.All)
		if !ok {
			continue
		}
		part := set + " no figure, " + t.NoFigure
		if t.NoFigure == "" {
			part = set + " " + record.Interval(t.AUC, t.Low, t.High)
		}
		part += fmt.Sprintf(" (%s, coverage %.2f", record.Videos(t.NReal, t.NFake, t.RealPeople, t.FakePeople), t.Coverage)
		for _, remark := range x.Remarks(t) {
			part += "; " + remark
		}
		parts = append(parts, part+")")
	}
	if parts != nil {
		fmt.Fprintf(&s, " AUC over videos, %s: %s.", x.Sets(), strings.Join(parts, ", "))
	}
	return s.String()
}

// wrap breaks a text into lines.
func wrap(text string) string {
	var out strings.Builder
	width := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case width+1+n > headerWidth:
			out.WriteString("\n")
			width = 0
		default:
			out.WriteString(" ")
			width++
		}
		out.WriteString(word)
		width += n
	}
	return out.String() + "\n"
}
