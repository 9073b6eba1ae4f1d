// Package poisson solves Poisson's equation on sets of pixels, by which pictures are blended by their gradients (Pérez, Gangnet
// and Blake 2003).
package poisson

import (
	"image"
	"math"
	"slices"
)

// A Solver solves Poisson's equation on the pixels of a mask, by conjugate gradients, for three channels at once. Its zero value
// is ready; its memory is used again, by one goroutine at a time.
type Solver struct {
	places     []int      // of the unknowns, in the box
	number     []int32    // of the unknown at each place of the box; that of the known ones is behind the last
	neighbours [][4]int32 // of each unknown, by number: left, up, right, down
	scale      []float64
	solution, residual, direction,
	product, conditioned, difference []rgb
}

// rgb are three channels, each a problem of its own.
type rgb = [3]float64

// accuracy bounds what of the equation is left unsolved at each pixel, in levels. What it can do to the solution grows with the
// square of the mask's width, to at most 0.03 levels where that is 150 pixels.
const accuracy = 1e-5

// Solve returns the places that are inside, in order, and the x at each of them whose Laplacian is that of h there, x being 0 at
// all others: Σ_q (x_p − x_q) = Σ_q (h_p − h_q) over the four neighbours q of p. Both inside and h go row by row through a
// box of that width; no place on its border may be inside. What is returned is valid until the next call.
func (p *Solver) Solve(inside []bool, h [][3]float64, width int) (places []int, x [][3]float64) {
	p.places, p.number = p.places[:0], sized(p.number, len(inside))
	for at, in := range inside {
		if in {
			p.number[at] = int32(len(p.places))
			p.places = append(p.places, at)
		}
	}
	n := len(p.places)
	for at, in := range inside {
		if !in {
			p.number[at] = int32(n) // what is known is one more, which stays 0
		}
	}
	p.neighbours = sized(p.neighbours, n)
	p.solution, p.residual, p.direction = sized(p.solution, n), sized(p.residual, n), sized(p.direction, n+1)
	p.product, p.conditioned = sized(p.product, n), sized(p.conditioned, n+1)
	clear(p.solution)
	clear(p.direction)
	p.conditioned[n] = rgb{}
	steps := [4]int{-1, -width, 1, width}
	largest := 0.0
	for i, at := range p.places {
		var r rgb
		for k, step := range steps {
			p.neighbours[i][k] = p.number[at+step]
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
		for i := range n {
			d, z := &p.direction[i], &p.conditioned[i]
			d[0], d[1], d[2] = z[0]+keep[0]*d[0], z[1]+keep[1]*d[1], z[2]+keep[2]*d[2]
		}
		old = now
		var along rgb
		for i, near := range p.neighbours {
			e := &p.direction[i]
			d := rgb{4 * e[0], 4 * e[1], 4 * e[2]}
			for _, j := range near {
				q := &p.direction[j]
				d[0], d[1], d[2] = d[0]-q[0], d[1]-q[1], d[2]-q[2]
			}
			p.product[i] = d
			along[0], along[1], along[2] = along[0]+e[0]*d[0], along[1]+e[1]*d[1], along[2]+e[2]*d[2]
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
				if rest := math.Abs(r[c]); rest > largest { // the built-in max looks for NaN too, and takes longer
					largest = rest
				}
			}
		}
	}
	return p.places, p.solution
}

// Clone blends a source into dst by its gradients: in the places of a box that are inside, dst gets the Laplacian of the source, its
// pixels around staying as they are, and what that changes counts by share. Each channel is solved for alone, rounded and clipped.
// inside goes row by row through the box, which lies in dst; no place on its border may be inside.
func (p *Solver) Clone(dst *image.RGBA, box image.Rectangle, inside []bool, source func(x, y int) [3]float64, share float64) {
	p.difference = sized(p.difference, len(inside))
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			wanted, around := source(x, y), dst.Pix[dst.PixOffset(x, y):]
			for c := range wanted {
				wanted[c] -= float64(around[c])
			}
			p.difference[(y-box.Min.Y)*box.Dx()+x-box.Min.X] = wanted
		}
	}
	places, correction := p.Solve(inside, p.difference, box.Dx())
	for n, at := range places {
		to := dst.Pix[dst.PixOffset(box.Min.X+at%box.Dx(), box.Min.Y+at/box.Dx()):][:3]
		for c := range to {
			to[c] = uint8(min(max(math.Round(float64(to[c])+share*correction[n][c]), 0), 255))
		}
	}
}

// factor is the modified incomplete Cholesky factorisation of the negative Laplacian, of level 0, as Bridson has it (Fluid
// Simulation for Computer Graphics, 2008, section 4.3.4): scale holds the reciprocals of its diagonal.
func (p *Solver) factor() {
	const tuning, safety = 0.97, 0.25
	n := int32(len(p.places))
	p.scale = sized(p.scale, len(p.places)+1)
	p.scale[n] = 0
	for i, near := range p.neighbours {
		e := 4.0
		if left := near[0]; left < n {
			e -= p.scale[left] * p.scale[left]
			if p.neighbours[left][3] < n {
				e -= tuning * p.scale[left] * p.scale[left]
			}
		}
		if up := near[1]; up < n {
			e -= p.scale[up] * p.scale[up]
			if p.neighbours[up][2] < n {
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
func (p *Solver) condition() {
	for i, t := range p.residual {
		for _, j := range p.neighbours[i][:2] {
			q, s := &p.conditioned[j], p.scale[j]
			t[0], t[1], t[2] = t[0]+s*q[0], t[1]+s*q[1], t[2]+s*q[2]
		}
		s := p.scale[i]
		p.conditioned[i] = rgb{s * t[0], s * t[1], s * t[2]}
	}
	for i := len(p.residual) - 1; i >= 0; i-- {
		t, s := p.conditioned[i], p.scale[i]
		for _, j := range p.neighbours[i][2:] {
			q := &p.conditioned[j]
			t[0], t[1], t[2] = t[0]+s*q[0], t[1]+s*q[1], t[2]+s*q[2]
		}
		p.conditioned[i] = rgb{s * t[0], s * t[1], s * t[2]}
	}
}

// sized returns a slice of n values, in the memory of s if it is large enough. Its contents are undefined.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
