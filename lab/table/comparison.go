package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/results"
)

// Table sets the comparison for people: what is in the cells, then letters for their notes.
func (c *Comparison) Table() Table {
	t := Table{Title: c.Title, Header: append([]string{""}, c.Columns...), Right: make([]bool, len(c.Columns)+1)}
	for i, column := range t.Header {
		t.Header[i] = plain(column)
	}
	var notes []string
	// letters marks a text with the letters of its notes.
	letters := func(text string, of []string) string {
		for _, note := range of {
			i := slices.Index(notes, note)
			if i < 0 {
				i = len(notes)
				notes = append(notes, note)
			}
			text += " (" + letter(i) + ")"
		}
		return text
	}
	for _, part := range c.Parts {
		t.Sections = append(t.Sections, Section{part.Title, len(part.Rows)})
		for _, row := range part.Rows {
			of := row.Notes
			source := row.source()
			if source != "" {
				of = append([]string{source}, of...)
			}
			cells := []string{row.head(letters(row.Name, of))}
			for _, cell := range row.Cells {
				of := cell.Notes
				if cell.Source != "" && source == "" {
					of = append([]string{"source: " + cell.Source}, of...)
				}
				first, rest := cell.lines()
				cells = append(cells, strings.Join(append([]string{letters(first, of)}, rest...), "\n"))
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	t.Notes = slices.Clone(c.Notes)
	for i, note := range notes {
		t.Notes = append(t.Notes, "("+letter(i)+") "+note)
	}
	return t
}

// source is that of all cells of a published row, "" if they differ.
func (r Row) source() string {
	source := ""
	for _, cell := range r.Cells {
		switch {
		case cell.Source == "":
		case source == "":
			source = cell.Source
		case source != cell.Source:
			return ""
		}
	}
	if source == "" {
		return ""
	}
	return "source: " + source
}

// head is the first cell of a row: its name, and below the seeds, or the protocol of a published one.
func (r Row) head(name string) string {
	if p := r.Protocol; p != (results.Protocol{}) {
		return fmt.Sprintf("%s\ntrained on: %s\ncompression: %s; frames: %s; level: %s\nmeasured by: %s; chosen on test: %s",
			name, p.TrainedOn, p.Compression, p.Frames, p.Level, p.MeasuredBy, p.ChosenOnTest)
	}
	if len(r.Seeds) == 0 {
		return name
	}
	seeds := make([]string, len(r.Seeds))
	for i, seed := range r.Seeds {
		seeds[i] = strconv.FormatUint(seed, 10)
	}
	below := "seed "
	if len(seeds) > 1 {
		below = fmt.Sprintf("%d seeds: ", len(seeds))
	}
	below += strings.Join(seeds, ", ")
	if r.Reference {
		below += "; p: against this"
	}
	if r.Trained != nil && r.Trained.Faces > 0 {
		below += "\n" + r.Trained.On()
	}
	return name + "\n" + below
}

// lines are what a cell says: the figure, its interval, n and coverage, the test.
func (c Cell) lines() (figure string, rest []string) {
	switch {
	case !math.IsNaN(c.Accuracy):
		return "acc " + published(c.Accuracy), nil
	case math.IsNaN(c.AUC):
		return none, nil
	case c.Source != "":
		return published(c.AUC), nil
	case c.Seeds == 0:
		return percent(c.AUC), nil
	}
	figure = percent(c.AUC)
	if !math.IsNaN(c.SD) {
		figure += " ± " + percent(c.SD)
	}
	rest = []string{interval(c.Low, c.High), fmt.Sprintf("%d/%d of %d/%d", c.NReal, c.NFake, c.RealPeople, c.FakePeople)}
	if !math.IsNaN(c.Coverage) { // a rival has that of the run
		rest[1] += fmt.Sprintf(", cov %.2f", c.Coverage)
	}
	if c.Paired > 0 {
		rest = append(rest, fmt.Sprintf("diff %+.1f %s", c.Diff, interval(c.DiffLow, c.DiffHigh)), fmt.Sprintf("p %s (%d)", probability(c.P), c.Paired))
	}
	return figure, rest
}

// interval prints the ends of an interval, in percent.
func interval(low, high float64) string {
	if math.IsNaN(low) {
		return tooFew
	}
	return fmt.Sprintf("[%s, %s]", percent(low), percent(high))
}

// probability prints a p-value, none for NaN.
func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return share(p)
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// published prints a figure with the digits of its source, one at least.
func published(x float64) string {
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// letter is a, b, …, z, aa, ab, ….
func letter(i int) string {
	text := ""
	for i++; i > 0; i = (i - 1) / 26 {
		text = string(rune('a'+(i-1)%26)) + text
	}
	return text
}

// Markdown prints the table as [Table.Markdown] does.
func (c *Comparison) Markdown() string { return c.Table().Markdown() }

// LaTeX prints the table as [Table.LaTeX] does.
func (c *Comparison) LaTeX() string { return c.Table().LaTeX() }

// HTML prints the table as [Table.HTML] does.
func (c *Comparison) HTML() string { return c.Table().HTML() }

// Text prints the table as [Table.Text] does.
func (c *Comparison) Text() string { return c.Table().Text() }

// CSV prints one line for each cell with a figure, for programs: AUCs and their intervals in percent with six digits, what
// a cell does not have left empty, notes and lists divided by "; ". A published accuracy has a column of its own, and no AUC.
func (c *Comparison) CSV() string {
	rows := [][]string{{
		"kind", "row", "runs", "seeds", "test_set", "column", "auc", "low", "high", "sd", "n_seeds", "n_real", "n_fake", "coverage",
		"delong_low", "delong_high", "p", "p_against", "p_videos", "source", "notes",
		"accuracy", "trained_on", "compression", "frames", "level", "measured_by", "chosen_on_test",
		"real_people", "fake_people", "diff", "diff_low", "diff_high", "train_faces", "train_fakes", "train_people",
	}}
	for _, part := range c.Parts {
		for _, row := range part.Rows {
			for i, cell := range row.Cells {
				if math.IsNaN(cell.AUC) && math.IsNaN(cell.Accuracy) {
					continue
				}
				p := row.Protocol
				kind, seeds, against := "measured", make([]string, len(row.Seeds)), ""
				var t store.Training
				if row.Trained != nil {
					t = *row.Trained
				}
				if row.Published {
					kind = "published"
				} else if part.Rivals {
					kind = "rival"
				}
				for j, seed := range row.Seeds {
					seeds[j] = strconv.FormatUint(seed, 10)
				}
				if cell.Paired > 0 {
					against = c.Against
				}
				rows = append(rows, []string{
					kind, row.Name, strings.Join(row.Runs, "; "), strings.Join(seeds, "; "), part.Set, c.Columns[i],
					number(cell.AUC), number(cell.Low), number(cell.High), number(cell.SD), count(cell.Seeds), count(cell.NReal), count(cell.NFake),
					number(cell.Coverage), number(cell.DeLongLow), number(cell.DeLongHigh), number(cell.P), against, count(cell.Paired),
					cell.Source, strings.Join(slices.Concat(row.Notes, cell.Notes), "; "),
					number(cell.Accuracy), p.TrainedOn, p.Compression, p.Frames, p.Level, p.MeasuredBy, p.ChosenOnTest,
					count(cell.RealPeople), count(cell.FakePeople), number(cell.Diff), number(cell.DiffLow), number(cell.DiffHigh),
					count(t.Faces), count(t.Fakes), count(t.People),
				})
			}
		}
	}
	return printCSV(rows)
}

// number prints six significant digits, or nothing for NaN.
func number(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
