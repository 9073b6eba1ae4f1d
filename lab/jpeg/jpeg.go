// Package jpeg does to pictures what compression by JPEG does, in memory and without a file.
package jpeg

import (
	"image"
	"math"
)

// A Codec does to an image what writing it as a baseline JPEG with 4:2:0 subsampling and reading it again does.
// Huffman coding loses nothing, so it is left out: colours go to YCbCr, chroma is averaged over 2 × 2 pixels, blocks of
// 8 × 8 are transformed, quantised, and transformed back. Quantisation is that of libjpeg; chroma is repeated, not
// interpolated, on the way back, as Go's image/jpeg does. Its zero value is ready; its memory
// is used again, by one goroutine at a time.
type Codec struct {
	luma, chroma quantizer
	y            [4]block
	cb, cr       block
}

// RoundTrip compresses img with a quality from 1 to 100 and decompresses it, in place.
func (c *Codec) RoundTrip(img *image.RGBA, quality int) {
	c.luma.set(&lumaSteps, quality)
	c.chroma.set(&chromaSteps, quality)
	size := img.Rect.Size()
	for y := 0; y < size.Y; y += 16 {
		for x := 0; x < size.X; x += 16 {
			c.load(img, x, y)
			for i := range c.y {
				c.luma.pass(&c.y[i])
			}
			c.chroma.pass(&c.cb)
			c.chroma.pass(&c.cr)
			c.store(img, x, y)
		}
	}
}

// load takes the 16 × 16 pixels at (x0, y0); beyond the image's edges its last pixels are repeated.
func (c *Codec) load(img *image.RGBA, x0, y0 int) {
	size := img.Rect.Size()
	for y := 0; y < 16; y += 2 {
		upper := img.Pix[min(y0+y, size.Y-1)*img.Stride:]
		lower := img.Pix[min(y0+y+1, size.Y-1)*img.Stride:]
		for x := 0; x < 16; x += 2 {
			left, right := 4*min(x0+x, size.X-1), 4*min(x0+x+1, size.X-1)
			p0, p1 := upper[left:left+3:left+3], upper[right:right+3:right+3]
			p2, p3 := lower[left:left+3:left+3], lower[right:right+3:right+3]

			at := y&7<<3 | x&7
			luma := &c.y[y>>3<<1|x>>3]
			luma[at&63], luma[(at+1)&63] = lumaOf(p0), lumaOf(p1)
			luma[(at+8)&63], luma[(at+9)&63] = lumaOf(p2), lumaOf(p3)

			r := int32(p0[0]) + int32(p1[0]) + int32(p2[0]) + int32(p3[0])
			g := int32(p0[1]) + int32(p1[1]) + int32(p2[1]) + int32(p3[1])
			b := int32(p0[2]) + int32(p1[2]) + int32(p2[2]) + int32(p3[2])
			half := (y<<2 | x>>1) & 63
			c.cb[half] = float32((-11059*r - 21709*g + 32768*b + 1<<17) >> 18)
			c.cr[half] = float32((32768*r - 27439*g - 5329*b + 1<<17) >> 18)
		}
	}
}

// lumaOf is Y of JFIF, less 128.
func lumaOf(p []uint8) float32 {
	return float32((19595*int32(p[0])+38470*int32(p[1])+7471*int32(p[2])+1<<15)>>16 - 128)
}

// store writes the 16 × 16 pixels at (x0, y0), as far as they lie in the image.
func (c *Codec) store(img *image.RGBA, x0, y0 int) {
	size := img.Rect.Size()
	width, height := min(16, size.X-x0), min(16, size.Y-y0)
	for y := range height {
		row := img.Pix[(y0+y)*img.Stride+4*x0:][:4*width]
		for x := 0; x < width; x++ {
			half := (y>>1<<3 | x>>1) & 63
			cb, cr := sample(c.cb[half])-128, sample(c.cr[half])-128
			red, green, blue := 91881*cr, -22554*cb-46802*cr, 116130*cb
			for end := min(x|1, width-1); ; x++ {
				luma := sample(c.y[y>>3<<1|x>>3][(y&7<<3|x&7)&63])<<16 + 1<<15
				to := row[4*x : 4*x+3 : 4*x+3]
				to[0], to[1], to[2] = clip((luma+red)>>16), clip((luma+green)>>16), clip((luma+blue)>>16)
				if x == end {
					break
				}
			}
		}
	}
}

// sample is a decoded value as an 8-bit sample.
func sample(v float32) int32 { return min(max(int32(v+128.5), 0), 255) }

