package swap

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/face"
)

// Transform turns, scales and moves without mirroring: (x, y) ↦ (A·x − B·y + X, B·x + A·y + Y).
type Transform struct{ A, B, X, Y float64 }

// Apply is where p comes to lie.
func (t Transform) Apply(p face.Point) face.Point {
	return face.Point{X: t.A*p.X - t.B*p.Y + t.X, Y: t.B*p.X + t.A*p.Y + t.Y}
}

// inverse brings back what t moved. A and B must not both be 0.
func (t Transform) inverse() Transform {
	n := t.A*t.A + t.B*t.B
	a, b := t.A/n, -t.B/n
	return Transform{a, b, -(a*t.X - b*t.Y), -(b*t.X + a*t.Y)}
}

// Similarity is the transform that brings points from closest to points to, in the sum of squared distances (Umeyama 1991, without
// mirroring). It is an error if there are fewer than two, or all of either lie in one place.
func Similarity(from, to []face.Point) (Transform, error) {
	if len(from) != len(to) || len(from) < 2 {
		return Transform{}, fmt.Errorf("swap: alignment of %d points to %d: want as many, at least 2", len(from), len(to))
	}
	n := float64(len(from))
	var f, t face.Point // centres
	for i := range from {
		f.X, f.Y, t.X, t.Y = f.X+from[i].X/n, f.Y+from[i].Y/n, t.X+to[i].X/n, t.Y+to[i].Y/n
	}
	var dot, cross, spread float64
	for i := range from {
		x, y, u, v := from[i].X-f.X, from[i].Y-f.Y, to[i].X-t.X, to[i].Y-t.Y
		dot, cross, spread = dot+x*u+y*v, cross+x*v-y*u, spread+x*x+y*y
	}
	a, b := dot/spread, cross/spread
	if !(math.Hypot(a, b) > 0) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return Transform{}, errors.New("swap: alignment of points that all lie in one place: want different ones")
	}
	return Transform{a, b, t.X - (a*f.X - b*f.Y), t.Y - (b*f.X + a*f.Y)}, nil
}

// Boxes is the transform, without a turn, that lays the box of landmarks from onto that of landmarks to: centre on centre, longer
// side on longer side. It is how two faces lie that were cropped alike. It is an error if all of either lie in one place.
func Boxes(from, to []face.Point) (Transform, error) {
	f, sideF := box(from)
	t, sideT := box(to)
	scale := sideT / sideF
	if !(scale > 0) || math.IsInf(scale, 0) {
		return Transform{}, errors.New("swap: alignment of faces without landmarks, or with all in one place: want 68 of each")
	}
	return Transform{scale, 0, t.X - scale*f.X, t.Y - scale*f.Y}, nil
}

func box(landmarks []face.Point) (centre face.Point, side float64) {
	if len(landmarks) == 0 {
		return centre, 0
	}
	low, high := landmarks[0], landmarks[0]
	for _, p := range landmarks {
		low, high = face.Point{X: min(low.X, p.X), Y: min(low.Y, p.Y)}, face.Point{X: max(high.X, p.X), Y: max(high.Y, p.Y)}
	}
	return face.Point{X: (low.X + high.X) / 2, Y: (low.Y + high.Y) / 2}, max(high.X-low.X, high.Y-low.Y)
}

// FivePoints are the centres of both eyes, the tip of the nose and the corners of the mouth of 68 landmarks, by which faces are
// aligned in SLADD and OST.
func FivePoints(landmarks []face.Point) []face.Point {
	middle := func(i, j int) face.Point {
		return face.Point{X: (landmarks[i].X + landmarks[j].X) / 2, Y: (landmarks[i].Y + landmarks[j].Y) / 2}
	}
	return []face.Point{middle(36, 39), middle(42, 45), landmarks[30], landmarks[48], landmarks[54]}
}

// Warp fills dst, whose bounds may begin anywhere, with what the transform makes of src: bilinear, the pixels at the edges of src
// going on beyond them.
func Warp(dst, src *image.RGBA, t Transform) {
	back := t.inverse()
	right, low := src.Rect.Dx()-1, src.Rect.Dy()-1
	const one = 256
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		to := dst.Pix[dst.PixOffset(dst.Rect.Min.X, y):]
		p := back.Apply(face.Point{X: float64(dst.Rect.Min.X), Y: float64(y)})
		for x := range dst.Rect.Dx() {
			px, py := p.X+back.A*float64(x), p.Y+back.B*float64(x)
			px, py = min(max(px, 0), float64(right)), min(max(py, 0), float64(low))
			x0, y0 := int(px), int(py)
			fx, fy := int((px-float64(x0))*one), int((py-float64(y0))*one)
			upper := y0*src.Stride + 4*x0
			lower, next := upper, 0
			if y0 < low {
				lower += src.Stride
			}
			if x0 < right {
				next = 4
			}
			a, b := src.Pix[upper:upper+4:upper+4], src.Pix[upper+next:][:4]
			c, d := src.Pix[lower:lower+4:lower+4], src.Pix[lower+next:][:4]
			for i := range a {
				top := int(a[i])*(one-fx) + int(b[i])*fx
				bottom := int(c[i])*(one-fx) + int(d[i])*fx
				to[4*x+i] = uint8((top*(one-fy) + bottom*fy + one*one/2) / (one * one))
			}
		}
	}
}
