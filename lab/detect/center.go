package detect

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
	"github.com/seeable-lab/seeable/lab/face"
)

// CenterFace works on a grid of cells of 4×4 pixels. In each it gives how likely it is the middle of a face; the
// logarithm of the face's height and width in cells; how far the middle is off, down and right, in cells; and two eyes,
// nose and two corners of the mouth, down and right from the box's corner in its sides.
const (
	cell    = 4
	granule = 32 // the sides of its input are multiples of this
)

// overlap is how much two boxes may cover of each other (intersection over union) and still count as two faces.
const overlap = 0.3

// checkCenter makes sure that a network has the outputs of CenterFace.
func checkCenter(n *cnn.Network) error {
	got, err := n.Shapes(cnn.Shape{H: granule, W: 2 * granule, C: 3})
	if err != nil {
		return fmt.Errorf("detect: CenterFace: %w", err)
	}
	h, w := granule/cell, 2*granule/cell
	if want := []cnn.Shape{{H: h, W: w, C: 1}, {H: h, W: w, C: 2}, {H: h, W: w, C: 2}, {H: h, W: w, C: 10}}; !slices.Equal(got, want) {
		return fmt.Errorf("detect: CenterFace: outputs %v, want %v", got, want)
	}
	return nil
}

// candidate is a face that the detector found.
type candidate struct {
	box   face.Box
	score float64
	eyes  [2]face.Point // left and right in the image, in pixels between which the box lies
}

// look finds the faces of an image whose longer side is brought down to the given length; a smaller one stays as it is.
// The best come first.
func (d *Detector) look(img *image.RGBA, side int) ([]candidate, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	scale := min(float64(side)/float64(max(w, h)), 1)
	dw, dh := max(int(math.Round(float64(w)*scale)), 1), max(int(math.Round(float64(h)*scale)), 1)
	up := func(n int) int { return (n + granule - 1) / granule * granule }
	in := cnn.Tensor{Shape: cnn.Shape{H: up(dh), W: up(dw), C: 3}}
	in.Data = make([]float32, in.H*in.W*in.C)
	shrink(in, img, dw, dh)
	out, err := d.center.Run(in)
	if err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	found := decode(out[0], out[1], out[2], out[3])
	// From the pixels of the input to those of the image.
	sx, sy := float64(w)/float64(dw), float64(h)/float64(dh)
	kept := found[:0]
	for _, f := range found {
		f.box = face.Box{X0: max(f.box.X0*sx, 0), Y0: max(f.box.Y0*sy, 0), X1: min(f.box.X1*sx, float64(w)), Y1: min(f.box.Y1*sy, float64(h))}
		for i, e := range f.eyes {
			f.eyes[i] = face.Point{X: e.X * sx, Y: e.Y * sy}
		}
		// The net sees black where the input is larger than the image.
		if f.box.Width() >= 1 && f.box.Height() >= 1 {
			kept = append(kept, f)
		}
	}
	return distinct(kept), nil
}

// decode reads the faces off the outputs of CenterFace, in pixels of its input.
func decode(heat, size, offset, points cnn.Tensor) []candidate {
	var found []candidate
	for i, score := range heat.Data {
		if !(score >= threshold) {
			continue
		}
		y, x := float64(i/heat.W), float64(i%heat.W)
		h, w := cell*math.Exp(float64(size.Data[2*i])), cell*math.Exp(float64(size.Data[2*i+1]))
		cy, cx := cell*(y+0.5+float64(offset.Data[2*i])), cell*(x+0.5+float64(offset.Data[2*i+1]))
		c := candidate{box: face.Box{X0: cx - w/2, Y0: cy - h/2, X1: cx + w/2, Y1: cy + h/2}, score: float64(score)}
		for k := range c.eyes {
			at := points.Data[10*i+2*k:]
			c.eyes[k] = face.Point{X: c.box.X0 + float64(at[1])*w, Y: c.box.Y0 + float64(at[0])*h}
		}
		// The exponential of what a net makes of odd pixels need not be finite.
		if a := c.box.Area(); a > 0 && !math.IsInf(a, 0) && !math.IsNaN(c.eyes[0].X+c.eyes[0].Y+c.eyes[1].X+c.eyes[1].Y) {
			found = append(found, c)
		}
	}
	return found
}

// distinct keeps the best of all boxes that lie on the same face (non-maximum suppression), the best first.
func distinct(found []candidate) []candidate {
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	var kept []candidate
	for _, f := range found {
		if !slices.ContainsFunc(kept, func(k candidate) bool { return k.box.Overlap(f.box) > overlap }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// shrink averages img into the top left w × h pixels of an RGB picture; each pixel is the mean of what it covers.
func shrink(dst cnn.Tensor, img *image.RGBA, w, h int) {
	columns, rows := shares(img.Rect.Dx(), w), shares(img.Rect.Dy(), h)
	line := make([]float32, 3*w)
	for y, r := range rows {
		out := dst.Data[y*dst.W*3:][:3*w]
		for k, weight := range r.weights {
			src := img.Pix[(r.first+k)*img.Stride:]
			for x, c := range columns {
				var red, green, blue float32
				pixel := src[4*c.first:]
				for j, share := range c.weights {
					p := pixel[4*j : 4*j+3 : 4*j+3]
					red += share * float32(p[0])
					green += share * float32(p[1])
					blue += share * float32(p[2])
				}
				line[3*x], line[3*x+1], line[3*x+2] = red, green, blue
			}
			for i, v := range line {
				out[i] += weight * v
			}
		}
	}
}

// share is which source pixels a target pixel covers, and how much of it each has.
type share struct {
	first   int
	weights []float32
}

// shares divides from source pixels among to target pixels, to ≤ from.
func shares(from, to int) []share {
	list := make([]share, to)
	scale := float64(from) / float64(to)
	for i := range list {
		low, high := float64(i)*scale, float64(i+1)*scale
		first, last := int(low), min(int(math.Ceil(high-1e-9)), from)
		s := share{first, make([]float32, last-first)}
		for k := range s.weights {
			at := float64(first + k)
			s.weights[k] = float32((min(high, at+1) - max(low, at)) / scale)
		}
		list[i] = s
	}
	return list
}
