package discrepancy

import (
	"image"
	"math"
)

// curve is a change of one 8-bit channel.
type curve [256]uint8

var identity = func() (c curve) {
	for v := range c {
		c[v] = uint8(v)
	}
	return c
}()

// shiftCurve is what albumentations makes of a shift: add, clip, and cut off the fraction, so that a shift in (−1, 0)
// lowers by a whole level and one in (0, 1) does nothing.
func shiftCurve(shift float64) (c curve) {
	if shift >= 0 && shift < 1 {
		return identity
	}
	whole := int32(math.Floor(min(max(shift, -256), 256)))
	for v := range c {
		c[v] = clip(int32(v) + whole)
	}
	return c
}

// hueCurve turns the circle of 180 hues, cutting off the fraction in the same way.
func hueCurve(shift float64) (c curve) {
	whole := int(math.Floor(math.Mod(shift, 180))) + 180
	for v := range c {
		c[v] = uint8(uint(v+whole) % 180)
	}
	return c
}

// contrastCurve calculates in 32 bits, as albumentations does, since the fraction is cut off.
func contrastCurve(brightness, contrast float64) (c curve) {
	factor, shift := float32(1+contrast), float32(brightness*255)
	for v := range c {
		c[v] = clip(int32(float32(float32(v)*factor) + shift))
	}
	return c
}

func (c *curve) then(next *curve) {
	for v := range c {
		c[v] = next[c[v]]
	}
}

// curves are a [Colour] made ready for many pixels.
type curves struct {
	throughHSV bool
	before     [3]curve // red, green, blue
	hsv        [3]curve
	after      curve
}

func (t *curves) set(c Colour) {
	for i, shift := range c.RGB {
		t.before[i] = shiftCurve(shift)
	}
	t.after = contrastCurve(c.Brightness, c.Contrast)
	t.throughHSV = c.ThroughHSV
	if c.ThroughHSV {
		t.hsv = [3]curve{hueCurve(c.HSV[0]), shiftCurve(c.HSV[1]), shiftCurve(c.HSV[2])}
		return
	}
	for i := range t.before {
		t.before[i].then(&t.after)
	}
}

// apply writes the changed colours of src to dst, on dst's rectangle. The two may be one image.
func (t *curves) apply(dst, src *image.RGBA) {
	width := 4 * dst.Rect.Dx()
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		from := src.Pix[src.PixOffset(dst.Rect.Min.X, y):][:width]
		to := dst.Pix[dst.PixOffset(dst.Rect.Min.X, y):][:width]
		if t.throughHSV {
			t.rowThroughHSV(to, from)
		} else {
			t.row(to, from)
		}
	}
}

func (t *curves) row(to, from []uint8) {
	red, green, blue := &t.before[0], &t.before[1], &t.before[2]
	for len(from) >= 4 && len(to) >= 4 {
		to[0], to[1], to[2], to[3] = red[from[0]], green[from[1]], blue[from[2]], from[3]
		from, to = from[4:], to[4:]
	}
}

// Reciprocals with 12 fractional bits, as OpenCV's 8-bit RGB to HSV has them.
var perValue, perRange = func() (s, h [256]int32) {
	for i := 1; i < 256; i++ {
		s[i] = int32(math.RoundToEven(255 * 4096 / float64(i)))
		h[i] = int32(math.RoundToEven(180 * 4096 / (6 * float64(i))))
	}
	return s, h
}()

func (t *curves) rowThroughHSV(to, from []uint8) {
	for len(from) >= 4 && len(to) >= 4 {
		r, g, b := int32(t.before[0][from[0]]), int32(t.before[1][from[1]]), int32(t.before[2][from[2]])
		h, s, v := toHSV(r, g, b)
		r8, g8, b8 := fromHSV(t.hsv[0][uint8(h)], t.hsv[1][uint8(s)], t.hsv[2][uint8(v)])
		to[0], to[1], to[2], to[3] = t.after[r8], t.after[g8], t.after[b8], from[3]
		from, to = from[4:], to[4:]
	}
}

// toHSV is OpenCV's 8-bit RGB2HSV: hue in [0, 180), saturation and value in [0, 255].
func toHSV(r, g, b int32) (h, s, v int32) {
	v = max(r, g, b)
	span := v - min(r, g, b)
	s = (span*perValue[uint8(v)] + 1<<11) >> 12
	switch v {
	case r:
		h = g - b
	case g:
		h = b - r + 2*span
	default:
		h = r - g + 4*span
	}
	h = (h*perRange[uint8(span)] + 1<<11) >> 12
	if h < 0 {
		h += 180
	}
	return h, s, v
}

// fromHSV is OpenCV's 8-bit HSV2RGB in whole numbers, rounding to the nearest level.
func fromHSV(h, s, v uint8) (r, g, b uint8) {
	sector, part := uint32(h)/30, uint32(h)%30
	value, saturation := uint32(v), uint32(s)
	low := uint8((value*(255-saturation) + 127) / 255)
	if sector&1 == 0 {
		part = 30 - part
	}
	middle := uint8((value*(7650-saturation*part) + 3825) / 7650)
	switch sector {
	case 0:
		return v, middle, low
	case 1:
		return middle, v, low
	case 2:
		return low, v, middle
	case 3:
		return low, middle, v
	case 4:
		return middle, low, v
	}
	return v, low, middle
}
