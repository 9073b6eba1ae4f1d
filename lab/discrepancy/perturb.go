package discrepancy

import (
	"image"
	"math"
)

// perturb writes src, perturbed, to dst, on dst's rectangle. The two are different images; src is whole, since what a
// pixel becomes depends on its place in the image and on its neighbours.
func perturb(dst, src *image.RGBA, p *Perturbation, w *Workspace) {
	coloured := p.Colour != Colour{}
	detailed := p.Downscale > 1 || p.Sharpen > 0
	if p.Strength == 0 {
		coloured, detailed = false, false
	}
	from := src
	if coloured {
		w.curves.set(p.Colour)
		if detailed {
			from = w.coloured.resize(src.Rect)
			w.curves.apply(from, src)
		} else {
			w.curves.apply(dst, src)
		}
	}
	switch {
	case !detailed && !coloured:
		copyPixels(dst, src)
		return
	case p.Downscale > 1:
		downscale(dst, from, p.Downscale, w)
	case p.Sharpen > 0:
		sharpen(dst, from, p.Sharpen, p.Lightness, w)
	}
	if p.Strength != 1 {
		amplify(dst, src, p.Strength)
	}
}

// amplify sets dst to src + strength·(dst − src), rounded and clipped.
func amplify(dst, src *image.RGBA, strength float64) {
	var change [511]int32
	for i := range change {
		change[i] = int32(math.Round(strength * float64(i-255)))
	}
	width := 4 * dst.Rect.Dx()
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		from := src.Pix[src.PixOffset(dst.Rect.Min.X, y):][:width]
		to := dst.Pix[dst.PixOffset(dst.Rect.Min.X, y):][:width]
		for i, v := range from {
			to[i] = clip(int32(v) + change[255+int(to[i])-int(v)])
		}
	}
}

// copyPixels copies the pixels of dst's rectangle from src.
func copyPixels(dst, src *image.RGBA) {
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		copy(dst.Pix[dst.PixOffset(dst.Rect.Min.X, y):][:4*dst.Rect.Dx()], src.Pix[src.PixOffset(dst.Rect.Min.X, y):])
	}
}

// A canvas is an image whose memory is used again.
type canvas struct{ image.RGBA }

// resize gives the canvas a rectangle; its pixels are undefined.
func (c *canvas) resize(rect image.Rectangle) *image.RGBA {
	c.Pix = grown(c.Pix, 4*rect.Dx()*rect.Dy())
	c.Stride, c.Rect = 4*rect.Dx(), rect
	return &c.RGBA
}
