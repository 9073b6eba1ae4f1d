package discrepancy

import (
	"fmt"
	"image"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Variant is the draw of test variant k of an item: a function of the seed, the item and k alone, perturbed inside,
// at the spec's own strength (spec section 7.4). The variants of an item share one elastic field, of which each region
// meets its own part.
func (g *Generator) Variant(seed uint64, item string, k int) Draw {
	return g.variant(seed, stream.Hash("variant", item), k)
}

func (g *Generator) variant(seed, item uint64, k int) Draw {
	d := g.Draw(k, 1, stream.New(seed, item, k))
	d.Outside = false
	d.Deformation.Elastic.Seed = seed ^ item
	return d
}

// Variants appends to dst the K test variants of a face in the order of their labels, each with its draw of
// [Generator.Variant] and without augmentation, as height × width × 3 bytes of RGB: one batch of K × H × W × 3. A region
// of which nothing lies in the image leaves its variant as the face is; min_area does not apply.
func (g *Generator) Variants(dst []uint8, f face.Face, seed uint64, item string, w *Workspace) ([]uint8, error) {
	labels := make([]int, g.Classes())
	for k := range labels {
		labels[k] = k
	}
	return g.VariantsOf(dst, f, labels, seed, item, w)
}

// VariantsOf is [Generator.Variants] for some labels, in their order.
func (g *Generator) VariantsOf(dst []uint8, f face.Face, labels []int, seed uint64, item string, w *Workspace) ([]uint8, error) {
	if err := checkFace(f); err != nil {
		return dst, err
	}
	n := g.regions.Len()
	// Variants of a region share its mask.
	places := make([][]int, n)
	for i, k := range labels {
		at, _, ok := g.Class(k)
		if ok {
			places[at] = append(places[at], i)
		} else if !g.pristine(k) {
			return dst, fmt.Errorf("discrepancy: label %d: want one in [0, %d)", k, g.Classes())
		}
	}
	if len(labels) == 0 {
		return dst, nil
	}
	start, size := len(dst), f.Image.Rect.Size()
	dst = AppendRGB(dst, f.Image)
	plain := len(dst) - start
	for range labels[1:] {
		dst = append(dst, dst[start:start+plain]...)
	}
	hash := stream.Hash("variant", item)
	if e := g.variant(seed, hash, 0).Deformation.Elastic; e.bends() {
		w.bend.cover(e, 0, 0, reference+1, reference+1)
	}
	for at, mask := range region.Masks(g.regions, f.Landmarks, f.Image.Rect, func(i int) bool { return places[i] != nil }) {
		for _, i := range places[at] {
			d := g.variant(seed, hash, labels[i])
			to := target{dst[start+i*plain:][:plain], 3 * size.X, 3}
			w.inset(to, f.Image, mask, &d.Perturbation, d.Deformation, d.Feather)
		}
	}
	return dst, nil
}

// AppendRGB appends the pixels of img to dst, three bytes each, row by row from the top.
func AppendRGB(dst []uint8, img *image.RGBA) []uint8 {
	size := img.Rect.Size()
	start := len(dst)
	dst = append(dst, make([]uint8, 3*size.X*size.Y)...)
	to := dst[start:]
	for y := range size.Y {
		from := img.Pix[y*img.Stride:][:4*size.X]
		for ; len(from) >= 4; from, to = from[4:], to[3:] {
			to[0], to[1], to[2] = from[0], from[1], from[2]
		}
	}
	return dst
}
