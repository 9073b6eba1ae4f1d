package face

import (
	"encoding/binary"
	"image"
	"math"
	"sync"
)

// scale draws rect of src over all of dst; src is opaque and holds rect. The filter is a triangle as wide as a source or
// target pixel, whichever is larger, along each axis; at the edges of rect the weights of what is inside are scaled up to a
// sum of 1 (the definition of BiLinear in golang.org/x/image/draw). A mirrored source gives exactly the mirrored target.
//
// Down to a 24th of the size, no level differs by more than 1 from the one calculated exactly and rounded. Below that,
// only a picture made for it could.
func scale(dst, src *image.RGBA, rect image.Rectangle) {
	z := scalers.Get().(*scaler)
	z.scale(dst, src, rect)
	scalers.Put(z)
}

var scalers = sync.Pool{New: func() any { return new(scaler) }}

// A scaler holds the memory that scaling needs. It scales each row of the source once and sums scaled rows. A word holds
// several levels, so that one product multiplies them all: along a row, red, green and blue of a pixel in lanes of 21 bits,
// 8 for the level and 13 for the weight; down the columns, one colour of two neighbours in lanes of 32 bits, 16 for the
// level, of which the last 8 are a fraction, and 16 for the weight.
type scaler struct {
	across, down filter
	source, line []uint64   // a row of the source and of the target's width: a pixel a word
	rows         [][]uint64 // the latest scaled rows: three words, for red, green and blue, a pair of pixels
	sum          []uint64   // weighted sum of rows
}

const (
	lane      = 21
	low, high = 0xffff, 0xffff << 32 // the lanes of a pair

	// Between the passes levels lose 5 of their 13 bits of fraction. Half of what is lost is added beforehand, and half a
	// level for what is lost at the end.
	half = (1<<4 + 1<<12) * (1 | 1<<lane | 1<<(2*lane))
)

func (z *scaler) scale(dst, src *image.RGBA, rect image.Rectangle) {
	width, height := dst.Rect.Dx(), dst.Rect.Dy()
	pairs := (width + 1) / 2
	z.across.set(rect.Dx(), width, 1<<13)
	z.down.set(rect.Dy(), height, 1<<16)
	z.source = grown(z.source, rect.Dx()+block)
	z.line = grown(z.line, 2*pairs)
	z.sum = grown(z.sum, 3*pairs)
	z.rows = grown(z.rows, block*len(z.down))
	for i := range z.rows {
		z.rows[i] = grown(z.rows[i], 3*pairs)
	}
	next := 0 // row of rect
	for y := range height {
		for end := min(z.down[0][y].first+len(z.rows), rect.Dy()); next < end; next++ {
			spread(z.source, src.Pix[src.PixOffset(rect.Min.X, rect.Min.Y+next):][:4*rect.Dx()])
			z.across.apply(z.line[:width], z.source)
			pair(z.rows[next%len(z.rows)], z.line)
		}
		z.add(y)
		merge(dst.Pix[dst.PixOffset(dst.Rect.Min.X, dst.Rect.Min.Y+y):][:4*width], z.sum)
	}
}

// spread puts the colours of pixels into lanes.
func spread(words []uint64, pixels []uint8) {
	for i := range words {
		if len(pixels) < 4 {
			break
		}
		p := uint64(binary.LittleEndian.Uint32(pixels))
		words[i] = p&0xff | p<<(lane-8)&(0xff<<lane) | p<<(2*lane-16)&(0xff<<(2*lane))
		pixels = pixels[4:]
	}
}

// apply scales a row.
func (f filter) apply(line, source []uint64) {
	for i, kernels := range f {
		kernels = kernels[:len(line)]
		if i == 0 {
			for x := range line {
				k := &kernels[x]
				s := source[k.first:][:block]
				line[x] = half + s[0]*k.weights[0] + s[1]*k.weights[1] + s[2]*k.weights[2]
			}
			continue
		}
		for x := range line {
			k := &kernels[x]
			s := source[k.first:][:block]
			line[x] += s[0]*k.weights[0] + s[1]*k.weights[1] + s[2]*k.weights[2]
		}
	}
}

