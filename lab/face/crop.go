package face

import (
	"fmt"
	"image"
	"math"
)

// Crop cuts rect out of the face's image and scales it to size × size pixels; the landmarks follow. A rectangle that
// reaches over the border is moved inside, and clipped where the image is smaller; a clipped one that is no longer square
// is stretched. The picture is scaled by a triangle filter as wide as a source or target pixel, whichever is larger, so
// shrinking does not alias.
//
// A pixel's centre has whole coordinates, so landmark x goes to (x + ½ − rect.Min.X)·size/rect.Dx() − ½. The official
// code leaves out both halves, which shifts landmarks against pixels by up to half a pixel (spec section 1.3).
func Crop(f Face, rect image.Rectangle, size int) (Face, error) {
	bounds := f.Image.Bounds()
	if !rect.Overlaps(bounds) || size < 1 {
		return Face{}, fmt.Errorf("face: crop %v of an image of %d×%d pixels to size %d: want a rectangle that overlaps the "+
			"image and a size of 1 or more", rect, bounds.Dx(), bounds.Dy(), size)
	}
	inside := moveInside(rect, bounds)
	cropped := image.NewRGBA(image.Rect(0, 0, size, size))
	scale(cropped, f.Image, inside)
	points := make([]Point, len(f.Landmarks))
	sx, sy := float64(size)/float64(inside.Dx()), float64(size)/float64(inside.Dy())
	for i, p := range f.Landmarks {
		points[i] = Point{
			X: (p.X+0.5-float64(inside.Min.X))*sx - 0.5,
			Y: (p.Y+0.5-float64(inside.Min.Y))*sy - 0.5,
		}
	}
	f.Image, f.Landmarks = cropped, points
	return f, nil
}

// moveInside moves rect into bounds and clips what does not fit.
func moveInside(rect, bounds image.Rectangle) image.Rectangle {
	move := func(low, high, first, last int) int {
		back := min(last-high, 0)
		return back + max(first-low-back, 0)
	}
	return rect.Add(image.Pt(
		move(rect.Min.X, rect.Max.X, bounds.Min.X, bounds.Max.X),
		move(rect.Min.Y, rect.Max.Y, bounds.Min.Y, bounds.Max.Y),
	)).Intersect(bounds)
}

func round(x float64) int { return int(math.Floor(x + 0.5)) }