// clip is a value as a byte.
func clip(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// A block is 8 × 8 samples or coefficients, row by row.
type block [64]float32

// A quantizer holds the steps of quantisation, with the scale factors of the transforms of [block] in them.
type quantizer struct{ forward, inverse block }

// The tables of Annex K of the JPEG standard (ITU-T T.81), row by row, which are quality 50.
var lumaSteps = [64]int{
	16, 11, 10, 16, 24, 40, 51, 61,
	12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56,
	14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77,
	24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101,
	72, 92, 95, 98, 112, 100, 103, 99,
}

var chromaSteps = [64]int{
	17, 18, 24, 47, 99, 99, 99, 99,
	18, 21, 26, 66, 99, 99, 99, 99,
	24, 26, 56, 99, 99, 99, 99, 99,
	47, 66, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
}

// aan are the factors by which the transform of Arai, Agui and Nakajima scales a frequency.
var aan = func() (s [8]float64) {
	for k := range s {
		s[k] = math.Sqrt2 * math.Cos(float64(k)*math.Pi/16)
	}
	s[0] = 1
	return s
}()

// set scales the steps to a quality as libjpeg does.
func (q *quantizer) set(steps *[64]int, quality int) {
	quality = min(max(quality, 1), 100)
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	for i, step := range steps {
		step = min(max((step*scale+50)/100, 1), 255)
		factor := aan[i/8] * aan[i%8]
		q.forward[i] = float32(1 / (8 * factor * float64(step)))
		q.inverse[i] = float32(factor * float64(step) / 8)
	}
}

// pass transforms a block, rounds its coefficients to steps and transforms it back.
func (q *quantizer) pass(b *block) {
	for i := 0; i < 64; i += 8 {
		r := (*[8]float32)(b[i : i+8])
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7] = transform(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	for i := range 8 {
		b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56] =
			transform(b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56])
	}
	// Adding and taking away 1.5·2²³ leaves no bit for a fraction, so it rounds.
	const whole = 3 << 22
	for i, v := range b {
		v = float32(v*q.forward[i]) + whole
		b[i] = (v - whole) * q.inverse[i]
	}
	for i := range 8 {
		b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56] =
			restore(b[i], b[i+8], b[i+16], b[i+24], b[i+32], b[i+40], b[i+48], b[i+56])
	}
	for i := 0; i < 64; i += 8 {
		r := (*[8]float32)(b[i : i+8])
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7] = restore(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
}

// Cosines of multiples of π/16.
const (
	cos2 = 0.92387953251128675613
	cos4 = 0.70710678118654752440
	cos6 = 0.38268343236508977173
)

// transform is the discrete cosine transform of 8 values by Arai, Agui and Nakajima (1988). Frequency k comes out
// √8·aan[k] times as large as in the orthonormal transform.
func transform(a0, a1, a2, a3, a4, a5, a6, a7 float32) (f0, f1, f2, f3, f4, f5, f6, f7 float32) {
	s07, d07 := a0+a7, a0-a7
	s16, d16 := a1+a6, a1-a6
	s25, d25 := a2+a5, a2-a5
	s34, d34 := a3+a4, a3-a4

	outer, inner := s07+s34, s16+s25
	f0, f4 = outer+inner, outer-inner
	outer, inner = s07-s34, s16-s25
	turned := (outer + inner) * cos4
	f2, f6 = outer+turned, outer-turned

	p, q, r := d34+d25, d25+d16, d16+d07
	both := (p - r) * cos6
	low := p*(cos2-cos6) + both
	high := r*(cos2+cos6) + both
	middle := q * cos4
	up, down := d07+middle, d07-middle
	return f0, up + high, f2, down - low, f4, down + low, f6, up - high
}

// restore is the inverse cosine transform. It expects frequency k aan[k]/√8 times as large as in the orthonormal
// transform.
func restore(f0, f1, f2, f3, f4, f5, f6, f7 float32) (a0, a1, a2, a3, a4, a5, a6, a7 float32) {
	sum, difference := f0+f4, f0-f4
	s26 := f2 + f6
	d26 := (f2-f6)*(2*cos4) - s26
	e0, e3 := sum+s26, sum-s26
	e1, e2 := difference+d26, difference-d26

	s53, d53 := f5+f3, f5-f3
	s17, d17 := f1+f7, f1-f7
	o0 := s17 + s53
	turned := (s17 - s53) * (2 * cos4)
	both := (d53 + d17) * (2 * cos2)
	o1 := both - d53*(2*(cos2+cos6)) - o0
	o2 := turned - o1
	o3 := both - d17*(2*(cos2-cos6)) - o2
	return e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0
}
