package discrepancy

import (
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/region"
)

// An axis maps places of the deformed image to places of the original along one axis: x ↦ (x − shift)/scale + centre.
type axis struct{ shift, centre, scale float64 }

func (d Deformation) axes(size image.Point) (x, y axis) {
	// Scaling keeps the image's centre, as albumentations does.
	cx, cy := float64(size.X-1)/2, float64(size.Y-1)/2
	x = axis{cx + d.Translate[0]*float64(size.X), cx, d.scale(0)}
	y = axis{cy + d.Translate[1]*float64(size.Y), cy, d.scale(1)}
	return x, y
}

func (a axis) origin(x float64) float64 { return (x-a.shift)/a.scale + a.centre }
func (a axis) image(x float64) float64  { return (x-a.centre)*a.scale + a.shift }

// deform sets out to the pixels of an image of size whose place before the deformation lies in the mask, nearest pixel.
func deform(out *bitmap, mask region.Mask, d Deformation, size image.Point, w *Workspace) {
	ax, ay := d.axes(size)
	var reach image.Point
	scaleX, scaleY := float64(size.X)/reference, float64(size.Y)/reference
	elastic := d.Elastic.bends()
	if elastic {
		reach.X = int(math.Ceil(d.Elastic.reach() * scaleX))
		reach.Y = int(math.Ceil(d.Elastic.reach() * scaleY))
	}
	box := image.Rect(
		int(math.Floor(ax.image(float64(mask.Rect.Min.X)-0.5)))-reach.X,
		int(math.Floor(ay.image(float64(mask.Rect.Min.Y)-0.5)))-reach.Y,
		int(math.Ceil(ax.image(float64(mask.Rect.Max.X)-0.5)))+reach.X+1,
		int(math.Ceil(ay.image(float64(mask.Rect.Max.Y)-0.5)))+reach.Y+1,
	).Intersect(image.Rectangle{Max: size})
	out.reset(box)
	if box.Empty() {
		return
	}

	// Columns: the place before the deformation, from the mask's left edge, and the nodes around it.
	width, height := mask.Rect.Dx(), mask.Rect.Dy()
	w.columns = grown(w.columns, box.Dx())
	perX, perY := 1/(scaleX*d.Elastic.Sigma), 1/(scaleY*d.Elastic.Sigma) // pixels to nodes
	if elastic {
		w.bend.cover(d.Elastic, (float64(box.Min.X)+0.5)/scaleX, (float64(box.Min.Y)+0.5)/scaleY,
			(float64(box.Max.X)+0.5)/scaleX, (float64(box.Max.Y)+0.5)/scaleY)
	}
	for i := range w.columns {
		x := float64(box.Min.X + i)
		c := column{base: float32(ax.origin(x)-float64(mask.Rect.Min.X)) + 0.5}
		if elastic {
			c.node, c.frac = split((x+0.5)*perX - float64(w.bend.x0))
			c.node *= 2
		}
		w.columns[i] = c
	}
	w.shifts = grown(w.shifts, 2*w.bend.cols)
	toX, toY := float32(scaleX/ax.scale), float32(scaleY/ay.scale)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		base := float32(ay.origin(float64(y))-float64(mask.Rect.Min.Y)) + 0.5
		row := out.row(y)
		if !elastic {
			my := int(floor32(base))
			if my < 0 || my >= height {
				continue
			}
			for i, c := range w.columns {
				if mx := int(floor32(c.base)); uint(mx) < uint(width) && mask.Weight[my*width+mx] >= 0.5 {
					row[i>>6] |= 1 << (i & 63)
				}
			}
			continue
		}
		// The displacements of this row's nodes, in pixels before the affine map.
		node, frac := split((float64(y)+0.5)*perY - float64(w.bend.y0))
		stride := 2 * w.bend.cols
		upper, lower := w.bend.nodes[node*stride:][:stride], w.bend.nodes[(node+1)*stride:][:stride]
		for i := w.columns[0].node; i < w.columns[len(w.columns)-1].node+4; i += 2 {
			w.shifts[i] = toX * (upper[i] + frac*(lower[i]-upper[i]))
			w.shifts[i+1] = toY * (upper[i+1] + frac*(lower[i+1]-upper[i+1]))
		}
		for i, c := range w.columns {
			near := w.shifts[c.node:][:4]
			mx := floor32(c.base + near[0] + c.frac*(near[2]-near[0]))
			my := floor32(base + near[1] + c.frac*(near[3]-near[1]))
			if uint(mx) < uint(width) && uint(my) < uint(height) && mask.Weight[int(my)*width+int(mx)] >= 0.5 {
				row[i>>6] |= 1 << (i & 63)
			}
		}
	}
}

type column struct {
	base, frac float32
	node       int // where the left node's displacements are
}

func split(v float64) (whole int, frac float32) {
	whole = int(math.Floor(v))
	return whole, float32(v - float64(whole))
}

// floor32 is the floor of values above −1024, to within 2⁻¹⁴, and something negative below.
func floor32(v float32) int32 { return int32(v+1024) - 1024 }
