package table

import (
	"fmt"
	"strings"
	"unicode"
)

// LaTeX prints the table as a float for documents that use the package booktabs. Lines of a cell stand below each other,
// notes below the table. Signs that pdfLaTeX has no letter for are set as their code point, as in [U+4E2D], unless the
// document says by \seelabsign how it sets the sign itself.
func (t Table) LaTeX() string {
	var b strings.Builder
	b.WriteString("% Needs \\usepackage{booktabs}.\n" + texSign + "\\begin{table}\n\\centering\\footnotesize\n")
	fmt.Fprintf(&b, "\\caption{%s}\n\\setlength{\\tabcolsep}{4pt}\n\\begin{tabular}{@{}", tex(t.Title))
	for _, right := range t.Right {
		if right {
			b.WriteString("r")
		} else {
			b.WriteString("l")
		}
	}
	b.WriteString("@{}}\n\\toprule\n")
	write := func(row []string, format string) {
		for n, line := range stacked(row) {
			for i, cell := range line {
				if i > 0 {
					b.WriteString(" & ")
				}
				if cell != "" && n > 0 {
					cell = "{\\scriptsize " + tex(cell) + "}"
				} else {
					cell = tex(cell)
				}
				if cell != "" {
					fmt.Fprintf(&b, format, cell)
				}
			}
			b.WriteString(" \\\\\n")
		}
	}
	write(t.Header, "%s")
	row := 0
	for _, section := range t.sections() {
		b.WriteString("\\midrule\n")
		if section.Title != "" {
			fmt.Fprintf(&b, "\\multicolumn{%d}{@{}l@{}}{\\emph{%s}} \\\\\n\\addlinespace\n", len(t.Header), tex(section.Title))
		}
		for i := range section.Rows {
			if i > 0 && strings.Contains(strings.Join(t.Rows[row], ""), "\n") {
				b.WriteString("\\addlinespace\n")
			}
			if t.marked(row) {
				write(t.Rows[row], "\\textbf{%s}")
			} else {
				write(t.Rows[row], "%s")
			}
			row++
		}
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	if len(t.Notes) > 0 {
		b.WriteString("\\par\\smallskip\\raggedright\n")
	}
	for _, note := range t.Notes {
		b.WriteString(tex(note) + "\\par\n")
	}
	b.WriteString("\\end{table}\n")
	text := b.String()
	if !strings.Contains(text, `\seelabsign{`) {
		text = strings.Replace(text, texSign, "", 1)
	}
	return text
}

// texSign defines what sets a sign that pdfLaTeX has no letter for.
const texSign = "% Names have signs that need a font of their own. Documents with one (xeCJK, CJKutf8 …) say\n" +
	"% \\newcommand{\\seelabsign}[2]{#1} before the table; else their code points are set.\n" +
	"\\providecommand{\\seelabsign}[2]{#2}\n"

// tex makes text of a string, whatever it holds.
func tex(text string) string {
	var b strings.Builder
	var before rune
	for _, r := range text {
		switch {
		case texSigns[r] != "":
			b.WriteString(texSigns[r])
		case b.Len() == 0 && (r == '[' || r == '*'):
			// At the start of a row it would be an argument of the line break before.
			b.WriteString("{" + string(r) + "}")
		case r == before && (r == '-' || r == '\''):
			// Two of them would become one sign.
			b.WriteString("{}" + string(r))
		case r < unicode.MaxASCII && unicode.IsPrint(r) || strings.ContainsRune(texLetters, r):
			b.WriteRune(r)
		case unicode.IsSpace(r) || unicode.IsControl(r):
			b.WriteString(" ")
		default:
			sign := fmt.Sprintf("{[}U+%04X]", r)
			if unicode.IsPrint(r) && r != unicode.ReplacementChar {
				sign = fmt.Sprintf(`\seelabsign{%c}{%s}`, r, sign)
			}
			b.WriteString(sign)
		}
		before = r
	}
	return b.String()
}

// texSigns are the signs that mean something to LaTeX, alone or with the next, and those that it knows by a name. Its own
// dollar comes from a font that a small installation lacks, and is a pound in italics.
var texSigns = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '$': `{\upshape\char36}`, '&': `\&`, '#': `\#`, '%': `\%`, '_': `\_`,
	'^': `\textasciicircum{}`, '~': `\textasciitilde{}`, '<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`,
	'"': `{''}`, '`': "{}`{}",
	'–': `--`, '—': `---`, '±': `$\pm$`, '×': `$\times$`, '−': `$-$`, '≥': `$\ge$`, '≤': `$\le$`, 'τ': `$\tau$`, 'λ': `$\lambda$`,
}

// texLetters are those that every pdfLaTeX sets from its UTF-8 source with the fonts that it starts with.
const texLetters = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ" +
	"ĆćČčĎďĚěĞğĹĺŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŤťŮůŰűŹźŻżŽž"
