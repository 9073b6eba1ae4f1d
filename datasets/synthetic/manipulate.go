package synthetic

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/face"
)

// manipulation alters the picture of a face in place; l are its landmarks.
type manipulation func(m *image.RGBA, l []face.Point, by forger)

// forger is what a manipulation has at hand: its random choices, and the bare face of the source person in the pose of the
// target and the source's light, as a generator would give it: without a camera's noise.
type forger struct {
	*rand.Rand
	source func() (*image.RGBA, []face.Point)
}

// manipulations are the four families of the synthetic set, named after what they do. They stand in for deepfakes and
// share their traces: a blending border, foreign colours, resampling, foreign noise.
var manipulations = []struct {
	method string
	alter  manipulation
}{
	{"swap", swap},
	{"reenact", reenact},
	{"texture", texture},
	{"noise", noise},
}

// swap puts the inner face of another person, made at a lower resolution and only half matched in colour, into the
// target.
func swap(m *image.RGBA, l []face.Point, by forger) {
	other, k := by.source()
	low := shrink(other, 96+by.IntN(80))
	mask := innerFace(m.Rect, l, between(by.Rand, 0.86, 0.97), 2+by.IntN(4))
	sx, ox := fit(l[17:], k[17:], func(p face.Point) float64 { return p.X })
	sy, oy := fit(l[17:], k[17:], func(p face.Point) float64 { return p.Y })
	warped := resample(low, mask, func(x, y float64) (float64, float64) { return sx*x + ox, sy*y + oy })
	match(warped, m, mask, between(by.Rand, 0.45, 0.9))
	shift(warped, by.Rand, 7)
	blend(m, warped, mask)
}

// reenact opens or closes the mouth by warping its surroundings, and blends them back.
func reenact(m *image.RGBA, l []face.Point, by forger) {
	left, right := l[48], l[54]
	width := math.Hypot(right.X-left.X, right.Y-left.Y)
	centre := face.Point{X: (left.X + right.X) / 2, Y: (l[51].Y + l[57].Y) / 2}
	rx, ry := 1.05*width, 0.85*width
	amount := between(by.Rand, 0.16, 0.34) * width
	if by.Float64() < 0.4 {
		amount = -0.6 * amount
	}
	sideways := between(by.Rand, -0.12, 0.12) * width
	mask := image.NewAlpha(m.Rect)
	forBox(m.Rect, centre, rx, ry, func(x, y int, u, v float64) {
		mask.Pix[mask.PixOffset(x, y)] = level(255 * min(1, max(0, 3*(1-u*u-v*v))))
	})
	warped := resample(shrink(m, 110+by.IntN(80)), mask, func(x, y float64) (float64, float64) {
		u, v := (x-centre.X)/rx, (y-centre.Y)/ry
		fall := max(0, 1-u*u-v*v)
		fall *= fall
		return x - sideways*fall, y - amount*fall*math.Tanh(3*v) // the lower lip down, the upper one up
	})
	shift(warped, by.Rand, 4)
	blend(m, warped, mask)
}

// texture makes the inner face smooth, as a generator of low resolution does, and paints it back.
func texture(m *image.RGBA, l []face.Point, by forger) {
	mask := innerFace(m.Rect, l, between(by.Rand, 0.8, 0.97), 2+by.IntN(6))
	smooth := resample(shrink(m, 72+by.IntN(56)), mask, func(x, y float64) (float64, float64) { return x, y })
	shift(smooth, by.Rand, 5)
	blend(m, smooth, mask)
}

// noise gives a patch of the face another history than its surroundings: strong compression, other noise, or both.
func noise(m *image.RGBA, l []face.Point, by forger) {
	patch := image.NewRGBA(m.Rect)
	copy(patch.Pix, m.Pix)
	kind := by.IntN(3)
	if kind != 1 {
		patch = compress(patch, 8+by.IntN(18))
	}
	if kind != 0 {
		sigma := between(by.Rand, 8, 16)
		for i := range patch.Pix {
			if i%4 != 3 {
				patch.Pix[i] = level(float64(patch.Pix[i]) + sigma*(by.Float64()+by.Float64()-1)*math.Sqrt(6))
			}
		}
	}
	at := l[[]int{30, 33, 36, 45, 48, 54, 27}[by.IntN(7)]]
	unit := math.Hypot(l[16].X-l[0].X, l[16].Y-l[0].Y)
	rx, ry := between(by.Rand, 0.24, 0.42)*unit, between(by.Rand, 0.24, 0.42)*unit
	mask := image.NewAlpha(m.Rect)
	forBox(m.Rect, at, rx, ry, func(x, y int, u, v float64) {
		mask.Pix[mask.PixOffset(x, y)] = level(255 * min(max(4*(1-u*u-v*v), 0), 1))
	})
	blend(m, patch, mask)
}

// forBox calls f for each pixel of bounds in the box around an ellipse, with its place in units of the radii.
func forBox(bounds image.Rectangle, p face.Point, rx, ry float64, f func(x, y int, u, v float64)) {
	box := image.Rect(int(p.X-rx), int(p.Y-ry), int(p.X+rx)+1, int(p.Y+ry)+1).Intersect(bounds)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			f(x, y, (float64(x)-p.X)/rx, (float64(y)-p.Y)/ry)
		}
	}
}

