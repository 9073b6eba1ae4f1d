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
	places []int // of the unknowns, in the box
	found  [][3]float64
	runs   []run // of unknowns that are side by side, in order
	// What follows has a value for each place of the box, 0 at those that are known.
	pivots                                              []float64 // reciprocals of the factorisation's diagonal
	solution, residual, direction, product, conditioned []rgb
	difference                                          [][3]float64
}

// run is places from … to − 1 of a row.
type run struct{ from, to int }

// rgb are three channels, each a problem of its own. A struct is kept in registers, which an array is not.
type rgb struct{ r, g, b float64 }

func (a rgb) plus(b rgb) rgb       { return rgb{a.r + b.r, a.g + b.g, a.b + b.b} }
func (a rgb) minus(b rgb) rgb      { return rgb{a.r - b.r, a.g - b.g, a.b - b.b} }
func (a rgb) times(b rgb) rgb      { return rgb{a.r * b.r, a.g * b.g, a.b * b.b} }
func (a rgb) scaled(s float64) rgb { return rgb{a.r * s, a.g * s, a.b * s} }

// over is a/b, and 0 where b is, which is never negative.
func (a rgb) over(b rgb) (q rgb) {
	if b.r > 0 {
		q.r = a.r / b.r
	}
	if b.g > 0 {
		q.g = a.g / b.g
	}
	if b.b > 0 {
		q.b = a.b / b.b
	}
	return q
}

// accuracy bounds what of the equation is left unsolved at each pixel, in levels. What it can do to the solution grows with the
// square of the mask's width, to at most 0.03 levels where that is 150 pixels.
const accuracy = 1e-5

// Solve returns the places that are inside, in order, and the x at each of them whose Laplacian is that of h there, x being 0 at
// all others: Σ_q (x_p − x_q) = Σ_q (h_p − h_q) over the four neighbours q of p. Both inside and h go row by row through a
// box of that width; no place on its border may be inside. What is returned is valid until the next call.
func (p *Solver) Solve(inside []bool, h [][3]float64, width int) (places []int, x [][3]float64) {
	p.places, p.runs, p.found = p.places[:0], p.runs[:0], p.found[:0]
	for at, in := range inside {
		if !in {
			continue
		}
		if !inside[at-1] {
			p.runs = append(p.runs, run{from: at})
		}
		p.runs[len(p.runs)-1].to = at + 1
		p.places = append(p.places, at)
	}
	for _, values := range []*[]rgb{&p.solution, &p.residual, &p.direction, &p.product, &p.conditioned} {
		*values = sized(*values, len(inside))
		clear(*values)
	}
	for _, at := range p.places {
		r := &p.residual[at]
		for _, q := range [4]int{at - 1, at - width, at + 1, at + width} {
			*r = r.plus(rgb{h[at][0] - h[q][0], h[at][1] - h[q][1], h[at][2] - h[q][2]})
		}
	}
	p.factor(inside, width)
	var old, far rgb
	// In exact arithmetic as many steps are enough as there are unknowns; far less are needed.
	for range len(p.places) + 1 {
		now, largest := p.step(far, width)
		if largest <= accuracy {
			break
		}
		p.turn(now.over(old), width)
		old, far = now, now.over(p.laplace(width))
	}
	for _, at := range p.places {
		x := p.solution[at]
		p.found = append(p.found, [3]float64{x.r, x.g, x.b})
	}
	return p.places, p.found
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
// Simulation for Computer Graphics, 2008, section 4.3.4), written as (D + L) D⁻¹ (D + Lᵀ), where L is the Laplacian's own lower
// triangle and D a diagonal: pivots holds the reciprocals of D.
func (p *Solver) factor(inside []bool, width int) {
	const tuning, safety = 0.97, 0.25
	p.pivots = sized(p.pivots, len(inside))
	clear(p.pivots)
	for _, at := range p.places {
		left, up := p.pivots[at-1], p.pivots[at-width]
		e := 4 - left - up
		if inside[at-1+width] {
			e -= tuning * left
		}
		if inside[at-width+1] {
			e -= tuning * up
		}
		if e < safety*4 {
			e = 4
		}
		p.pivots[at] = 1 / e
	}
}

// step goes far in the direction and solves the first triangle, (D + L) y = r, of what is left then. It returns the product of that
// residual with what the factorisation makes of it, and its largest level.
func (p *Solver) step(far rgb, width int) (now rgb, largest float64) {
	for _, run := range p.runs {
		n := run.to - run.from
		x, r, y := p.solution[run.from:][:n], p.residual[run.from:][:n], p.conditioned[run.from:][:n]
		d, q := p.direction[run.from:][:n], p.product[run.from:][:n]
		above, pivots := p.conditioned[run.from-width:][:n], p.pivots[run.from:][:n]
		var left rgb
		for i := range n {
			x[i] = x[i].plus(far.times(d[i]))
			rest := r[i].minus(far.times(q[i]))
			r[i] = rest
			for _, a := range [3]float64{math.Abs(rest.r), math.Abs(rest.g), math.Abs(rest.b)} {
				if a > largest { // the built-in max looks for NaN too, and takes longer
					largest = a
				}
			}
			sum := rest.plus(above[i]).plus(left)
			left = sum.scaled(pivots[i])
			y[i] = left
			now = now.plus(sum.times(left))
		}
	}
	return now, largest
}

// turn solves the second triangle, (D + Lᵀ) z = D y, and makes z and what it keeps of the old direction the new one.
func (p *Solver) turn(keep rgb, width int) {
	for _, run := range slices.Backward(p.runs) {
		n := run.to - run.from
		z, d := p.conditioned[run.from:][:n], p.direction[run.from:][:n]
		below, pivots := p.conditioned[run.from+width:][:n], p.pivots[run.from:][:n]
		var right rgb
		for i := n - 1; i >= 0; i-- {
			right = z[i].plus(right.plus(below[i]).scaled(pivots[i]))
			z[i] = right
			d[i] = right.plus(keep.times(d[i]))
		}
	}
}

// laplace sets the product, that of the negative Laplacian and the direction, and returns its own product with the direction.
func (p *Solver) laplace(width int) (along rgb) {
	for _, run := range p.runs {
		n := run.to - run.from
		d, q := p.direction[run.from-1:][:n+2], p.product[run.from:][:n]
		above, below := p.direction[run.from-width:][:n], p.direction[run.from+width:][:n]
		for i := range n {
			e := d[i+1].scaled(4).minus(d[i]).minus(above[i]).minus(d[i+2]).minus(below[i])
			q[i] = e
			along = along.plus(e.times(d[i+1]))
		}
	}
	return along
}

// sized returns a slice of n values, in the memory of s if it is large enough. Its contents are undefined.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
