package discrepancy

import (
	"fmt"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/face"
)

// BlendMask returns the blend mask of a draw on a face (spec section 2.5) as a picture of the face's size: white is a
// weight of 1. [Generator.Apply] blends the perturbed face over the face by it, or the other way round if the draw is
// Outside. It is black where the region has no pixels, and for the pristine label.
func (g *Generator) BlendMask(f face.Face, d Draw, w *Workspace) (*image.Gray, error) {
	if err := checkFace(f); err != nil {
		return nil, err
	}
	region, _, ok := g.Class(d.Label)
	if !ok && !g.pristine(d.Label) {
		return nil, fmt.Errorf("discrepancy: label %d: want one in [0, %d)", d.Label, g.Classes())
	}
	picture := image.NewGray(f.Image.Rect)
	if !ok {
		return picture, nil
	}
	mask := g.regions.Mask(region, f.Landmarks, f.Image.Rect)
	if mask.Rect.Empty() {
		return picture, nil
	}
	deform(&w.region, mask, d.Deformation, f.Image.Rect.Size(), w)
	feather(&w.blendMask, &w.region, d.Feather, f.Image.Rect.Size(), w)
	m := &w.blendMask
	for i := range m.rect.Dy() {
		row := picture.Pix[picture.PixOffset(m.rect.Min.X, m.rect.Min.Y+i):]
		for x, weight := range m.weights[i*m.rect.Dx():][:m.rect.Dx()] {
			row[x] = uint8((weight*255 + full/2) / full)
		}
	}
	return picture, nil
}

// Difference returns a picture of what a discrepancy changed: for each pixel the largest change of its three channels,
// times gain, on black. It fails when the images differ in size.
func Difference(a, b *image.RGBA, gain float64) (*image.Gray, error) {
	if a.Rect.Size() != b.Rect.Size() {
		return nil, fmt.Errorf("discrepancy: difference of images of %v and %v pixels: want the same size", a.Rect.Size(), b.Rect.Size())
	}
	picture := image.NewGray(image.Rectangle{Max: a.Rect.Size()})
	for y := range a.Rect.Dy() {
		p, q := a.Pix[y*a.Stride:], b.Pix[y*b.Stride:]
		for x := range a.Rect.Dx() {
			largest := 0.0
			for c := range 3 {
				largest = max(largest, math.Abs(float64(p[4*x+c])-float64(q[4*x+c])))
			}
			picture.Pix[y*picture.Stride+x] = uint8(min(largest*gain, 255))
		}
	}
	return picture, nil
}