// shrink scales a picture to side × side pixels.
func shrink(m *image.RGBA, side int) *image.RGBA {
	small := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.ApproxBiLinear.Scale(small, small.Rect, m, m.Rect, draw.Src, nil)
	return small
}

// resample returns a full-size picture that shows, where the mask is not 0, the interpolated pixel of low that from
// names. From works in the coordinates of full-size pictures, of which low is a smaller version.
func resample(low *image.RGBA, mask *image.Alpha, from func(x, y float64) (u, v float64)) *image.RGBA {
	out := image.NewRGBA(mask.Rect)
	side := float64(low.Rect.Dx())
	scale := side / float64(mask.Rect.Dx())
	for i, a := range mask.Pix {
		if a == 0 {
			continue
		}
		u, v := from(float64(i%mask.Stride), float64(i/mask.Stride))
		u, v = (u+0.5)*scale-0.5, (v+0.5)*scale-0.5
		u, v = min(max(u, 0), side-1.001), min(max(v, 0), side-1.001)
		fu, fv := u-math.Floor(u), v-math.Floor(v)
		p := low.Pix[low.PixOffset(int(u), int(v)):]
		q := p[low.Stride:]
		for k := range 3 {
			top := float64(p[k])*(1-fu) + float64(p[4+k])*fu
			bottom := float64(q[k])*(1-fu) + float64(q[4+k])*fu
			out.Pix[4*i+k] = level(top*(1-fv) + bottom*fv)
		}
	}
	return out
}

// fit returns scale and offset that bring one coordinate of from closest to that of to, in least squares.
func fit(from, to []face.Point, of func(face.Point) float64) (scale, offset float64) {
	var a, b, ab, aa float64
	n := float64(len(from))
	for i := range from {
		a += of(from[i]) / n
		b += of(to[i]) / n
	}
	for i := range from {
		ab += (of(from[i]) - a) * (of(to[i]) - b)
		aa += (of(from[i]) - a) * (of(from[i]) - a)
	}
	scale = ab / aa
	return scale, b - scale*a
}

// innerFace returns a mask of the face within the landmarks, scaled about its middle, with an edge that is soft over
// about twice radius pixels.
func innerFace(bounds image.Rectangle, l []face.Point, scale float64, radius int) *image.Alpha {
	outline := append([]face.Point(nil), l[:17]...)
	for i := 26; i >= 17; i-- {
		outline = append(outline, l[i])
	}
	middle := l[29]
	for i, p := range outline {
		outline[i] = face.Point{X: middle.X + scale*(p.X-middle.X), Y: middle.Y + scale*(p.Y-middle.Y)}
	}
	c := newCanvas(bounds.Dx())
	if box := c.trace(outline, false); !box.Empty() {
		c.pen.DrawOp = draw.Src
		c.pen.Draw(c.mask, box, image.Opaque, image.Point{})
	}
	for range 2 {
		boxBlur(c.mask, radius)
	}
	return c.mask
}

// boxBlur averages a square mask over 2·radius+1 pixels in both directions. What lies outside is 0.
func boxBlur(m *image.Alpha, radius int) {
	n := m.Rect.Dx()
	line := make([]int, n)
	pass := func(start, step int) {
		for i := range line {
			line[i] = int(m.Pix[start+i*step])
		}
		sum := 0
		for i := -radius; i < n; i++ {
			if j := i + radius; j < n {
				sum += line[j]
			}
			if j := i - radius - 1; j >= 0 {
				sum -= line[j]
			}
			if i >= 0 {
				m.Pix[start+i*step] = uint8(sum / (2*radius + 1))
			}
		}
	}
	for i := range n {
		pass(i*m.Stride, 1)
	}
	for i := range n {
		pass(i, m.Stride)
	}
}

// match moves the mean colour of src under the mask towards that of dst, by the given share of the way.
func match(src, dst *image.RGBA, mask *image.Alpha, share float64) {
	var diff [3]float64
	var n float64
	for i, a := range mask.Pix {
		if a > 127 {
			for k := range 3 {
				diff[k] += float64(dst.Pix[4*i+k]) - float64(src.Pix[4*i+k])
			}
			n++
		}
	}
	add(src, rgb(diff).scale(share/max(n, 1)))
}

// shift adds one random offset per channel, up to ± limit levels.
func shift(m *image.RGBA, r *rand.Rand, limit float64) {
	add(m, rgb{between(r, -limit, limit), between(r, -limit, limit), between(r, -limit, limit)})
}

func add(m *image.RGBA, c rgb) {
	for i := 0; i < len(m.Pix); i += 4 {
		for k := range 3 {
			m.Pix[i+k] = level(float64(m.Pix[i+k]) + c[k])
		}
	}
}

// blend lays src over dst where the mask says.
func blend(dst, src *image.RGBA, mask *image.Alpha) {
	for i, a := range mask.Pix {
		if a == 0 {
			continue
		}
		for k := range 3 {
			s, d := int(src.Pix[4*i+k]), int(dst.Pix[4*i+k])
			dst.Pix[4*i+k] = uint8((s*int(a) + d*(255-int(a)) + 127) / 255)
		}
	}
}
