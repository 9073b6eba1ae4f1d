package discrepancy

import (
	"image"

	"github.com/seeable-lab/seeable/lab/region"
)

// A target is the image that a discrepancy is blended into: RGBA or RGB bytes.
type target struct {
	pix    []uint8
	stride int // bytes of a row
	step   int // bytes of a pixel, 3 or 4
}

// blend mixes a source, given at the crossings of its taps, into the target: ⌊m·source + (1 − m)·target⌋ with weights m
// (spec section 2.5, step 5).
func blend(dst target, m *blendMask, source *resampler) {
	width := m.rect.Dx()
	for i := range m.rect.Dy() {
		weights := m.weights[i*width:][:width]
		pixels := source.row(i)[:width]
		row := dst.pix[(m.rect.Min.Y+i)*dst.stride+m.rect.Min.X*dst.step:]
		for x, weight := range weights {
			if weight != 0 {
				to, v := row[x*dst.step:][:3], pixels[x]
				to[0] = over(weight, uint8(v), to[0])
				to[1] = over(weight, uint8(v>>32), to[1])
				to[2] = over(weight, uint8(v>>16), to[2])
			}
		}
	}
}

// over is ⌊m·source + (1 − m)·target⌋ for m = weight/65,536. The shift of a negative number rounds down, as it must.
func over(weight int32, source, target uint8) uint8 {
	return uint8(int32(target) + weight*(int32(source)-int32(target))>>16)
}

// inset blends src, perturbed by p unless nil and deformed by d, into dst where the deformed and feathered mask says
// so.
func (w *Workspace) inset(dst target, src *image.RGBA, mask region.Mask, p *Perturbation, d Deformation, f Feather) {
	if mask.Rect.Empty() {
		return
	}
	size := src.Rect.Size()
	deform(&w.region, mask, d, size, w)
	feather(&w.blendMask, &w.region, f, size, w)
	w.paste(dst, src, p, d)
}

// paste is inset with the workspace's blend mask.
func (w *Workspace) paste(dst target, src *image.RGBA, p *Perturbation, d Deformation) {
	m := &w.blendMask
	if m.rect.Empty() {
		return
	}
	ax, ay := d.axes(src.Rect.Size())
	from := src
	if p != nil {
		// Only what the blend reads is perturbed.
		area := image.Rect(
			int(ax.origin(float64(m.rect.Min.X)))-1, int(ay.origin(float64(m.rect.Min.Y)))-1,
			int(ax.origin(float64(m.rect.Max.X-1)))+3, int(ay.origin(float64(m.rect.Max.Y-1)))+3,
		).Intersect(src.Rect)
		if area.Empty() {
			return
		}
		from = w.perturbed.resize(area)
		perturb(from, src, p, w)
	}
	r := &w.resampler
	r.reset(from)
	for x := m.rect.Min.X; x < m.rect.Max.X; x++ {
		r.cols = append(r.cols, lay(ax.origin(float64(x)), from.Rect.Min.X, from.Rect.Max.X))
	}
	for y := m.rect.Min.Y; y < m.rect.Max.Y; y++ {
		r.rows = append(r.rows, lay(ay.origin(float64(y)), from.Rect.Min.Y, from.Rect.Max.Y))
	}
	blend(dst, m, r)
}

// disturb writes img with a discrepancy at mask to dst, an image of the same size.
func (w *Workspace) disturb(dst, img *image.RGBA, mask region.Mask, d *Draw) {
	if mask.Rect.Empty() {
		copyPixels(dst, img)
		return
	}
	w.background(dst, img, d)
	inner := &d.Perturbation
	if d.Outside {
		inner = nil
	}
	w.inset(target{dst.Pix, dst.Stride, 4}, img, mask, inner, d.Deformation, d.Feather)
}

// background writes to dst what img is outside of the mask of a discrepancy.
func (w *Workspace) background(dst, img *image.RGBA, d *Draw) {
	if d.Outside {
		perturb(dst, img, &d.Perturbation, w)
	} else {
		copyPixels(dst, img)
	}
}

// Soften deforms a region of an image of size and feathers it, as self-blending does: for each pixel the weight in [0, 1] of what
// is to be blended in, at most the feather's ratio. The mask is empty where the region is, and where it was moved out of the
// image.
func (w *Workspace) Soften(mask region.Mask, d Deformation, f Feather, size image.Point) region.Mask {
	if mask.Rect.Empty() {
		return region.Mask{}
	}
	deform(&w.region, mask, d, size, w)
	feather(&w.blendMask, &w.region, f, size, w)
	return w.blendMask.mask()
}

// mask is the weights as numbers from 0 to 1.
func (m *blendMask) mask() region.Mask {
	out := region.Mask{Rect: m.rect, Weight: make([]float32, m.rect.Dx()*m.rect.Dy())}
	for i := range out.Weight {
		out.Weight[i] = float32(m.weights[i]) / full
	}
	return out
}
