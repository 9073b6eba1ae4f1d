package discrepancy

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

// PoissonBlend writes a pseudo-fake to dst that is blended in the gradient domain (Pérez, Gangnet and Blake 2003), as PCL, SLADD, OST
// and PMM make theirs: the whole face is a copy of itself, one of the two changed in colour and then in detail, by the draws of
// [Generator.SelfBlend], and the copy is moved and scaled by as much. Inside of the mask the result has the Laplacian of the
// copy, and on its border the pixels around it, so that neither an edge nor a shift of colour is left: what remains is
// detail, and misplaced features. Each channel is solved for alone, rounded and clipped. No global augmentation is applied.
//
// The mask is where that of SelfBlend has at least half of its largest weight, less what touches the image's edge, and the ratio
// that was drawn is the share of the solution, the rest being the face around (both our choices; OpenCV erodes the mask and weighs
// gradients by it).
func (g *Generator) PoissonBlend(dst *image.RGBA, f face.Face, rng *rand.Rand, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	d := g.DrawSelfBlend(rng)
	img, size := f.Image, f.Image.Rect.Size()
	mask := region.Union(faceShapes[d.Region], f.Landmarks, img.Rect)
	if mask.Rect.Empty() {
		return errors.New("discrepancy: no face to blend: check that its landmarks are 68 and lie in the image")
	}
	deform(&w.region, mask, d.Deformation, size, w)
	feather(&w.blendMask, &w.region, d.Feather, size, w)

	w.background(dst, img, &d)
	source := img
	if !d.Outside {
		source = w.perturbed.resize(img.Rect)
		perturb(source, img, &d.Perturbation, w)
	}
	box, inside := w.poisson.hard(&w.blendMask, d.Feather.sane().Ratio, size)
	if box.Empty() {
		return nil
	}
	p := &w.poisson
	p.difference = grown(p.difference, len(inside))
	ax, ay := d.Deformation.axes(size)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			moved, around := colourAt(source, ax.origin(float64(x)), ay.origin(float64(y))), dst.Pix[dst.PixOffset(x, y):]
			for c := range moved {
				moved[c] -= float64(around[c])
			}
			p.difference[(y-box.Min.Y)*box.Dx()+x-box.Min.X] = moved
		}
	}
	correction := p.solve(inside, p.difference, box.Dx())
	for n, at := range p.places {
		to := dst.Pix[dst.PixOffset(box.Min.X+at%box.Dx(), box.Min.Y+at/box.Dx()):][:3]
		for c := range to {
			to[c] = uint8(min(max(math.Round(float64(to[c])+d.Feather.Ratio*correction[n][c]), 0), 255))
		}
	}
	return nil
}

// rgb are three channels, each a problem of its own.
type rgb [3]float64

