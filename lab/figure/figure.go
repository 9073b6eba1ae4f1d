// Package figure draws what a run found: AUCs with intervals, ablations, robustness, similarity matrices, the hypersphere,
// maps of embeddings, heat maps over a face; and with package curves ROC and DET curves, score histograms, training curves,
// timelines of videos. What all of them share is in package look.
//
// Each figure is one small value that holds its data. [SVG], [PNG] and [PDF] draw it for print with gonum/plot; [HTML] and
// [Snippet] draw the same data as a chart to point at, with ECharts, which come from the toolbox and never from the network
// of whoever looks at the page.
//
// Titles or legends state how many faces or videos a figure rests on, "synthetic" where code drew them, and "partial" where
// values are missing. Colours can be told apart by colour-blind people: those of Okabe and Ito for classes, viridis for
// quantities; lines and markers also differ in form. Data that make no sense are an error that says which; nothing is
// written then.
package figure

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Figure is a figure of this package or of package curves. Drawing fails if its data do not make sense, and the error says
// which. The methods are for the functions of this package.
type Figure interface {
	Size() (width, height vg.Length) // in print
	Draw(c draw.Canvas) error        // for print
	Chart() (*look.Chart, error)     // for a screen
}

// SVG writes the figure as an SVG document that needs no other file. Its text stays text.
func SVG(w io.Writer, f Figure) error {
	canvas := vgsvg.New(f.Size())
	if err := f.Draw(draw.New(canvas)); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	_, err := svgRepair.WriteString(w, b.String())
	return err
}

// svgRepair mends what vgsvg writes. Arial has the widths of Liberation Sans, which few machines have; pictures fill their
// place, and are PNG. Text cannot match, as its quotes are escaped.
var svgRepair = strings.NewReplacer(
	`style="font-family:Liberation Sans;`, `style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`,
	`xlink:href="data:image/jpg;`, `preserveAspectRatio="none" xlink:href="data:image/png;`,
)

// PNG writes the figure as a PNG image of 200 pixels an inch.
func PNG(w io.Writer, f Figure) error {
	width, height := f.Size()
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(200))
	if err := f.Draw(draw.New(canvas)); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// PDF writes the figure as a PDF document of one page, its fonts inside.
func PDF(w io.Writer, f Figure) error {
	width, height := f.Size()
	canvas := vgpdf.New(width, height)
	if err := f.Draw(draw.NewCanvas(&pdfCanvas{canvas}, width, height)); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	_, err := w.Write(pdfDate.ReplaceAll(b.Bytes(), []byte("(D:20000101000000")))
	return err
}

// pdfDate finds the dates of a document, which would make the bytes of equal figures differ.
var pdfDate = regexp.MustCompile(`\(D:\d{14}`)

// pdfCanvas gives vgpdf text in the encoding of its fonts, Windows-1252; vgpdf itself passes on UTF-8, which shows as other
// letters.
type pdfCanvas struct{ *vgpdf.Canvas }

func (c *pdfCanvas) FillString(f font.Face, at vg.Point, text string) {
	var b []byte
	for _, r := range text {
		switch substitute, ok := pdfLetters[r]; {
		case ok:
			b = append(b, substitute...)
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			b = append(b, byte(r))
		default:
			b = append(b, '?')
		}
	}
	c.Canvas.FillString(f, at, string(b))
}

// pdfLetters are letters of our titles and axes that have another place in Windows-1252, or none.
var pdfLetters = map[rune]string{
	'–': "\x96", '—': "\x97", '…': "\x85", '‘': "\x91", '’': "\x92", '“': "\x93", '”': "\x94", '•': "\x95", '€': "\x80",
	'−': "-", '≤': "<=", '≥': ">=", 'λ': "lambda", 'τ': "tau", 'γ': "gamma", 'β': "beta", 'σ': "sigma",
}
