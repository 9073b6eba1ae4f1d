package figure

import (
	"image/color"
	"math"
)

// okabeIto are the colours of Okabe and Ito (2008), which colour-blind people can tell apart, those that stand out on
// white first.
var okabeIto = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
	{0xf0, 0xe4, 0x42, 0xff}, // yellow
}

// The colours of the two classes of faces.
var (
	realColour = okabeIto[0]
	fakeColour = okabeIto[1]
)

// classColour is the colour of class k. After eight they come again, with another marker and moved on by two: prototypes
// near each other in a projection have numbers that differ by 5, 8, 13 or 21, and get different colours.
func classColour(k int) color.NRGBA { return okabeIto[(k+k/8*2)%len(okabeIto)] }

// viridis samples the colour map of matplotlib (Smith and van der Walt, CC0) at equal steps.
var viridis = []color.NRGBA{
	{0x44, 0x01, 0x54, 0xff}, {0x48, 0x28, 0x78, 0xff}, {0x3e, 0x4a, 0x89, 0xff}, {0x31, 0x68, 0x8e, 0xff},
	{0x26, 0x82, 0x8e, 0xff}, {0x1f, 0x9e, 0x89, 0xff}, {0x35, 0xb7, 0x79, 0xff}, {0x6d, 0xcd, 0x59, 0xff},
	{0xb4, 0xde, 0x2c, 0xff}, {0xfd, 0xe7, 0x25, 0xff},
}

// scaleColour is the colour of a quantity on the scale from low to high: dark is low, light is high, and what lies outside
// has the colour of the nearer end.
func scaleColour(value, low, high float64) color.NRGBA {
	at := min(max((value-low)/(high-low), 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	a, b, t := viridis[i], viridis[i+1], at-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + t*(float64(y)-float64(x)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// faint makes a colour translucent.
func faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(255 * opacity))
	return c
}
