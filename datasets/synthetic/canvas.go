package synthetic

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"

	"github.com/seeable-lab/seeable/lab/face"
)

// canvas draws antialiased shapes into an image.
type canvas struct {
	*image.RGBA
	pen  vector.Rasterizer
	mask *image.Alpha
}

func newCanvas(side int) *canvas {
	r := image.Rect(0, 0, side, side)
	return &canvas{RGBA: image.NewRGBA(r), mask: image.NewAlpha(r)}
}

// trace readies the pen with the closed outline through points, rounded if smooth, and returns the box around it. The
// pen's origin is the box's.
func (c *canvas) trace(points []face.Point, smooth bool) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range points {
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	// A rounded outline bulges over its points, by less than a fifth of the box.
	bulge := 2.0
	if smooth {
		bulge += 0.2 * max(x1-x0, y1-y0)
	}
	box := image.Rect(int(x0-bulge), int(y0-bulge), int(x1+bulge)+1, int(y1+bulge)+1).Intersect(c.Rect)
	if box.Empty() {
		return box
	}
	c.pen.Reset(box.Dx(), box.Dy())
	at := func(i int) (x, y float32) {
		p := points[(i+len(points))%len(points)]
		// The rasterizer's coordinates are those of pixel corners.
		return float32(p.X+0.5) - float32(box.Min.X), float32(p.Y+0.5) - float32(box.Min.Y)
	}
	c.pen.MoveTo(at(0))
	for i := range points {
		bx, by := at(i)
		ex, ey := at(i + 1)
		if !smooth {
			c.pen.LineTo(ex, ey)
			continue
		}
		ax, ay := at(i - 1) // Catmull and Rom's spline
		fx, fy := at(i + 2)
		c.pen.CubeTo(bx+(ex-ax)/6, by+(ey-ay)/6, ex-(fx-bx)/6, ey-(fy-by)/6, ex, ey)
	}
	c.pen.ClosePath()
	return box
}

// fill paints the outline through points with one colour and opacity.
func (c *canvas) fill(points []face.Point, smooth bool, colour rgb, opacity float64) {
	box := c.trace(points, smooth)
	if box.Empty() {
		return
	}
	paint := color.NRGBA{R: level(colour[0]), G: level(colour[1]), B: level(colour[2]), A: level(255 * opacity)}
	c.pen.DrawOp = draw.Over
	c.pen.Draw(c.RGBA, box, image.NewUniform(paint), image.Point{})
}

// shade paints the outline through points with a colour that depends on the place.
func (c *canvas) shade(points []face.Point, smooth bool, colour func(x, y float64) rgb) {
	box := c.trace(points, smooth)
	if box.Empty() {
		return
	}
	c.pen.DrawOp = draw.Src
	c.pen.Draw(c.mask, box, image.Opaque, image.Point{})
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := c.mask.Pix[c.mask.PixOffset(box.Min.X, y):c.mask.PixOffset(box.Max.X, y)]
		at := c.PixOffset(box.Min.X, y)
		for i, a := range row {
			if a != 0 {
				c.blend(at+4*i, colour(float64(box.Min.X+i), float64(y)), float64(a)/255)
			}
		}
	}
}

func (c *canvas) blend(i int, colour rgb, opacity float64) {
	pix := c.Pix[i : i+3 : i+3]
	for k := range 3 {
		old := float64(pix[k])
		pix[k] = level(old + opacity*(colour[k]-old))
	}
}

// glow blends a soft ellipse over the image, with radii at which it has fallen to a third of its opacity.
func (c *canvas) glow(p face.Point, rx, ry float64, colour rgb, opacity float64) {
	box := image.Rect(int(p.X-2*rx), int(p.Y-2*ry), int(p.X+2*rx)+2, int(p.Y+2*ry)+2).Intersect(c.Rect)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		dy := (float64(y) - p.Y) / ry
		at := c.PixOffset(box.Min.X, y)
		for x := box.Min.X; x < box.Max.X; x, at = x+1, at+4 {
			if b := blob((float64(x)-p.X)/rx, dy, 1); b > 0 {
				c.blend(at, colour, opacity*b)
			}
		}
	}
}

// blob is a round bump at the origin, 1 high: nearly exp(−d²) at distance d in radii, and 0 from 2 radii on.
func blob(x, y, radius float64) float64 {
	d := 1 - (x*x+y*y)/(4*radius*radius)
	if d <= 0 {
		return 0
	}
	return d * d * d * d
}

// stroke draws an open line through points, as wide at its ends as ends says and as wide in the middle as middle.
func (c *canvas) stroke(points []face.Point, ends, middle float64, colour rgb, opacity float64) {
	n := len(points)
	outline := make([]face.Point, 2*n)
	for i, p := range points {
		a, b := points[max(i-1, 0)], points[min(i+1, n-1)]
		dx, dy := b.X-a.X, b.Y-a.Y
		length := max(math.Hypot(dx, dy), 1e-9)
		t := 2*float64(i)/float64(n-1) - 1
		half := (ends + (middle-ends)*(1-t*t)) / 2
		dx, dy = -dy/length*half, dx/length*half
		outline[i] = face.Point{X: p.X + dx, Y: p.Y + dy}
		outline[2*n-1-i] = face.Point{X: p.X - dx, Y: p.Y - dy}
	}
	c.fill(outline, true, colour, opacity)
}

// level rounds to 0 … 255.
func level(v float64) uint8 {
	switch { // three times as fast as the built-in min and max, which mind NaN
	case v < 0:
		return 0
	case v > 254.5:
		return 255
	}
	return uint8(v + 0.5)
}

// weave is smooth random texture over the plane: a lattice of values in [−1, 1] with period 64, interpolated.
type weave [64 * 64]float32

func newWeave(seed uint64) *weave {
	var w weave
	for i := range w {
		seed += 0x9e3779b97f4a7c15 // SplitMix64
		x := (seed ^ seed>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		w[i] = float32(x>>40)/(1<<23) - 1
	}
	return &w
}

func (w *weave) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx)&63, int(fy)&63
	k, l := (i+1)&63, (j+1)&63
	tx, ty := float32(x-fx), float32(y-fy)
	top := w[j*64+i] + tx*(w[j*64+k]-w[j*64+i])
	low := w[l*64+i] + tx*(w[l*64+k]-w[l*64+i])
	return float64(top + ty*(low-top))
}
