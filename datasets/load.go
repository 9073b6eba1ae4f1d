package datasets

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/face"
)

// share is a rectangle in shares of an image's width and height: left, top, right, bottom.
type share [4]float64

// placing says by its number in shares where the face lies in the images of a set; an item has no room for more.
type placing uint8

const (
	innerDetected placing = iota // a detector's box and 45 % margin (all crops whose square is known)
	innerTight                   // aligned, from brow to chin (UTKFace)
	innerUnknown                 // cut inside the chin (the DFDC crops whose square is not known)
)

// Where the landmarks of a face lie in an image that has none: the box of the mean shape of [face.Template]. Chosen by
// eye, by laying the shape over the pixelwise mean and over two dozen single pictures of each set; no label was used.
// A face in profile, or one moved from the middle because its crop met the border of the frame, is off by up to a
// quarter of its width.
var shares = [...]share{
	innerDetected: {0.29, 0.35, 0.71, 0.765},
	innerTight:    {0.06, 0.17, 0.94, 0.98},
	innerUnknown:  {0.03, 0.13, 0.97, 1.10},
}

// box returns the part of bounds that s names, in whole pixels.
func (s share) box(bounds image.Rectangle) image.Rectangle {
	w, h := float64(bounds.Dx()), float64(bounds.Dy())
	at := func(v, side float64) int { return int(math.Round(v * side)) }
	return image.Rect(at(s[0], w), at(s[1], h), at(s[2], w), at(s[3], h)).Add(bounds.Min)
}

// meanFace lays a mean face into an image.
func (s share) meanFace(m *image.RGBA) face.Face {
	return face.Face{Image: m, Landmarks: face.Template(s.box(m.Rect)), Fallback: true}
}

// MeanFace takes a picture for a crop around one face of which nothing is known, as [Load] takes one of a set: the landmarks
// are those of a mean face where faces lie in the crops of a detector with 45 % margin, and it is marked Fallback. The picture
// begins at (0, 0).
func MeanFace(picture *image.RGBA) face.Face { return shares[innerDetected].meanFace(picture) }

// ErrNoFace tells that an item has no image, because no face was found ([Item.NoFace]).
var ErrNoFace = errors.New("no face was found")

// Load decodes the image of it, or draws it if it has a Draw, and adds its landmarks. A face without landmarks gets
// those of a mean face laid where faces lie in its set, and is marked Fallback. Errors name the file. It is safe for
// concurrent use.
func Load(it Item) (face.Face, error) {
	if it.Draw != nil {
		return it.Draw(), nil
	}
	if it.NoFace() {
		return face.Face{}, fmt.Errorf("datasets: %s: %w", it.ID(), ErrNoFace)
	}
	m, err := face.Open(it.Path)
	if err != nil {
		return face.Face{}, fmt.Errorf("datasets: %s: %w", it.ID(), err)
	}
	f := face.Face{Image: m, Landmarks: it.Landmarks()}
	if f.Landmarks == nil {
		f = shares[it.inner].meanFace(m)
	}
	if err := face.Check(f); err != nil {
		return face.Face{}, fmt.Errorf("datasets: %s (%s): %w", it.ID(), it.Path, err)
	}
	return f, nil
}
