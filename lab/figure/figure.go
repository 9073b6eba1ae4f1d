// Package figure draws what a run found: ROC and DET curves, AUCs with intervals, ablations, robustness, score histograms,
// training curves, similarity matrices, the hypersphere, maps of embeddings, heat maps over a face, timelines of videos.
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
	"image/color"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a figure of this package. Drawing fails if its data do not make sense, and the error says which.
type Figure interface {
	size() (width, height vg.Length)
	draw(c draw.Canvas) error
	chart() (*chart, error)
}

// SVG writes the figure as an SVG document that needs no other file. Its text stays text.
func SVG(w io.Writer, f Figure) error {
	canvas := vgsvg.New(f.size())
	if err := f.draw(draw.New(canvas)); err != nil {
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
	width, height := f.size()
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(200))
	if err := f.draw(draw.New(canvas)); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// PDF writes the figure as a PDF document of one page, its fonts inside.
func PDF(w io.Writer, f Figure) error {
	width, height := f.size()
	canvas := vgpdf.New(width, height)
	if err := f.draw(draw.NewCanvas(&pdfCanvas{canvas}, width, height)); err != nil {
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

// sans is the font of all text.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

var (
	ink  = color.Gray{40}
	pale = color.Gray{225}
)

// newPlot is an empty plot in the style of all figures.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(11)
	p.Title.Padding = 6
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(10)
		axis.Tick.Label.Font = sans(9)
		axis.Color, axis.Tick.Color = ink, ink
		axis.Padding = 4
		axis.Tick.Marker = round{}
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	return p
}

// round marks an axis at multiples of 1, 2 or 5 times a power of ten, about five of them.
type round struct{}

func (round) Ticks(low, high float64) []plot.Tick {
	power := math.Floor(math.Log10((high - low) / 5))
	step := math.Pow(10, power)
	for _, factor := range []float64{2, 2.5, 2} { // 2, 5, 10 times the power
		if (high-low)/step <= 6 {
			break
		}
		step *= factor
	}
	first := math.Ceil(low / step)
	var ticks []plot.Tick
	// Counted by an integer: a float64 as large as first may not grow by adding 1.
	for i := range int(min(math.Floor(high/step)-first+1, 8)) {
		at := (first + float64(i)) * step
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'g', 4, 64)})
	}
	return ticks
}

// falling is round for an axis that runs down: values are the negatives of their labels.
type falling struct{}

func (falling) Ticks(low, high float64) []plot.Tick {
	ticks := round{}.Ticks(-high, -low)
	for i := range ticks {
		ticks[i].Value = -ticks[i].Value
	}
	return ticks
}

// grid is drawn below the data.
func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = pale, pale
	return g
}

// newLegend is an empty legend that stands flush left.
func newLegend() plot.Legend {
	l := plot.NewLegend()
	l.TextStyle.Font = sans(9)
	l.Left = true
	l.ThumbnailWidth = 24
	l.Padding = 2
	return l
}

// drawAbove draws the plot and the legend below it, where it covers no data.
func drawAbove(c draw.Canvas, p *plot.Plot, l plot.Legend) {
	c = draw.Crop(c, 6, -6, 6, -6)
	height := l.Rectangle(c).Size().Y
	drawPlot(draw.Crop(c, 0, 0, height+6, 0), p)
	l.Draw(draw.Crop(c, 36, 0, 0, height-c.Max.Y+c.Min.Y))
}

// wrap breaks a text into lines that are no wider than width.
func wrap(s string, f font.Font, width vg.Length) string {
	style := text.Style{Font: f, Handler: plot.DefaultTextHandler}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch longer := line + " " + word; {
		case line == "":
			line = word
		case style.Width(longer) <= width:
			line = longer
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// drawPlot draws a plot with its title inside of the canvas.
func drawPlot(c draw.Canvas, p *plot.Plot) {
	p.Title.Text = wrap(p.Title.Text, p.Title.TextStyle.Font, c.Max.X-c.Min.X)
	p.Draw(c)
}

// title puts together what a figure shows, what it rests on and whether code drew it.
func title(subject, n string, synthetic bool) string {
	if n != "" {
		subject += " (" + n + ")"
	}
	if synthetic {
		subject += ": synthetic faces"
	}
	return subject
}

// reach extends a range by a share of itself on both sides, and a range of one value by a half.
func reach(low, high, share float64) (float64, float64) {
	if low == high {
		return low - 0.5, high + 0.5
	}
	return low - share*(high-low), high + share*(high-low)
}

// finite tells whether x is a number.
func finite(x float64) bool { return x-x == 0 }
