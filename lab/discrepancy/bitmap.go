package discrepancy

import (
	"image"
	"math/bits"
)

// A bitmap is a set of pixels on their bounding box, a bit each.
type bitmap struct {
	rect  image.Rectangle
	words int // of a row
	bits  []uint64
}

// reset makes the bitmap empty on rect.
func (b *bitmap) reset(rect image.Rectangle) {
	b.rect, b.words = rect, (rect.Dx()+63)/64
	b.bits = grown(b.bits, b.words*rect.Dy())
	clear(b.bits)
}

func (b *bitmap) row(y int) []uint64 {
	return b.bits[(y-b.rect.Min.Y)*b.words:][:b.words]
}

// setRun adds columns from to to, both inclusive, to a row; columns outside the rectangle are left out.
func (b *bitmap) setRun(row []uint64, from, to int) {
	from, to = max(from-b.rect.Min.X, 0), min(to, b.rect.Max.X-1)-b.rect.Min.X
	for ; from <= to; from = from&^63 + 64 {
		n := min(64-from&63, to-from+1)
		row[from>>6] |= ^uint64(0) >> (64 - n) << (from & 63)
	}
}

// nextRun finds the first run of set columns of a row at or after column x; both ends are inclusive.
func (b *bitmap) nextRun(row []uint64, x int) (from, to int, ok bool) {
	from = seek(row, x-b.rect.Min.X, 0)
	if from >= len(row)*64 {
		return 0, 0, false
	}
	to = seek(row, from, ^uint64(0))
	return from + b.rect.Min.X, to - 1 + b.rect.Min.X, true
}

// seek finds the first bit at or after i that is set once flipped, or the row's end.
func seek(row []uint64, i int, flip uint64) int {
	for word := i >> 6; word < len(row); word++ {
		v := row[word] ^ flip
		if word == i>>6 {
			v &= ^uint64(0) << (i & 63)
		}
		if v != 0 {
			return word<<6 + bits.TrailingZeros64(v)
		}
	}
	return len(row) * 64
}

// bounds is the smallest rectangle around the set pixels.
func (b *bitmap) bounds() image.Rectangle {
	top, bottom := b.rect.Max.Y, b.rect.Min.Y
	left, right := b.rect.Max.X, b.rect.Min.X
	for y := b.rect.Min.Y; y < b.rect.Max.Y; y++ {
		for i, word := range b.row(y) {
			if word != 0 {
				top, bottom = min(top, y), y+1
				left = min(left, b.rect.Min.X+i<<6+bits.TrailingZeros64(word))
				right = max(right, b.rect.Min.X+i<<6+bits.Len64(word))
			}
		}
	}
	if top >= bottom {
		return image.Rectangle{}
	}
	return image.Rect(left, top, right, bottom)
}
