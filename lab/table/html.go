package table

import (
	"fmt"
	"html"
	"strings"
)

// HTML prints the table as a part of a page: a table with a caption, one tbody a section, and the notes as a list. It
// brings no style; numbers have the class "number", marked rows the class "mark".
func (t Table) HTML() string {
	var b strings.Builder
	cell := func(tag, text string, column int) {
		class := ""
		if t.Right[column] {
			class = ` class="number"`
		}
		fmt.Fprintf(&b, "<%s%s>%s</%[1]s>", tag, class, strings.ReplaceAll(html.EscapeString(text), "\n", "<br>"))
	}
	fmt.Fprintf(&b, "<table>\n<caption>%s</caption>\n<thead>\n<tr>", html.EscapeString(t.Title))
	for i, text := range t.Header {
		cell("th", text, i)
	}
	b.WriteString("</tr>\n</thead>\n")
	row := 0
	for _, section := range t.sections() {
		b.WriteString("<tbody>\n")
		if section.Title != "" {
			fmt.Fprintf(&b, "<tr><th colspan=\"%d\">%s</th></tr>\n", len(t.Header), html.EscapeString(section.Title))
		}
		for range section.Rows {
			if t.marked(row) {
				b.WriteString(`<tr class="mark">`)
			} else {
				b.WriteString("<tr>")
			}
			for i, text := range t.Rows[row] {
				cell("td", text, i)
			}
			b.WriteString("</tr>\n")
			row++
		}
		b.WriteString("</tbody>\n")
	}
	b.WriteString("</table>\n")
	if len(t.Notes) > 0 {
		b.WriteString("<ul>\n")
		for _, note := range t.Notes {
			fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(note))
		}
		b.WriteString("</ul>\n")
	}
	return b.String()
}
