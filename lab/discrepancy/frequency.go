package discrepancy

import (
	"image"
	"math"
)

// downscale keeps every ratio-th pixel of src and interpolates between them, on dst's rectangle: nearest down,
// bilinear up, both as OpenCV places them. Levels are within one of the exact ones.
func downscale(dst, src *image.RGBA, ratio int, w *Workspace) {
	r := &w.resampler
	r.reset(src)
	r.cols = downscaleTaps(r.cols, dst.Rect.Min.X, dst.Rect.Max.X, src.Rect.Dx(), ratio)
	r.rows = downscaleTaps(r.rows, dst.Rect.Min.Y, dst.Rect.Max.Y, src.Rect.Dy(), ratio)
	r.into(dst)
}

// downscaleTaps are the taps of places from ≤ x < to on an axis of n pixels.
func downscaleTaps(taps []tap, from, to, n, ratio int) []tap {
	few := max(n/ratio, 1)
	kept := func(i int) int32 { return int32(min(i, few-1) * n / few) }
	for x := from; x < to; x++ {
		t := clampedTap(x, n, few)
		t.lo, t.hi = kept(int(t.lo)), kept(int(t.hi))
		taps = append(taps, t)
	}
	return taps
}

// sharpen is (1 − α)·image + α·(image under the kernel of −1 with 8 + l in its centre), on dst's rectangle; src is
// reflected at its edges without repeating the edge pixel. dst and src are different images.
func sharpen(dst, src *image.RGBA, alpha, lightness float64, w *Workspace) {
	// The kernel is (9 + l)·centre − (sum over 3×3).
	const one = 1 << 16
	centre := int32(math.Round((1 + alpha*(8+lightness)) * one))
	around := int32(math.Round(alpha * one))

	rect, width := dst.Rect, dst.Rect.Dx()
	// Sums over three pixels of a row, of the rows above, at, and below.
	w.sums = grown(w.sums, 3*width)
	above, at, below := w.sums[:width], w.sums[width:2*width], w.sums[2*width:3*width]
	sumRow(above, src, rect, rect.Min.Y-1)
	sumRow(at, src, rect, rect.Min.Y)
	for y := rect.Min.Y; y < rect.Max.Y; y++ {
		sumRow(below, src, rect, y+1)
		from := src.Pix[src.PixOffset(rect.Min.X, y):][:4*width]
		to := dst.Pix[dst.PixOffset(rect.Min.X, y):][:4*width]
		for x := range at {
			sum := above[x] + at[x] + below[x]
			r := int32(from[4*x])*centre - int32(uint16(sum))*around
			g := int32(from[4*x+1])*centre - int32(uint16(sum>>32))*around
			b := int32(from[4*x+2])*centre - int32(uint16(sum>>16))*around
			to[4*x] = clip((r + one/2) >> 16)
			to[4*x+1] = clip((g + one/2) >> 16)
			to[4*x+2] = clip((b + one/2) >> 16)
			to[4*x+3] = from[4*x+3]
		}
		above, at, below = at, below, above
	}
}

// sumRow sets sums to those of each pixel of row y, in rect's columns, with its left and right neighbours.
func sumRow(sums []uint64, src *image.RGBA, rect image.Rectangle, y int) {
	y = reflect(y, src.Rect.Min.Y, src.Rect.Max.Y)
	row := src.Pix[src.PixOffset(src.Rect.Min.X, y):][:4*src.Rect.Dx()]
	pixel := func(x int) uint64 {
		return lanes(row[4*(reflect(x, src.Rect.Min.X, src.Rect.Max.X)-src.Rect.Min.X):])
	}
	left, here := pixel(rect.Min.X-1), pixel(rect.Min.X)
	last := len(sums) - 1
	next := row[4*(rect.Min.X-src.Rect.Min.X)+4:]
	for x := range sums[:last] {
		right := lanes(next[4*x:])
		sums[x] = left + here + right
		left, here = here, right
	}
	sums[last] = left + here + pixel(rect.Max.X)
}

// reflect mirrors x into [low, high) around the edge pixels.
func reflect(x, low, high int) int {
	if high-low == 1 {
		return low
	}
	for x < low || x >= high {
		if x < low {
			x = 2*low - x
		} else {
			x = 2*(high-1) - x
		}
	}
	return x
}

func clip(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
