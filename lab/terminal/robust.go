package terminal

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/table"
)

// Robust prints what the run of an experiment bears, a table for each test set, and what was written.
func Robust(w io.Writer, name string, found *assess.Robustness) {
	for _, set := range found.Sets {
		fmt.Fprintln(w, robustTable(name, found.Score, set).Text())
	}
	fmt.Fprintln(w, "Written: "+strings.Join(found.Files, ", "))
}

// robustTable is what was found on a test set.
func robustTable(name, score string, set assess.DamageSet) table.Table {
	t := table.Table{
		Title:  fmt.Sprintf("%s on damaged faces of %s: AUC over videos of the score %q, with 95 %% intervals by people", name, set.Data, score),
		Header: []string{"kind", "level", "parameter", "AUC", "low", "high", "drop", "low", "high", "real", "fake", "coverage", "lost", "applied"},
		Right:  []bool{false, true, false, true, true, true, true, true, true, true, true, true, true, false},
		Notes:  []string{"Drop: clean − damaged, paired by video, over the videos that have both scores. Lost: videos that have a score only as long as they are clean."},
	}
	row := func(c assess.DamageFigure, level, drop, dropLow, dropHigh string) []string {
		kind, parameter, applied := c.Kind, "", c.Applied
		if c.Seen {
			kind += " (seen)"
		}
		if c.Parameter != "" {
			parameter = fmt.Sprintf("%s %g", c.Parameter, c.Value)
		}
		if c.Encoded != "no" {
			applied += ", " + c.Encoded
		}
		return []string{
			kind, level, parameter, shareOf(c.AUC), shareOf(c.Low), shareOf(c.High), drop, dropLow, dropHigh,
			strconv.Itoa(c.Real), strconv.Itoa(c.Fake), shareOf(&c.Coverage), strconv.Itoa(c.Lost), applied,
		}
	}
	t.Rows = append(t.Rows, row(set.Clean, "0", "", "", ""))
	t.Sections = append(t.Sections, table.Section{Rows: 1})
	for _, c := range set.Cells {
		t.Rows = append(t.Rows, row(c, strconv.Itoa(c.Level), shareOf(c.Drop), shareOf(c.DropLow), shareOf(c.DropHigh)))
	}
	t.Sections = append(t.Sections, table.Section{Rows: len(set.Cells)})
	mean := func(m assess.DamageMean, kind, level string) {
		drop := m.Drop
		t.Rows = append(t.Rows, []string{kind, level, "", shareOf(&m.AUC), shareOf(m.Low), shareOf(m.High), shareOf(&drop), "", "", "", "", "", "", ""})
	}
	before := len(t.Rows)
	for _, m := range set.Kinds {
		mean(m, m.Kind, "mean")
	}
	for _, m := range set.Levels {
		mean(m, "mean of seven", strconv.Itoa(m.Level))
	}
	if set.Mean7 != nil {
		mean(*set.Mean7, "mean of seven", "mean")
	}
	if n := len(t.Rows) - before; n > 0 {
		t.Sections = append(t.Sections, table.Section{Title: "Means over what all of their cells have scored", Rows: n})
	}
	if slices.ContainsFunc(set.Cells, func(c assess.DamageFigure) bool { return c.Seen }) {
		t.Notes = append(t.Notes, "Seen: training damages its faces in a like way.")
	}
	for _, c := range append([]assess.DamageFigure{set.Clean}, set.Cells...) {
		if c.Reason != "" && !slices.Contains(t.Notes, c.Reason) {
			t.Notes = append(t.Notes, c.Reason)
		}
	}
	switch {
	case set.Synthetic:
		t.Title += " (synthetic faces)"
	case set.Partial:
		t.Title += " (partial set)"
	}
	if set.Leaks != "" {
		t.Title += " (leaks: " + set.Leaks + ")"
	}
	return t
}

// shareOf prints a share or a difference with three digits, a dash for none.
func shareOf(x *float64) string {
	if x == nil {
		return "–"
	}
	if text := strconv.FormatFloat(*x, 'f', 3, 64); text != "-0.000" {
		return text
	}
	return "0.000"
}
