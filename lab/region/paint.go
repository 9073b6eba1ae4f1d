package region

import (
	"image"
	"math"
)

// Paint gives each pixel of an image, by rows, the mean of the values of the regions that hold it, weighted by their masks, and
// the sum of these weights. Regions whose value is NaN are left out, so the order of the others does not matter. Where the weight
// is 0 there is no value: it is NaN. There are as many values as regions.
func Paint(bounds image.Rectangle, regions []Mask, values []float64) (value, weight []float64) {
	value = make([]float64, bounds.Dx()*bounds.Dy())
	weight = make([]float64, len(value))
	for i, region := range regions {
		if math.IsNaN(values[i]) {
			continue
		}
		inside := region.Rect.Intersect(bounds)
		for y := inside.Min.Y; y < inside.Max.Y; y++ {
			for x := inside.Min.X; x < inside.Max.X; x++ {
				w := float64(region.Weight[(y-region.Rect.Min.Y)*region.Rect.Dx()+x-region.Rect.Min.X])
				at := (y-bounds.Min.Y)*bounds.Dx() + x - bounds.Min.X
				value[at] += w * values[i]
				weight[at] += w
			}
		}
	}
	return mean(value, weight), weight
}

// Stretch is [Paint] of a square of side·side values, by rows, over the whole image: bilinear between the middles of its cells.
func Stretch(bounds image.Rectangle, side int, values []float64) (value, weight []float64) {
	width, height := bounds.Dx(), bounds.Dy()
	value = make([]float64, width*height)
	weight = make([]float64, len(value))
	// near are the two cells between whose middles a pixel of size lies, and the share of the second.
	near := func(pixel, size int) (first, second int, share float64) {
		at := max(0, (float64(pixel)+0.5)*float64(side)/float64(size)-0.5)
		first = min(int(at), side-1)
		return first, min(first+1, side-1), at - float64(first)
	}
	for y := range height {
		top, bottom, down := near(y, height)
		for x := range width {
			left, right, across := near(x, width)
			for _, cell := range []struct {
				at     int
				weight float64
			}{
				{top*side + left, (1 - down) * (1 - across)}, {top*side + right, (1 - down) * across},
				{bottom*side + left, down * (1 - across)}, {bottom*side + right, down * across},
			} {
				if v := values[cell.at]; !math.IsNaN(v) {
					value[y*width+x] += cell.weight * v
					weight[y*width+x] += cell.weight
				}
			}
		}
	}
	return mean(value, weight), weight
}

// mean divides sums by their weights, in place.
func mean(sum, weight []float64) []float64 {
	for i, w := range weight {
		if w > 0 {
			sum[i] /= w
		} else {
			sum[i] = math.NaN()
		}
	}
	return sum
}
