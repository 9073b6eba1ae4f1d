package discrepancy

import "image"

// Mask is a region of an image as weights in [0, 1], kept on its bounding box only.
type Mask struct {
	Rect   image.Rectangle // in the pixels of the image
	Weight []float32       // row-major, Rect.Dx()·Rect.Dy() values
}
