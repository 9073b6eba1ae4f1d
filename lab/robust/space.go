package robust

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// blockSide and blockGrey are those of the squares of block.
const blockSide, blockGrey = 8, 128

// blocks is how many squares there are for a count at 256 × 256. The field's code draws none where a side is below 256; there they take
// the same share of the picture, which is our choice.
func blocks(count, width, height int) int {
	if n := min(width, height) / 256; n > 0 {
		return n * count
	}
	return (2*count*width*height + 65536) / (2 * 65536)
}

func block(img *image.RGBA, count float64, draws *rand.Rand) (*image.RGBA, error) {
	size := img.Rect.Size()
	if min(size.X, size.Y) <= blockSide {
		return nil, fmt.Errorf("a picture of %d × %d pixels; want more than %d each way", size.X, size.Y, blockSide)
	}
	out := copied(img)
	for range blocks(int(count), size.X, size.Y) {
		left := draws.IntN(size.X - blockSide)
		top := draws.IntN(size.Y - blockSide)
		paint(out, left, top)
	}
	return out, nil
}

// paint lays a square of block.
func paint(img *image.RGBA, left, top int) {
	for y := top; y < top+blockSide; y++ {
		row := img.Pix[y*img.Stride+4*left:][:4*blockSide]
		for x := 0; x < len(row); x += 4 {
			row[x], row[x+1], row[x+2] = blockGrey, blockGrey, blockGrey
		}
	}
}

func copied(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

// taps are the pixels of an axis that a pixel is made of, with their weights.
type taps struct {
	at     []int
	weight []float64
}

// along applies taps along x to rows of channels: width values of 3 each become len(t) of 3.
func along(from []float64, width int, t []taps) []float64 {
	rows := len(from) / (3 * width)
	out := make([]float64, 3*len(t)*rows)
	for y := range rows {
		row, to := from[3*width*y:][:3*width], out[3*len(t)*y:]
		for x, tap := range t {
			var r, g, b float64
			for i, at := range tap.at {
				w := tap.weight[i]
				p := row[3*at : 3*at+3]
				r, g, b = r+w*p[0], g+w*p[1], b+w*p[2]
			}
			to[3*x], to[3*x+1], to[3*x+2] = r, g, b
		}
	}
	return out
}

// down is along for columns.
func down(from []float64, width int, t []taps) []float64 {
	out := make([]float64, 3*width*len(t))
	for y, tap := range t {
		to := out[3*width*y:][:3*width]
		for i, at := range tap.at {
			w := tap.weight[i]
			for x, v := range from[3*width*at:][:3*width] {
				to[x] += w * v
			}
		}
	}
	return out
}

// channels are the red, green and blue of a picture, row by row.
func channels(img *image.RGBA) []float64 {
	size := img.Rect.Size()
	out := make([]float64, 0, 3*size.X*size.Y)
	for y := range size.Y {
		row := img.Pix[y*img.Stride:][:4*size.X]
		for x := 0; x < len(row); x += 4 {
			out = append(out, float64(row[x]), float64(row[x+1]), float64(row[x+2]))
		}
	}
	return out
}

// picture is the reverse of channels, rounded.
func picture(from []float64, width int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, len(from)/(3*width)))
	for i := 0; i < len(from)/3; i++ {
		out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2], out.Pix[4*i+3] = rounded(from[3*i]), rounded(from[3*i+1]), rounded(from[3*i+2]), 255
	}
	return out
}

// blur is Gaussian with a standard deviation of a sixth of the kernel; beyond a border the picture is mirrored without its edge.
func blur(img *image.RGBA, kernel float64, _ *rand.Rand) (*image.RGBA, error) {
	radius, sigma := int(kernel)/2, kernel/6
	weights, sum := make([]float64, 2*radius+1), 0.
	for i := range weights {
		d := float64(i - radius)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	axis := func(n int) []taps {
		out := make([]taps, n)
		for x := range out {
			out[x].weight = weights
			for i := range weights {
				out[x].at = append(out[x].at, mirrored(x+i-radius, n))
			}
		}
		return out
	}
	size := img.Rect.Size()
	return picture(down(along(channels(img), size.X, axis(size.X)), size.X, axis(size.Y)), size.X), nil
}

// mirrored is the place of i on an axis of n pixels that goes on as 2 1 0 1 2 beyond its borders.
func mirrored(i, n int) int {
	if n == 1 {
		return 0
	}
	for i < 0 || i >= n {
		if i < 0 {
			i = -i
		} else {
			i = 2*(n-1) - i
		}
	}
	return i
}

// pixel makes large pixels: bilinear to the n-th part of each side and back, without a filter against aliases.
func pixel(img *image.RGBA, divisor float64, _ *rand.Rand) (*image.RGBA, error) {
	size, by := img.Rect.Size(), int(divisor)
	if min(size.X, size.Y) < by {
		return nil, fmt.Errorf("a picture of %d × %d pixels; want at least %d each way", size.X, size.Y, by)
	}
	return bilinear(bilinear(img, size.X/by, size.Y/by), size.X, size.Y), nil
}

func bilinear(img *image.RGBA, width, height int) *image.RGBA {
	size := img.Rect.Size()
	return picture(down(along(channels(img), size.X, between(size.X, width)), width, between(size.Y, height)), width)
}

// between are the taps of bilinear interpolation of m pixels out of n.
func between(n, m int) []taps {
	out := make([]taps, m)
	for i := range out {
		at := min(max((float64(i)+.5)*float64(n)/float64(m)-.5, 0), float64(n-1))
		floor := int(at)
		part := at - float64(floor)
		out[i] = taps{[]int{floor, min(floor+1, n-1)}, []float64{1 - part, part}}
	}
	return out
}

// resize scales the shorter side to a number of pixels, bilinear with a filter against aliases as Pillow has it: width first, rounded
// after each axis. Sides of a square are both the shorter one.
func resize(img *image.RGBA, side float64, _ *rand.Rand) (*image.RGBA, error) {
	size, short := img.Rect.Size(), int(side)
	width, height := short, short
	if size.X > size.Y {
		width = short * size.X / size.Y
	} else {
		height = short * size.Y / size.X
	}
	half := picture(along(channels(img), size.X, tent(size.X, width)), width)
	return picture(down(channels(half), width, tent(size.Y, height)), width), nil
}

// tent are the taps of m pixels out of n with a triangle as wide as the pixels that fall into one.
func tent(n, m int) []taps {
	scale := float64(n) / float64(m)
	half := max(1, scale)
	out := make([]taps, m)
	for i := range out {
		centre := (float64(i) + .5) * scale
		first, last := max(0, int(centre-half+.5)), min(n, int(centre+half+.5))
		sum := 0.
		for x := first; x < last; x++ {
			w := max(0, 1-math.Abs(float64(x)+.5-centre)/half)
			out[i].at, out[i].weight = append(out[i].at, x), append(out[i].weight, w)
			sum += w
		}
		for k := range out[i].weight {
			out[i].weight[k] /= sum
		}
	}
	return out
}

// Codec names what makes JPEG of kind jpeg: libjpeg interpolates chroma on the way back, and this one does not.
const Codec = "Go image/jpeg, 4:2:0, chroma repeated"

// compress writes a baseline JPEG and reads it again.
func compress(img *image.RGBA, quality float64, _ *rand.Rand) (*image.RGBA, error) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: int(quality)}); err != nil {
		return nil, err
	}
	read, err := jpeg.Decode(&file)
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(img.Rect)
	draw.Draw(out, out.Rect, read, image.Point{}, draw.Src)
	return out, nil
}
