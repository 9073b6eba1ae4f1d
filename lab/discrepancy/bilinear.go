package discrepancy

import (
	"image"
	"math"
)

// A pixel spread over a word: four lanes of 16 bits, red, blue, green, alpha from the lowest on. A product of a lane
// with a weight of at most 256 stays in its lane, so that one multiplication serves all channels.
const laneMask = 0x00ff00ff_00ff00ff

func lanes(p []uint8) uint64 {
	_ = p[3]
	v := uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24
	return v&0x00ff00ff | v<<24&(0x00ff00ff<<32)
}

func storeLanes(p []uint8, v uint64) {
	_ = p[3]
	p[0], p[1], p[2], p[3] = uint8(v), uint8(v>>32), uint8(v>>16), uint8(v>>48)
}

// mix is a + (b − a)·frac/256 in each lane, rounded.
func mix(a, b, frac uint64) uint64 {
	return (a*(256-frac) + b*frac + 0x0080_0080_0080_0080) >> 8 & laneMask
}

// A tap says between which two pixels of an axis a value lies: at lo + frac/256 of the way to hi. Pixels are counted
// from the edge of the source; a negative one is black.
type tap struct {
	lo, hi int32
	frac   uint64
}

// lay returns the tap of position x of an axis whose pixels are low to high − 1, with black beyond.
func lay(x float64, low, high int) tap {
	floor := math.Floor(x)
	frac := uint64((x-floor)*256 + 0.5)
	// Positions far out must not overflow.
	at := int(min(max(floor, float64(low-2)), float64(high+1)))
	within := func(i int) int32 {
		if i < low || i >= high {
			return -1
		}
		return int32(i - low)
	}
	return tap{within(at), within(at + 1), frac}
}

// clampedTap is the place of pixel x of n on an axis of m pixels that covers the same length; the edge pixels go on
// beyond the edges.
func clampedTap(x, n, m int) tap {
	at := (float64(x)+0.5)*float64(m)/float64(n) - 0.5
	at = min(max(at, 0), float64(m-1))
	floor := int(at)
	return tap{int32(floor), int32(min(floor+1, m-1)), uint64((at-float64(floor))*256 + 0.5)}
}

// A resampler reads an image at the crossings of column taps and row taps.
type resampler struct {
	src        *image.RGBA
	cols, rows []tap
	lines      [2][]uint64 // rows of src, resampled along x, and which rows they are
	at         [2]int32
	out        []uint64
}

// reset prepares for reading src; taps are to be appended to cols and rows.
func (r *resampler) reset(src *image.RGBA) {
	r.src, r.cols, r.rows, r.at = src, r.cols[:0], r.rows[:0], [2]int32{-2, -2}
}

// row returns the pixels of row i, spread; they are valid until the next call.
func (r *resampler) row(i int) []uint64 {
	t := r.rows[i]
	n := len(r.cols)
	if t.frac == 0 {
		return r.line(t.lo, t.hi)
	}
	r.out = grown(r.out, n)
	top := r.line(t.lo, t.hi)[:n]
	bottom := r.line(t.hi, t.lo)[:n]
	out := r.out[:n]
	for x := range out {
		out[x] = mix(top[x], bottom[x], t.frac)
	}
	return out
}

// line returns row y of src resampled along x. It does not overwrite row keep.
func (r *resampler) line(y, keep int32) []uint64 {
	slot := 0
	switch {
	case r.at[0] == y:
		return r.lines[0]
	case r.at[1] == y:
		return r.lines[1]
	case r.at[0] == keep:
		slot = 1
	}
	r.at[slot] = y
	r.lines[slot] = grown(r.lines[slot], len(r.cols))
	line := r.lines[slot]
	if y < 0 {
		clear(line)
		return line
	}
	pix := r.src.Pix[int(y)*r.src.Stride:][:4*r.src.Rect.Dx()]
	if n := len(r.cols); n > 0 && r.cols[0].lo >= 0 && r.cols[n-1].hi >= 0 { // taps rise, so all are inside
		for x, t := range r.cols {
			line[x] = mix(lanes(pix[4*t.lo:]), lanes(pix[4*t.hi:]), t.frac)
		}
		return line
	}
	for x, t := range r.cols {
		var a, b uint64
		if t.lo >= 0 {
			a = lanes(pix[4*t.lo:])
		}
		if t.hi >= 0 {
			b = lanes(pix[4*t.hi:])
		}
		line[x] = mix(a, b, t.frac)
	}
	return line
}

// into writes all rows to dst, which has a column and a row for each tap.
func (r *resampler) into(dst *image.RGBA) {
	for i := range r.rows {
		to := dst.Pix[i*dst.Stride:]
		for _, v := range r.row(i) {
			storeLanes(to, v)
			to = to[4:]
		}
	}
}

// grown returns a slice of n values, in the memory of s if it is large enough. Its contents are undefined.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/4)[:n]
	}
	return s[:n]
}
