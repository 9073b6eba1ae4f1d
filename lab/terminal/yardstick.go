package terminal

import (
	"fmt"
	"io"

	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/yardstick"
)

// Yardstick prints how runs do on the yardstick, a table for each.
func Yardstick(w io.Writer, found []*assess.Measured) {
	for _, m := range found {
		fmt.Fprintln(w, yardstickTable(m).Text())
	}
}

func yardstickTable(m *assess.Measured) table.Table {
	r := m.Reference
	t := table.Table{
		Title: fmt.Sprintf("%s on the yardstick, version %d: AUC of the score %q, with 95 %% intervals by people", m.Run, r.Version, m.Score),
		Notes: []string{fmt.Sprintf("%d faces of %d people on whom its score was chosen; each gives a pseudo-fake of each family. Faces %s, %s.", r.Faces, r.People, r.Digest, r.Encoder)},
	}
	t.Header, t.Right = []string{"pseudo-fakes"}, []bool{false}
	for _, rung := range yardstick.Rungs() {
		t.Header, t.Right = append(t.Header, rung.Name), append(t.Right, true)
		t.Notes = append(t.Notes, rung.Name+": "+rung.Doc)
	}
	rungs := yardstick.Rungs()
	t.Header, t.Right = append(t.Header, rungs[yardstick.FirstHard].Name+"-"+rungs[len(rungs)-1].Name), append(t.Right, true)
	section := func(title string, rows [][]string) {
		t.Rows = append(t.Rows, rows...)
		t.Sections = append(t.Sections, table.Section{Title: title, Rows: len(rows)})
	}
	section("", cells(m.Rows, figureOf))
	if a := m.Against; a != nil {
		title := fmt.Sprintf("Less %s, paired, on %d faces of %d people", a.Run, a.Faces, a.People)
		if a.Reason != "" {
			t.Notes = append(t.Notes, "Not compared with "+a.Run+": "+a.Reason)
		} else {
			section(title, cells(a.Rows, changeOf))
		}
	}
	section("Trivial rivals, on all families (less sharp, darker, corners of unusual sharpness are rather fake)", cells(m.Rivals, figureOf))
	return t
}

// cells are the rows of the table.
func cells[T any](rows []yardstick.Row[T], text func(T) string) (all [][]string) {
	for _, r := range rows {
		row := []string{r.Family}
		for _, v := range append(r.Rungs[:len(r.Rungs):len(r.Rungs)], r.Hard) {
			row = append(row, text(v))
		}
		all = append(all, row)
	}
	return all
}

// A cell has two lines: side by side they would be wider than a terminal.
func figureOf(f yardstick.Figure) string {
	return fmt.Sprintf("%.3f\n[%.2f, %.2f]", f.AUC, f.Low, f.High)
}

func changeOf(c yardstick.Change) string {
	return fmt.Sprintf("%+.3f\n[%+.2f, %+.2f]", c.Diff, c.Low, c.High)
}
