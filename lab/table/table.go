// Package table sets what a run found as tables: Markdown for documents, CSV for programs, plain text for the terminal;
// package report makes HTML of them. The same record gives the same bytes, whatever the order of its tests.
//
// Rates and areas are shares in [0, 1] with three digits. What rests on faces drawn by code says "synthetic" in the title
// and in every row.
package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table is a title, a header and rows of as many cells.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
	Right  []bool // columns that are set flush right: numbers
	Mark   []bool // rows to stand out; nil for none
}

// none stands for a figure that could not be computed.
const none = "–"

// share prints a number with three digits.
func share(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}

// plain makes a name from outside fit for one cell: line breaks, terminal escapes and other invisible signs become spaces.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, name)
}

// Markdown prints the table as GitHub's Markdown: the title in bold, then the table.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n", markup.Replace(t.Title))
	line := func(cells []string) {
		b.WriteString("|")
		for _, cell := range cells {
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	line(escaped(t.Header))
	rule := make([]string, len(t.Header))
	for i := range rule {
		rule[i] = "---"
		if t.Right[i] {
			rule[i] = "---:"
		}
	}
	line(rule)
	for i, row := range t.Rows {
		row = escaped(row)
		if t.Mark != nil && t.Mark[i] {
			for j := range row {
				row[j] = "**" + row[j] + "**"
			}
		}
		line(row)
	}
	return b.String()
}

// markup escapes what Markdown would read as more than text.
var markup = strings.NewReplacer(
	`\`, `\\`, `|`, `\|`, `*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `]`, `\]`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`)

func escaped(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = markup.Replace(cell)
	}
	return out
}

// CSV prints header and rows, without the title; a figure that could not be computed is an empty cell.
func (t Table) CSV() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		row = slices.Clone(row)
		for i, cell := range row {
			if cell == none {
				row[i] = ""
			}
		}
		// Writing to memory cannot fail.
		_ = w.Write(row)
	}
	w.Flush()
	return b.String()
}

// Text prints the table for a terminal: columns aligned, the marked rows with a star.
func (t Table) Text() string {
	width := make([]int, len(t.Header))
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	b.WriteString(t.Title + "\n\n")
	line := func(cells []string, mark string) {
		var l strings.Builder
		for i, cell := range cells {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if t.Right[i] {
				l.WriteString(gap + cell + "  ")
			} else {
				l.WriteString(cell + gap + "  ")
			}
		}
		l.WriteString(mark)
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	line(t.Header, "")
	rule := make([]string, len(width))
	for i, n := range width {
		rule[i] = strings.Repeat("-", n)
	}
	line(rule, "")
	for i, row := range t.Rows {
		mark := ""
		if t.Mark != nil && t.Mark[i] {
			mark = "*"
		}
		line(row, mark)
	}
	return b.String()
}
