package look

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// BarWidth is the room that the colour bar needs at the right of a figure, with ticks and label.
const BarWidth vg.Length = 64

// DrawBar draws the scale from low to high as a colour bar that is as high as the canvas. Its opacity over white is that
// with which the figure paints.
func DrawBar(c draw.Canvas, low, high, opacity float64, label string) {
	left, right := c.Min.X+8, c.Min.X+20
	height := c.Max.Y - c.Min.Y
	// One picture, as neighbouring strips would show their seams.
	const steps = 128
	colours := image.NewRGBA(image.Rect(0, 0, 1, steps))
	for i := range steps {
		paint := ScaleColour(steps-0.5-float64(i), 0, steps)
		colours.SetRGBA(0, i, Blend(color.RGBA{255, 255, 255, 255}, paint, opacity))
	}
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: left, Y: c.Min.Y}, Max: vg.Point{X: right, Y: c.Max.Y}}, colours)

	style := text.Style{Color: Ink, Font: Sans(9), YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	for i := range 5 {
		y := c.Min.Y + height*vg.Length(i)/4
		c.StrokeLine2(draw.LineStyle{Color: Ink, Width: 0.5}, right, y, right+3, y)
		c.FillText(style, vg.Point{X: right + 5, Y: y}, strconv.FormatFloat(low+(high-low)*float64(i)/4, 'f', 2, 64))
	}
	style.Rotation = -math.Pi / 2
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	c.FillText(style, vg.Point{X: c.Max.X - 12, Y: c.Min.Y + height/2}, label)
}

// Blend lays paint over an opaque pixel.
func Blend(under color.RGBA, paint color.NRGBA, opacity float64) color.RGBA {
	mix := func(p, q uint8) uint8 { return uint8(math.Round(float64(p)*(1-opacity) + float64(q)*opacity)) }
	return color.RGBA{mix(under.R, paint.R), mix(under.G, paint.G), mix(under.B, paint.B), 0xff}
}
