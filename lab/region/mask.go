package region

import (
	"image"

	"github.com/seeable-lab/seeable/lab/face"
)

// Mask is a region of an image as weights in [0, 1], kept on its bounding box only.
type Mask struct {
	Rect   image.Rectangle // in the pixels of the image
	Weight []float32       // row-major, Rect.Dx()·Rect.Dy() values
}

// Masks returns the masks of the wanted regions of a face, as [Regions] makes each; those of others are empty. The cells
// of a grid are cut from one hull.
func Masks(r Regions, landmarks []face.Point, bounds image.Rectangle, wanted func(i int) bool) []Mask {
	all := make([]Mask, r.Len())
	g, ok := r.(grid)
	if !ok {
		for i := range all {
			if wanted(i) {
				all[i] = r.Mask(i, landmarks, bounds)
			}
		}
		return all
	}
	points := pixels(nil, landmarks)
	if points == nil {
		return all
	}
	points = points[:face.Landmarks]
	outline := hull(nil, points)
	for i := range all {
		if !wanted(i) {
			continue
		}
		all[i] = fill(outline, g.cell(i, points).Intersect(bounds), convexOutline)
	}
	return all
}

// Union marks all pixels of a strategy's regions of a face, within bounds; it is empty where they all are.
func Union(r Regions, landmarks []face.Point, bounds image.Rectangle) Mask {
	var masks []Mask
	for i := range r.Len() {
		masks = append(masks, r.Mask(i, landmarks, bounds))
	}
	return join(masks)
}

// join marks all pixels of some masks.
func join(masks []Mask) Mask {
	if len(masks) == 1 {
		return masks[0]
	}
	var box image.Rectangle
	for _, m := range masks {
		box = box.Union(m.Rect)
	}
	all := Mask{Rect: box, Weight: make([]float32, box.Dx()*box.Dy())}
	for _, m := range masks {
		for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
			from := m.Weight[(y-m.Rect.Min.Y)*m.Rect.Dx():][:m.Rect.Dx()]
			to := all.Weight[(y-box.Min.Y)*box.Dx()+m.Rect.Min.X-box.Min.X:]
			for x, weight := range from {
				to[x] = max(to[x], weight)
			}
		}
	}
	return all
}
