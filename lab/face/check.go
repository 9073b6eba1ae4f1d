package face

import (
	"errors"
	"fmt"
	"math"
)

// ErrDegenerate: the landmarks of a face span no area, so that it has no regions.
var ErrDegenerate = errors.New("the hull of the landmarks has no area")

// outside is how far a landmark may lie out of the image, as a share of its side. Landmarks of a jaw or brow that the
// frame cuts are guesses: on ytfaces they reach out by up to 0.10.
const outside = 0.2

// Check returns an error for a face that can't be used: it needs an image with pixels, 68 finite landmarks, each in the image
// or not farther out of it than a fifth of its side, and a hull that covers at least one square pixel (else the error
// wraps [ErrDegenerate]).
func Check(f Face) error {
	if f.Image == nil || f.Image.Bounds().Empty() {
		return errors.New("face: no image: want one with at least one pixel")
	}
	if len(f.Landmarks) != Landmarks {
		return fmt.Errorf("face: %d landmarks, want %d in the order of dlib", len(f.Landmarks), Landmarks)
	}
	width, height := float64(f.Image.Bounds().Dx()), float64(f.Image.Bounds().Dy())
	for i, p := range f.Landmarks {
		if math.IsNaN(p.X) || math.IsInf(p.X, 0) || math.IsNaN(p.Y) || math.IsInf(p.Y, 0) {
			return fmt.Errorf("face: landmark %d is (%v, %v), want finite coordinates", i, p.X, p.Y)
		}
		if p.X < -outside*width || p.X > (1+outside)*width || p.Y < -outside*height || p.Y > (1+outside)*height {
			return fmt.Errorf("face: landmark %d at (%.1f, %.1f) lies outside the image of %v×%v pixels; landmarks must be "+
				"in the pixels of this image", i, p.X, p.Y, width, height)
		}
	}
	if area := Area(Hull(f.Landmarks)); area < 1 {
		return fmt.Errorf("face: %w (%.2f square pixels, want at least 1); give the face other landmarks or none", ErrDegenerate, area)
	}
	return nil
}
