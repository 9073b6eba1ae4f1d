package face

import (
	"image"
	"math"
)

// lying is from how many degrees on a face counts as lying on its side: a head that is only bent stays below.
const lying = 60

// Quarters is by how many quarter turns clockwise, 0 to 3, a face with these 68 landmarks comes nearest to upright. It is 0 if
// the face is within 60° of upright, as the line from its right eye to its left one shows.
func Quarters(landmarks []Point) int {
	if len(landmarks) != Landmarks {
		return 0
	}
	right, left := landmarks[36], landmarks[45] // the outer corners, of the face's own eyes
	return QuartersOf(left.X-right.X, left.Y-right.Y)
}

// QuartersOf is [Quarters] of a face whose eyes lie in the direction (dx, dy), in pixels, from its right one to its left one.
func QuartersOf(dx, dy float64) int {
	roll := math.Atan2(dy, dx) * 180 / math.Pi
	if math.Abs(roll) <= lying {
		return 0
	}
	return (4 - int(math.Round(roll/90))) % 4
}

// Turn returns the face turned clockwise by so many quarter turns, with its landmarks.
func Turn(f Face, quarters int) Face {
	w, h := f.Image.Rect.Dx(), f.Image.Rect.Dy()
	points := make([]Point, len(f.Landmarks))
	for i, p := range f.Landmarks {
		// Pixels' centres have whole coordinates.
		q := TurnPoint(Point{p.X + 0.5, p.Y + 0.5}, w, h, quarters)
		points[i] = Point{q.X - 0.5, q.Y - 0.5}
	}
	f.Image, f.Landmarks = TurnImage(f.Image, quarters), points
	return f
}

// TurnPoint is where a point of a picture of w × h pixels, measured between pixels, lies once the picture is turned clockwise.
func TurnPoint(p Point, w, h, quarters int) Point {
	switch quarters & 3 {
	case 1:
		return Point{float64(h) - p.Y, p.X}
	case 2:
		return Point{float64(w) - p.X, float64(h) - p.Y}
	case 3:
		return Point{p.Y, float64(w) - p.X}
	}
	return p
}

// TurnImage returns the picture turned clockwise by so many quarter turns, its bounds at (0, 0); the picture itself if there
// is nothing to turn.
func TurnImage(img *image.RGBA, quarters int) *image.RGBA {
	quarters &= 3
	if quarters == 0 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Pt(w, h)
	if quarters != 2 {
		size = image.Pt(h, w)
	}
	turned := image.NewRGBA(image.Rectangle{Max: size})
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		// Where the row's first pixel goes, and how far from it the next one.
		var at, step int
		switch quarters {
		case 1:
			at, step = 4*(h-1-y), turned.Stride
		case 2:
			at, step = (h-1-y)*turned.Stride+4*(w-1), -4
		case 3:
			at, step = (w-1)*turned.Stride+4*y, -turned.Stride
		}
		for x := 0; x < len(row); x += 4 {
			copy(turned.Pix[at:at+4], row[x:x+4])
			at += step
		}
	}
	return turned
}