// pair puts the lanes of every two pixels together, by colour. Of an odd number the last has an undefined partner.
func pair(row, line []uint64) {
	for len(row) >= 3 && len(line) >= 2 {
		left, right := line[0], line[1]
		row[0] = left>>5&low | right<<27&high
		row[1] = left>>26&low | right<<6&high
		row[2] = left>>47 | right>>15&high
		row, line = row[3:], line[2:]
	}
}

// add sums the rows that make row y of the target.
func (z *scaler) add(y int) {
	sum := z.sum
	for i, kernels := range z.down {
		k := &kernels[y]
		row := func(j int) []uint64 { return z.rows[(k.first+j)%len(z.rows)][:len(sum)] }
		a, b, c := row(0), row(1), row(2)
		u, v, w := k.weights[0], k.weights[1], k.weights[2]
		if i == 0 {
			for x := range sum {
				sum[x] = a[x]*u + b[x]*v + c[x]*w
			}
			continue
		}
		for x := range sum {
			sum[x] += a[x]*u + b[x]*v + c[x]*w
		}
	}
}

// merge drops the fractions of a summed row and makes opaque pixels of it.
func merge(pixels []uint8, sum []uint64) {
	for len(sum) >= 3 && len(pixels) >= 4 {
		p := sum[0]>>24&0xff_000000ff | sum[1]>>16&0xff00_0000ff00 | sum[2]>>8&0xff0000_00ff0000 | 0xff000000_ff000000
		if len(pixels) < 8 {
			binary.LittleEndian.PutUint32(pixels, uint32(p))
			return
		}
		binary.LittleEndian.PutUint64(pixels, p)
		pixels, sum = pixels[8:], sum[3:]
	}
}

// A filter says of what pixels of the source those of the target are made, along one axis: kernel i of target pixel x is
// filter[i][x].
type filter [][]kernel

// A kernel is the weights of consecutive source pixels. Those of a target pixel add up to a power of two; weights of 0,
// perhaps of pixels beyond the source, fill its last kernel.
type kernel struct {
	first   int
	weights [block]uint64
}

// block is the number of weights in a kernel: what reductions of less than 1.5 need, as training's are.
const block = 3

// set makes the triangles by which source pixels become target pixels; the weights of each add up to one. Distances count
// in 1/(2·target) of a source pixel, so that all are whole, and sums of weights are rounded, half to even, rather than
// weights: so nothing is lost, and mirrored pixels have mirrored weights.
func (f *filter) set(source, target int, one float64) {
	reach := 2 * max(source, target)
	taps := min((reach+target-1)/target, source)
	*f = grown(*f, (taps+block-1)/block)
	for i := range *f {
		(*f)[i] = grown((*f)[i], target)
	}
	for x := range target {
		centre := (2*x + 1) * source
		first := 0
		if before := centre - reach - target; before >= 0 {
			first = min(before/(2*target)+1, source-taps)
		}
		weight := func(i int) int {
			distance := centre - (2*(first+i)+1)*target
			return max(0, reach-max(distance, -distance))
		}
		total := 0
		for i := range taps {
			total += weight(i)
		}
		sum, before := 0, 0.0
		for i, kernels := range *f {
			k := &kernels[x]
			*k = kernel{first: first + i*block}
			for j := range min(block, taps-i*block) {
				sum += weight(i*block + j)
				upTo := math.RoundToEven(float64(sum) * one / float64(total))
				k.weights[j] = uint64(upTo - before)
				before = upTo
			}
		}
	}
}

// grown is a slice of n elements, which are undefined, in the memory of s where that is enough.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return append(s[:cap(s)], make([]T, n-cap(s))...)
	}
	return s[:n]
}
