package table

import (
	"strings"
	"unicode/utf8"
)

// Text prints the table for a terminal: columns aligned, the marked rows with a star.
func (t Table) Text() string {
	width := make([]int, len(t.Header))
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		for _, line := range stacked(row) {
			for i, cell := range line {
				width[i] = max(width[i], utf8.RuneCountInString(cell))
			}
		}
	}
	var b strings.Builder
	b.WriteString(t.Title + "\n\n")
	write := func(row []string, mark string) {
		for _, line := range stacked(row) {
			var l strings.Builder
			for i, cell := range line {
				gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
				if t.Right[i] {
					l.WriteString(gap + cell + "  ")
				} else {
					l.WriteString(cell + gap + "  ")
				}
			}
			l.WriteString(mark)
			b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
			mark = ""
		}
	}
	write(t.Header, "")
	rule := make([]string, len(width))
	for i, n := range width {
		rule[i] = strings.Repeat("-", n)
	}
	write(rule, "")
	row := 0
	for i, section := range t.sections() {
		if section.Title != "" {
			if i > 0 {
				b.WriteString("\n")
			}
			b.WriteString(section.Title + "\n")
		}
		for range section.Rows {
			mark := ""
			if t.marked(row) {
				mark = "*"
			}
			write(t.Rows[row], mark)
			row++
		}
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n" + strings.Join(t.Notes, "\n") + "\n")
	}
	return b.String()
}