// colourAt is the colour of a picture at a place, bilinear; beyond its edges it goes on as it is at them.
func colourAt(img *image.RGBA, x, y float64) (out rgb) {
	x, y = min(max(x, 0), float64(img.Rect.Dx()-1)), min(max(y, 0), float64(img.Rect.Dy()-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, img.Rect.Dx()-1), min(y0+1, img.Rect.Dy()-1)
	fx, fy := x-float64(x0), y-float64(y0)
	at := func(x, y, c int) float64 { return float64(img.Pix[y*img.Stride+4*x+c]) }
	for c := range out {
		out[c] = (1-fy)*((1-fx)*at(x0, y0, c)+fx*at(x1, y0, c)) + fy*((1-fx)*at(x0, y1, c)+fx*at(x1, y1, c))
	}
	return out
}

// A poisson solves Poisson's equation on the pixels of a mask, by conjugate gradients. Its memory is used again.
type poisson struct {
	inside     []bool
	difference []rgb

	places     []int    // of the unknowns, in the box
	number     []int32  // of the unknown at each place of the box, −1 where there is none
	neighbours [][4]int // of each unknown, by number: left, up, right, down; −1 for a known one
	scale      []float64
	solution, residual, direction,
	product, conditioned []rgb
}

// hard makes a mask of the pixels that have at least half of the ratio's weight and do not touch the image's edge, in a box that
// is wider than it by a pixel on each side.
func (p *poisson) hard(m *blendMask, ratio float64, size image.Point) (box image.Rectangle, inside []bool) {
	whole := image.Rectangle{Max: size}
	within := m.rect.Intersect(whole.Inset(1))
	if within.Empty() || ratio == 0 {
		return image.Rectangle{}, nil
	}
	box = within.Inset(-1)
	p.inside = grown(p.inside, box.Dx()*box.Dy())
	clear(p.inside)
	for y := within.Min.Y; y < within.Max.Y; y++ {
		for x := within.Min.X; x < within.Max.X; x++ {
			weight := m.weights[(y-m.rect.Min.Y)*m.rect.Dx()+x-m.rect.Min.X]
			p.inside[(y-box.Min.Y)*box.Dx()+x-box.Min.X] = 2*float64(weight) >= ratio*full
		}
	}
	return box, p.inside
}

// accuracy bounds what of the equation is left unsolved at each pixel, in levels. What it can do to the solution grows with the
// square of the mask's width, to at most 0.03 levels where that is 150 pixels.
const accuracy = 1e-5

// solve returns the x, in the order of p.places, whose Laplacian is that of h at each place that is inside, x being 0 at all
// others: Σ_q (x_p − x_q) = Σ_q (h_p − h_q) over the four neighbours q of p. No place on the border of the box is inside.
func (p *poisson) solve(inside []bool, h []rgb, width int) []rgb {
	p.places, p.number = p.places[:0], grown(p.number, len(inside))
	for at, in := range inside {
		p.number[at] = -1
		if in {
			p.number[at] = int32(len(p.places))
			p.places = append(p.places, at)
		}
	}
	n := len(p.places)
	p.neighbours = grown(p.neighbours, n)
	p.solution, p.residual, p.direction = grown(p.solution, n), grown(p.residual, n), grown(p.direction, n)
	p.product, p.conditioned = grown(p.product, n), grown(p.conditioned, n)
	clear(p.solution)
	steps := [4]int{-1, -width, 1, width}
	largest := 0.0
	for i, at := range p.places {
		var r rgb
		for k, step := range steps {
			p.neighbours[i][k] = int(p.number[at+step])
			for c := range r {
				r[c] += h[at][c] - h[at+step][c]
			}
		}
		p.residual[i] = r
		largest = max(largest, math.Abs(r[0]), math.Abs(r[1]), math.Abs(r[2]))
	}
	p.factor()
	var old rgb
	// In exact arithmetic n steps are enough; far less are needed.
	for range n {
		if largest <= accuracy {
			break
		}
		p.condition()
		var now rgb
		for i, r := range p.residual {
			for c := range now {
				now[c] += r[c] * p.conditioned[i][c]
			}
		}
		var keep rgb
		for c := range keep {
			if old[c] > 0 {
				keep[c] = now[c] / old[c]
			}
		}
		for i, z := range p.conditioned {
			d := &p.direction[i]
			for c := range d {
				if old[c] > 0 {
					d[c] = z[c] + keep[c]*d[c]
				} else {
					d[c] = z[c]
				}
			}
		}
		old = now
		var along rgb
		for i, d := range p.direction {
			for c := range d {
				d[c] *= 4
			}
			for _, j := range p.neighbours[i] {
				if j >= 0 {
					q := &p.direction[j]
					d[0], d[1], d[2] = d[0]-q[0], d[1]-q[1], d[2]-q[2]
				}
			}
			p.product[i] = d
			for c := range d {
				along[c] += p.direction[i][c] * d[c]
			}
		}
		var far rgb
		for c := range far {
			if along[c] > 0 {
				far[c] = now[c] / along[c]
			}
		}
		largest = 0
		for i := range p.solution {
			x, r := &p.solution[i], &p.residual[i]
			for c := range far {
				x[c] += far[c] * p.direction[i][c]
				r[c] -= far[c] * p.product[i][c]
				largest = max(largest, math.Abs(r[c]))
			}
		}
	}
	return p.solution
}

// factor is the modified incomplete Cholesky factorisation of the negative Laplacian, of level 0, as Bridson has it (Fluid
// Simulation for Computer Graphics, 2008, section 4.3.4): scale holds the reciprocals of its diagonal.
func (p *poisson) factor() {
	const tuning, safety = 0.97, 0.25
	p.scale = grown(p.scale, len(p.places))
	for i, near := range p.neighbours {
		e := 4.0
		if left := near[0]; left >= 0 {
			e -= p.scale[left] * p.scale[left]
			if p.neighbours[left][3] >= 0 {
				e -= tuning * p.scale[left] * p.scale[left]
			}
		}
		if up := near[1]; up >= 0 {
			e -= p.scale[up] * p.scale[up]
			if p.neighbours[up][2] >= 0 {
				e -= tuning * p.scale[up] * p.scale[up]
			}
		}
		if e < safety*4 {
			e = 4
		}
		p.scale[i] = 1 / math.Sqrt(e)
	}
}

// condition sets conditioned to what the factorisation makes of the residual.
func (p *poisson) condition() {
	for i, t := range p.residual {
		for _, j := range p.neighbours[i][:2] {
			if j >= 0 {
				q, s := &p.conditioned[j], p.scale[j]
				t[0], t[1], t[2] = t[0]+s*q[0], t[1]+s*q[1], t[2]+s*q[2]
			}
		}
		s := p.scale[i]
		p.conditioned[i] = rgb{s * t[0], s * t[1], s * t[2]}
	}
	for i := len(p.conditioned) - 1; i >= 0; i-- {
		t, s := p.conditioned[i], p.scale[i]
		for _, j := range p.neighbours[i][2:] {
			if j >= 0 {
				q := &p.conditioned[j]
				t[0], t[1], t[2] = t[0]+s*q[0], t[1]+s*q[1], t[2]+s*q[2]
			}
		}
		p.conditioned[i] = rgb{s * t[0], s * t[1], s * t[2]}
	}
}
