package face

import (
	"image"
	"math"
)

// Margins are how much of a box's width (Left, Right) and height (Top, Bottom) a crop shows beyond each side of the box.
type Margins struct{ Left, Top, Right, Bottom float64 }

// WideMargins go around the box of a face detector (official code, spec section 1.3). They are for crops that are stored: they
// leave room to crop once more for training.
var WideMargins = Margins{Left: 1, Top: 0.5, Right: 1, Bottom: 0.5}

// Box is a rectangle between pixels: a pixel x covers x to x+1, as in an [image.Rectangle].
type Box struct{ X0, Y0, X1, Y1 float64 }

// Width is X1 − X0.
func (b Box) Width() float64 { return b.X1 - b.X0 }

// Height is Y1 − Y0.
func (b Box) Height() float64 { return b.Y1 - b.Y0 }

// Area is the area in square pixels, 0 where the box is empty.
func (b Box) Area() float64 { return max(b.Width(), 0) * max(b.Height(), 0) }

// Overlap is the intersection of two boxes over their union, from 0 to 1; it is 0 if either is empty.
func (b Box) Overlap(c Box) float64 {
	both := Box{max(b.X0, c.X0), max(b.Y0, c.Y0), min(b.X1, c.X1), min(b.Y1, c.Y1)}.Area()
	if both == 0 {
		return 0
	}
	return both / (b.Area() + c.Area() - both)
}

// Bounds is the smallest box that covers the pixels of all points; for no points it is empty.
func Bounds(points []Point) Box {
	if len(points) == 0 {
		return Box{}
	}
	b := Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range points {
		b = Box{min(b.X0, p.X), min(b.Y0, p.Y), max(b.X1, p.X+1), max(b.Y1, p.Y+1)}
	}
	return b
}

// Around is the box with margins, in whole pixels. It may reach over the border of the image; [Crop] moves it inside, the
// official code cuts it off there.
func (m Margins) Around(b Box) image.Rectangle {
	return image.Rect(
		round(b.X0-m.Left*b.Width()), round(b.Y0-m.Top*b.Height()),
		round(b.X1+m.Right*b.Width()), round(b.Y1+m.Bottom*b.Height()),
	)
}
