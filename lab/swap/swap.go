// Package swap pastes the face of one person into the picture of another: alignment by landmarks, transfer of colour, and blending
// by a mask or in the gradient domain. These are the steps that the blended images of Face X-ray (Li et al. 2020), I2G (Zhao et
// al. 2021), SLADD and OST (Chen et al. 2022) share; where masks come from is the matter of packages region and discrepancy.
package swap

import (
	"errors"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/poisson"
	"github.com/seeable-lab/seeable/lab/region"
)

// Workspace is memory that is used again from face to face, by one goroutine at a time. The zero value is ready.
type Workspace struct {
	warped image.RGBA
	solver poisson.Solver
}

// ErrMask tells that there is nowhere to paste to.
var ErrMask = errors.New("swap: a mask without area: check that the landmarks are 68 and lie in the image")

// Paste blends donor, laid over dst by a transform, into dst where the mask has weight, and returns the mask that it blended by.
// The donor's mean colour under the mask becomes that of dst (see [ShiftMean]).
//
// It blends by the weights or, if gradients is set, in the gradient domain (Pérez, Gangnet and Blake 2003) where the weight is at
// least one half, less what touches the edge of dst; the mask returned is then 1 there and 0 elsewhere. A mask without such places
// is [ErrMask].
func (w *Workspace) Paste(dst, donor *image.RGBA, t Transform, mask region.Mask, gradients bool) (region.Mask, error) {
	within := image.Rectangle{Max: dst.Rect.Size()}
	if gradients {
		within = within.Inset(1)
	}
	box := mask.Rect.Intersect(within)
	used, area := region.Mask{Rect: box, Weight: make([]float32, box.Dx()*box.Dy())}, 0.0
	for i := range used.Weight {
		x, y := box.Min.X+i%box.Dx()-mask.Rect.Min.X, box.Min.Y+i/box.Dx()-mask.Rect.Min.Y
		weight := mask.Weight[y*mask.Rect.Dx()+x]
		if gradients {
			weight = float32(math.Floor(float64(weight) + 0.5))
		}
		used.Weight[i] = weight
		area += float64(weight)
	}
	if area < 1 {
		return region.Mask{}, ErrMask
	}
	if !gradients {
		source := w.canvas(box)
		Warp(source, donor, t)
		ShiftMean(source, dst, used)
		Blend(dst, source, used)
		return used, nil
	}
	// The solver wants a border around the mask.
	box = box.Inset(-1)
	source := w.canvas(box)
	Warp(source, donor, t)
	ShiftMean(source, dst, used)
	inside := make([]bool, box.Dx()*box.Dy())
	for i, weight := range used.Weight {
		inside[(1+i/used.Rect.Dx())*box.Dx()+1+i%used.Rect.Dx()] = weight > 0
	}
	w.solver.Clone(dst, box, inside, func(x, y int) [3]float64 {
		p := source.Pix[source.PixOffset(x, y):]
		return [3]float64{float64(p[0]), float64(p[1]), float64(p[2])}
	}, 1)
	return used, nil
}

// canvas is a picture of a rectangle, with any content.
func (w *Workspace) canvas(r image.Rectangle) *image.RGBA {
	if n := 4 * r.Dx() * r.Dy(); cap(w.warped.Pix) < n {
		w.warped.Pix = make([]uint8, n+n/4)
	}
	w.warped.Pix = w.warped.Pix[:cap(w.warped.Pix)][:4*r.Dx()*r.Dy()]
	w.warped.Stride, w.warped.Rect = 4*r.Dx(), r
	return &w.warped
}

// ShiftMean adds to each channel of source, whose bounds hold those of the mask, what its mean under the mask lacks of that of
// target; levels are rounded and clipped. Means are weighted by the mask.
func ShiftMean(source, target *image.RGBA, mask region.Mask) {
	var difference [3]float64
	sum := 0.0
	for y := mask.Rect.Min.Y; y < mask.Rect.Max.Y; y++ {
		weights := mask.Weight[(y-mask.Rect.Min.Y)*mask.Rect.Dx():][:mask.Rect.Dx()]
		s, t := source.Pix[source.PixOffset(mask.Rect.Min.X, y):], target.Pix[target.PixOffset(mask.Rect.Min.X, y):]
		for x, weight := range weights {
			if weight > 0 {
				sum += float64(weight)
				for c := range difference {
					difference[c] += float64(weight) * (float64(t[4*x+c]) - float64(s[4*x+c]))
				}
			}
		}
	}
	if sum == 0 {
		return
	}
	var curve [3][256]uint8
	for c, d := range difference {
		for v := range curve[c] {
			curve[c][v] = uint8(min(max(math.Round(float64(v)+d/sum), 0), 255))
		}
	}
	for y := range source.Rect.Dy() {
		row := source.Pix[y*source.Stride:][:4*source.Rect.Dx()]
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2] = curve[0][row[i]], curve[1][row[i+1]], curve[2][row[i+2]]
		}
	}
}

// Blend mixes source, whose bounds hold those of the mask, into dst: ⌊m·source + (1 − m)·dst⌋ for weights m.
func Blend(dst, source *image.RGBA, mask region.Mask) {
	for y := mask.Rect.Min.Y; y < mask.Rect.Max.Y; y++ {
		weights := mask.Weight[(y-mask.Rect.Min.Y)*mask.Rect.Dx():][:mask.Rect.Dx()]
		s, t := source.Pix[source.PixOffset(mask.Rect.Min.X, y):], dst.Pix[dst.PixOffset(mask.Rect.Min.X, y):]
		for x, weight := range weights {
			if weight == 0 {
				continue
			}
			m := int32(weight * (1 << 16))
			for c := 4 * x; c < 4*x+3; c++ {
				t[c] = uint8(int32(t[c]) + m*(int32(s[c])-int32(t[c]))>>16)
			}
		}
	}
}
