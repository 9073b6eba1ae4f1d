// Package figure draws what a run found: ROC curves, score histograms, training curves, similarity matrices, the
// hypersphere and heat maps over a face.
//
// Each figure is one small value that holds its data; [SVG] and [PNG] draw any of them. Titles or legends state how many
// faces or videos a figure rests on, and "synthetic" where code drew them. Colours can be told apart by colour-blind people:
// those of Okabe and Ito for classes, viridis for quantities; lines and markers also differ in form.
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a figure of this package. Drawing fails if its data do not make sense, and the error says which.
type Figure interface {
	size() (width, height vg.Length)
	draw(c draw.Canvas) error
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
	p.Draw(draw.Crop(c, 0, 0, height+6, 0))
	l.Draw(draw.Crop(c, 36, 0, 0, height-c.Max.Y+c.Min.Y))
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

// finite tells whether x is a number.
func finite(x float64) bool { return x-x == 0 }
