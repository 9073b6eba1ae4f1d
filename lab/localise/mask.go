package localise

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

// Mask tells of each pixel of an image, by rows, whether it was manipulated.
type Mask struct {
	Width, Height int
	Inside        []bool // Width·Height
}

// bounds are those of the image.
func (m Mask) bounds() image.Rectangle { return image.Rect(0, 0, m.Width, m.Height) }

// Area is how many pixels are inside.
func (m Mask) Area() (n int) {
	for _, in := range m.Inside {
		if in {
			n++
		}
	}
	return n
}

// OfBlend is the mask of a face that was blended: inside is where the weight is at least half of the largest (our choice), as a
// blend of a ratio below 1 reaches no more than that ratio. The image has the size of bounds, which begin at (0, 0).
func OfBlend(blend region.Mask, bounds image.Rectangle) Mask {
	m := Mask{bounds.Dx(), bounds.Dy(), make([]bool, bounds.Dx()*bounds.Dy())}
	most := float32(0)
	for _, w := range blend.Weight {
		most = max(most, w)
	}
	for i, w := range blend.Weight {
		at := blend.Rect.Min.Add(image.Pt(i%blend.Rect.Dx(), i/blend.Rect.Dx()))
		if most > 0 && 2*w >= most && at.In(bounds) {
			m.Inside[at.Y*m.Width+at.X] = true
		}
	}
	return m
}

// OfPicture is the mask that a picture shows, as data sets have it: inside is what is at least half as light as white. The picture
// begins at (0, 0).
func OfPicture(picture *image.RGBA) Mask {
	m := Mask{picture.Rect.Dx(), picture.Rect.Dy(), make([]bool, picture.Rect.Dx()*picture.Rect.Dy())}
	for i := range m.Inside {
		p := picture.Pix[picture.PixOffset(i%m.Width, i/m.Width):]
		// Luma of BT.601 in thousandths.
		m.Inside[i] = 299*int(p[0])+587*int(p[1])+114*int(p[2]) >= 127500
	}
	return m
}

// Moved is the mask in another picture of the same face, of width × height pixels, such as the crop that a network sees: the
// landmarks from are those of the mask's picture, to those of the other one. The two pictures may be shifted and scaled, not
// turned, to within a hundredth of the face: else it is an error.
func (m Mask) Moved(from, to []face.Point, width, height int) (Mask, error) {
	if len(from) != len(to) || len(from) < 2 {
		return Mask{}, fmt.Errorf("localise: %d landmarks of a mask and %d of a map, want the same ones", len(from), len(to))
	}
	sx, ox := line(to, from, func(p face.Point) float64 { return p.X })
	sy, oy := line(to, from, func(p face.Point) float64 { return p.Y })
	_, _, side := frame(from)
	for i, p := range to {
		if off := math.Hypot(sx*p.X+ox-from[i].X, sy*p.Y+oy-from[i].Y); !(off <= side/span/100) {
			return Mask{}, errors.New("localise: the picture of the map is not that of the face shifted and scaled; a map is to be in the places of the clip, with the landmarks in Marks")
		}
	}
	out := Mask{width, height, make([]bool, width*height)}
	for i := range out.Inside {
		at := image.Pt(int(math.Round(sx*float64(i%width)+ox)), int(math.Round(sy*float64(i/width)+oy)))
		out.Inside[i] = at.In(m.bounds()) && m.Inside[at.Y*m.Width+at.X]
	}
	return out, nil
}

// line is the scale and the offset that bring one coordinate of from nearest to that of to, in least squares.
func line(from, to []face.Point, of func(face.Point) float64) (scale, offset float64) {
	var a, b, ab, aa float64
	n := float64(len(from))
	for i := range from {
		a, b = a+of(from[i])/n, b+of(to[i])/n
	}
	for i := range from {
		ab += (of(from[i]) - a) * (of(to[i]) - b)
		aa += (of(from[i]) - a) * (of(from[i]) - a)
	}
	scale = ab / aa
	return scale, b - scale*a
}
