// Package face holds one face: its pixels and its 68 landmarks, and the geometry that goes with them.
package face

import "image"

// Landmarks is the number of landmarks of a face, in the order of dlib and 300-W (spec section 1.2).
const Landmarks = 68

// Point is a place in an image, in pixels; (0, 0) is the centre of the top left pixel, as in the spec's landmark files.
type Point struct{ X, Y float64 }

// Face is one face in an image that was cropped around it.
type Face struct {
	Image     *image.RGBA // opaque, its bounds start at (0, 0)
	Landmarks []Point     // 68 points in the pixels of Image
	// Fallback means that the landmarks are not those of this face but a mean shape laid into its box ([Template]).
	Fallback bool
}
