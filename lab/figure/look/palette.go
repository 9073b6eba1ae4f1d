package look

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// OkabeIto are the colours of Okabe and Ito (2008), which colour-blind people can tell apart, those that stand out on
// white first.
var OkabeIto = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
	{0xf0, 0xe4, 0x42, 0xff}, // yellow
}

// The colours of the two classes of faces, in all figures that tell them apart.
var (
	RealColour = OkabeIto[0]
	FakeColour = OkabeIto[1]
)

// ClassColour is the colour of class k. After eight they come again, with another marker and moved on by two: prototypes
// near each other in a projection have numbers that differ by 5, 8, 13 or 21, and get different colours.
func ClassColour(k int) color.NRGBA { return OkabeIto[(k+k/8*2)%len(OkabeIto)] }

// viridis samples the colour map of matplotlib (Smith and van der Walt, CC0) at equal steps.
var viridis = []color.NRGBA{
	{0x44, 0x01, 0x54, 0xff}, {0x48, 0x28, 0x78, 0xff}, {0x3e, 0x4a, 0x89, 0xff}, {0x31, 0x68, 0x8e, 0xff},
	{0x26, 0x82, 0x8e, 0xff}, {0x1f, 0x9e, 0x89, 0xff}, {0x35, 0xb7, 0x79, 0xff}, {0x6d, 0xcd, 0x59, 0xff},
	{0xb4, 0xde, 0x2c, 0xff}, {0xfd, 0xe7, 0x25, 0xff},
}

// ScaleColour is the colour of a quantity on the scale from low to high: dark is low, light is high, and what lies outside
// has the colour of the nearer end.
func ScaleColour(value, low, high float64) color.NRGBA {
	at := min(max((value-low)/(high-low), 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	a, b, t := viridis[i], viridis[i+1], at-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + t*(float64(y)-float64(x)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// Faint makes a colour translucent.
func Faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(255 * opacity))
	return c
}

// Absent is the colour of what was not measured.
var Absent = color.NRGBA{200, 200, 200, 255}

// Markers tell the classes apart whose colours are the same.
var Markers = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, Diamond{}}

// Diamond is a square that stands on a corner, a quarter larger than the radius says.
type Diamond struct{}

func (Diamond) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, p vg.Point) {
	r := style.Radius * 1.25
	c.FillPolygon(style.Color, []vg.Point{{X: p.X - r, Y: p.Y}, {X: p.X, Y: p.Y + r}, {X: p.X + r, Y: p.Y}, {X: p.X, Y: p.Y - r}})
}

// ClassMarker is the form of the marks of class k.
func ClassMarker(k int) draw.GlyphDrawer { return Markers[k/len(OkabeIto)%len(Markers)] }

// ClassSymbol is classMarker as ECharts calls it.
func ClassSymbol(k int) string {
	return []string{"circle", "rect", "triangle", "diamond"}[k/len(OkabeIto)%4]
}
