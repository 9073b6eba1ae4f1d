// Package look is what the figures of the lab share: fonts, axes, legends and colours of print, drawn with gonum/plot, and
// the charts of a screen, drawn with ECharts. A figure is a value with the methods of figure.Figure, which packages figure and
// curves have: its Size and Draw begin with [NewPlot], its Chart with [NewChart].
//
// Classes have the colours of Okabe and Ito, quantities those of viridis, which colour-blind people can tell apart.
package look

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sans is the font of all text.
func Sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

var (
	// Ink is the colour of axes and text.
	Ink  = color.Gray{40}
	pale = color.Gray{225}
)

// NewPlot is an empty plot in the style of all figures.
func NewPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = Sans(11)
	p.Title.Padding = 6
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = Sans(10)
		axis.Tick.Label.Font = Sans(9)
		axis.Color, axis.Tick.Color = Ink, Ink
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

// Falling marks an axis that runs down as round does one that runs up: values are the negatives of their labels.
type Falling struct{}

func (Falling) Ticks(low, high float64) []plot.Tick {
	ticks := round{}.Ticks(-high, -low)
	for i := range ticks {
		ticks[i].Value = -ticks[i].Value
	}
	return ticks
}

// Grid is a grid of lines to draw below the data.
func Grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = pale, pale
	return g
}

// NewLegend is an empty legend that stands flush left.
func NewLegend() plot.Legend {
	l := plot.NewLegend()
	l.TextStyle.Font = Sans(9)
	l.Left = true
	l.ThumbnailWidth = 24
	l.Padding = 2
	return l
}

// DrawAbove draws the plot and the legend below it, where it covers no data.
func DrawAbove(c draw.Canvas, p *plot.Plot, l plot.Legend) {
	c = draw.Crop(c, 6, -6, 6, -6)
	height := l.Rectangle(c).Size().Y
	DrawPlot(draw.Crop(c, 0, 0, height+6, 0), p)
	l.Draw(draw.Crop(c, 36, 0, 0, height-c.Max.Y+c.Min.Y))
}

// Wrap breaks a text into lines that are no wider than width.
func Wrap(s string, f font.Font, width vg.Length) string {
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

// DrawPlot draws a plot with its title inside of the canvas.
func DrawPlot(c draw.Canvas, p *plot.Plot) {
	p.Title.Text = Wrap(p.Title.Text, p.Title.TextStyle.Font, c.Max.X-c.Min.X)
	p.Draw(c)
}

// Title puts together what a figure shows, what it rests on and whether code drew it.
func Title(subject, n string, synthetic bool) string {
	if n != "" {
		subject += " (" + n + ")"
	}
	if synthetic {
		subject += ": synthetic faces"
	}
	return subject
}

// Reach extends a range by a share of itself on both sides, and a range of one value by a half.
func Reach(low, high, share float64) (float64, float64) {
	if low == high {
		return low - 0.5, high + 0.5
	}
	return low - share*(high-low), high + share*(high-low)
}

// Finite tells whether x is a number.
func Finite(x float64) bool { return x-x == 0 }

// Dashes tell lines apart without colour.
var Dashes = [][]vg.Length{nil, {7, 2}, {7, 2, 2, 2}, {4, 2}, {10, 2, 2, 2, 2, 2}}

// Swatch is a colour in a legend.
type Swatch struct{ Colour color.Color }

func (s Swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.Colour, []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}
