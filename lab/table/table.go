// Package table sets figures as tables: Markdown for documents, LaTeX for papers, HTML for pages, CSV for programs, plain
// text for the terminal. [Tests] is what one run found; [Compare] sets runs side by side, and published figures below
// them. The same figures give the same bytes.
//
// Figures of one run are shares in [0, 1] with three digits; those of a comparison are percent, as papers print them. What
// rests on faces drawn by code says "synthetic" in the title and at every figure.
package table

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Table is a title, a header and rows of as many cells. A cell may have several lines.
type Table struct {
	Title    string
	Header   []string
	Rows     [][]string
	Right    []bool    // columns that are set flush right: numbers
	Mark     []bool    // rows to stand out; nil for none
	Sections []Section // parts of the rows, in order; nil for one part without a title
	Notes    []string  // below the table, one a line
}

// Section is a number of rows under a title of their own.
type Section struct {
	Title string
	Rows  int
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

// plain makes a name from outside fit for one line of a cell: line breaks, terminal escapes and other invisible signs
// become spaces.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, name)
}

// sections are the parts of the table, one without a title where it has none.
func (t Table) sections() []Section {
	if t.Sections == nil {
		return []Section{{Rows: len(t.Rows)}}
	}
	return t.Sections
}

// marked tells whether a row stands out.
func (t Table) marked(row int) bool { return t.Mark != nil && t.Mark[row] }

// stacked returns the lines of a row: each has one line of every cell, or nothing where the cell has fewer.
func stacked(row []string) [][]string {
	var lines [][]string
	for column, cell := range row {
		for i, text := range strings.Split(cell, "\n") {
			if i == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[i][column] = text
		}
	}
	return lines
}

// CSV prints header and rows, without title, sections and notes; a figure that could not be computed is an empty cell.
func (t Table) CSV() string {
	rows := [][]string{t.Header}
	for _, row := range t.Rows {
		row = slices.Clone(row)
		for i, cell := range row {
			if cell == none || cell == tooFew {
				row[i] = ""
			}
		}
		rows = append(rows, row)
	}
	return printCSV(rows)
}

func printCSV(rows [][]string) string {
	var b bytes.Buffer
	// Writing to memory cannot fail.
	_ = csv.NewWriter(&b).WriteAll(rows)
	return b.String()
}
