package region

import (
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// An outline says how OpenCV fills a polygon: by which rule its border is drawn, and how the slope of an edge is
// rounded. The filled area is that of all pixel centres between the edges, rounded, and of all border pixels.
type outline int

const (
	convexOutline  outline = iota // fillConvexPoly with a 4-connected border, as the official hulls
	polygonOutline                // fillPoly with its default, an 8-connected border, as the official mesh
)

// Hull marks the pixels of the convex hull of points, within bounds, as the hull strategies do; none if a point is not finite.
func Hull(points []face.Point, bounds image.Rectangle) Mask {
	var corners []image.Point
	for _, p := range points {
		if math.IsNaN(p.X-p.X) || math.IsNaN(p.Y-p.Y) {
			return Mask{}
		}
		corners = append(corners, pixel(p))
	}
	return fill(hull(nil, corners), bounds, convexOutline)
}

// fill marks the polygon's pixels that lie in clip, border included. A polygon of one or two corners is a point or a
// line.
func fill(polygon []image.Point, clip image.Rectangle, style outline) Mask {
	if len(polygon) == 0 {
		return Mask{}
	}
	box := image.Rectangle{Min: polygon[0], Max: polygon[0]}
	for _, p := range polygon {
		box.Min.X, box.Min.Y = min(box.Min.X, p.X), min(box.Min.Y, p.Y)
		box.Max.X, box.Max.Y = max(box.Max.X, p.X), max(box.Max.Y, p.Y)
	}
	box.Max = box.Max.Add(image.Pt(1, 1))
	box = box.Intersect(clip)
	if box.Empty() {
		return Mask{}
	}
	m := Mask{Rect: box, Weight: make([]float32, box.Dx()*box.Dy())}
	if len(polygon) > 2 || style == polygonOutline {
		for y := box.Min.Y; y < box.Max.Y; y++ {
			m.scan(y, polygon, style)
		}
	}
	last := polygon[len(polygon)-1]
	for _, p := range polygon {
		m.line(last, p, style)
		last = p
	}
	return m.trim()
}

// scan fills row y between the polygon's edges by the even-odd rule.
func (m *Mask) scan(y int, polygon []image.Point, style outline) {
	var room [32]int
	crossings := room[:0]
	a := polygon[len(polygon)-1]
	for _, b := range polygon {
		top, bottom := a, b
		a = b
		if top.Y > bottom.Y {
			top, bottom = bottom, top
		}
		// Half open, so that a corner between two edges counts once; the border covers the lowest row.
		if y < top.Y || y >= bottom.Y {
			continue
		}
		// 16 fractional bits and these roundings of the slope decide which side a pixel on the edge falls, as in OpenCV.
		dx, dy := (bottom.X-top.X)<<16, bottom.Y-top.Y
		slope := dx / dy
		if style == convexOutline {
			slope = (2*dx + dy) / (2 * dy)
		}
		crossings = append(crossings, top.X<<16+slope*(y-top.Y))
	}
	slices.Sort(crossings)
	row := m.Weight[(y-m.Rect.Min.Y)*m.Rect.Dx():][:m.Rect.Dx()]
	for ; len(crossings) >= 2; crossings = crossings[2:] {
		from := max((crossings[0]+1<<15)>>16-m.Rect.Min.X, 0)
		to := min((crossings[1]+1<<15)>>16-m.Rect.Min.X, len(row)-1)
		for x := from; x <= to; x++ {
			row[x] = 1
		}
	}
}

// line marks the pixels of a Bresenham line. It runs from left to right whatever the order of its ends.
func (m *Mask) line(a, b image.Point, style outline) {
	if a.X > b.X {
		a, b = b, a
	}
	if b.X < m.Rect.Min.X || a.X >= m.Rect.Max.X || max(a.Y, b.Y) < m.Rect.Min.Y || min(a.Y, b.Y) >= m.Rect.Max.Y {
		return
	}
	// Along the longer axis every step is one pixel; the error tells when the shorter one must follow.
	along, across := image.Pt(1, 0), image.Pt(0, 1)
	long, short := b.X-a.X, b.Y-a.Y
	if short < 0 {
		short, across = -short, image.Pt(0, -1)
	}
	if short > long {
		long, short, along, across = short, long, across, along
	}
	steps, err := long, long-2*short
	if style == convexOutline {
		steps, err = long+short, 0
	}
	for ; steps >= 0; steps-- {
		m.mark(a)
		follow := err < 0
		err -= 2 * short
		if follow {
			err += 2 * long
			a = a.Add(across)
		}
		switch {
		case style == convexOutline && follow: // a 4-connected line takes its two steps one after the other
			err += 2 * short
		default:
			a = a.Add(along)
		}
	}
}

func (m *Mask) mark(p image.Point) {
	if p.In(m.Rect) {
		m.Weight[(p.Y-m.Rect.Min.Y)*m.Rect.Dx()+p.X-m.Rect.Min.X] = 1
	}
}

// trim shrinks the mask to its non-zero pixels, in place.
func (m Mask) trim() Mask {
	width := m.Rect.Dx()
	tight := image.Rectangle{Min: m.Rect.Max, Max: m.Rect.Min}
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		row := m.Weight[(y-m.Rect.Min.Y)*width:][:width]
		first := slices.IndexFunc(row, positive)
		if first < 0 {
			continue
		}
		last := width - 1
		for row[last] == 0 {
			last--
		}
		tight.Min.X, tight.Max.X = min(tight.Min.X, m.Rect.Min.X+first), max(tight.Max.X, m.Rect.Min.X+last+1)
		tight.Min.Y, tight.Max.Y = min(tight.Min.Y, y), y+1
	}
	if tight.Empty() {
		return Mask{}
	}
	if tight == m.Rect {
		return m
	}
	kept := m.Weight[:0]
	for y := tight.Min.Y; y < tight.Max.Y; y++ {
		kept = append(kept, m.Weight[(y-m.Rect.Min.Y)*width+tight.Min.X-m.Rect.Min.X:][:tight.Dx()]...)
	}
	return Mask{Rect: tight, Weight: kept}
}

func positive(w float32) bool { return w > 0 }

// hull appends the convex hull of points to dst.
func hull(dst, points []image.Point) []image.Point {
	var room [96]face.Point
	corners := room[:0]
	for _, p := range points {
		corners = append(corners, face.Point{X: float64(p.X), Y: float64(p.Y)})
	}
	for _, p := range face.Hull(corners) {
		dst = append(dst, image.Pt(int(p.X), int(p.Y)))
	}
	return dst
}
