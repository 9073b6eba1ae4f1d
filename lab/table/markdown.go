package table

import (
	"fmt"
	"strings"
)

// Markdown prints the table as GitHub's Markdown: the title in bold, then each section as a table with the same columns,
// and the notes as a list.
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
	rule := make([]string, len(t.Header))
	for i := range rule {
		rule[i] = "---"
		if t.Right[i] {
			rule[i] = "---:"
		}
	}
	at := 0
	for i, section := range t.sections() {
		if i > 0 {
			b.WriteString("\n")
		}
		if section.Title != "" {
			fmt.Fprintf(&b, "*%s*\n\n", markup.Replace(section.Title))
		}
		line(escaped(t.Header))
		line(rule)
		for range section.Rows {
			row := escaped(t.Rows[at])
			if t.marked(at) {
				for j := range row {
					row[j] = "**" + row[j] + "**"
				}
			}
			line(row)
			at++
		}
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "- %s\n", markup.Replace(note))
	}
	return b.String()
}

// markup escapes what Markdown would read as more than text.
var markup = strings.NewReplacer(
	`\`, `\\`, `|`, `\|`, `*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `]`, `\]`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`)

func escaped(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.ReplaceAll(markup.Replace(cell), "\n", "<br>")
	}
	return out
}
