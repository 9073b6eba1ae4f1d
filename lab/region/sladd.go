package region

import (
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// sladd is the four parts of SLADD: both eyes, the nose and the mouth, each a stroke between two landmarks that is
// dilated in proportion to its length. Neighbours are the eyes with each other, and the nose with all others: these
// overlap on a usual face.
type sladd struct{}

const (
	sladdLeft = iota
	sladdRight
	sladdNose
	sladdMouth
	sladdParts
)

func (sladd) Len() int { return sladdParts }

func (sladd) Name(i int) string {
	return [...]string{"left eye", "right eye", "nose", "mouth"}[i]
}

func (sladd) Mirror(i int) int {
	return [...]int{sladdRight, sladdLeft, sladdNose, sladdMouth}[i]
}

func (sladd) Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask {
	var room [96]image.Point
	p := pixels(room[:0], landmarks)
	if p == nil {
		return Mask{}
	}
	switch i {
	case sladdLeft, sladdRight:
		a, b := p[36], p[39]
		if i == sladdRight {
			a, b = p[42], p[45]
		}
		return stroke(a, b, 4*int(length(b.Sub(a))/4), bounds)
	case sladdNose:
		// Twice the eyes' centres, so that nothing is rounded before the middle between them.
		left, right := p[36].Add(p[39]), p[42].Add(p[45])
		middle := left.Add(right)
		return stroke(p[33], image.Pt(middle.X/4, middle.Y/4), int(length(right.Sub(left))/2/4), bounds)
	}
	return stroke(p[48], p[54], int(length(p[54].Sub(p[48]))/3), bounds)
}

func (s sladd) Distances(metric string) ([][]int, error) {
	return paths(s.Len(), metric, func(i, j int) bool {
		return i == sladdNose || i == sladdLeft && j == sladdRight
	})
}

func length(p image.Point) float64 { return math.Hypot(float64(p.X), float64(p.Y)) }

// stroke marks a line of thickness 2 from a to b, dilated radius times by the cross of a pixel and its four neighbours:
// all pixels within radius steps of the line.
func stroke(a, b image.Point, radius int, bounds image.Rectangle) Mask {
	box := image.Rectangle{Min: a, Max: b}.Canon()
	box.Max = box.Max.Add(image.Pt(1, 1))
	box = box.Inset(-radius - 1).Intersect(bounds)
	if box.Empty() {
		return Mask{}
	}
	m := Mask{Rect: box, Weight: make([]float32, box.Dx()*box.Dy())}
	m.draw(a, b)
	// Two sweeps, one from each corner, find the steps from every pixel to the line; the weights hold them meanwhile.
	width, i := box.Dx(), 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			steps := float32(math.Inf(1))
			if m.Weight[i] == 1 {
				steps = 0
			}
			if x > box.Min.X {
				steps = min(steps, m.Weight[i-1]+1)
			}
			if y > box.Min.Y {
				steps = min(steps, m.Weight[i-width]+1)
			}
			m.Weight[i] = steps
			i++
		}
	}
	for y := box.Max.Y - 1; y >= box.Min.Y; y-- {
		for x := box.Max.X - 1; x >= box.Min.X; x-- {
			i--
			if x < box.Max.X-1 {
				m.Weight[i] = min(m.Weight[i], m.Weight[i+1]+1)
			}
			if y < box.Max.Y-1 {
				m.Weight[i] = min(m.Weight[i], m.Weight[i+width]+1)
			}
		}
	}
	for i, steps := range m.Weight {
		m.Weight[i] = 0
		if steps <= float32(radius) {
			m.Weight[i] = 1
		}
	}
	return m.trim()
}

// draw marks a line of thickness 2 with round ends as OpenCV does: the sides of the rectangle that reaches one pixel to
// either hand of it, its middle, and a cross at either end.
func (m *Mask) draw(a, b image.Point) {
	if d := b.Sub(a); d != (image.Point{}) {
		x, y := float64(d.Y)/length(d), -float64(d.X)/length(d)
		ax, ay, bx, by := float64(a.X), float64(a.Y), float64(b.X), float64(b.Y)
		corners := [4]face.Point{{X: ax + x, Y: ay + y}, {X: ax - x, Y: ay - y}, {X: bx - x, Y: by - y}, {X: bx + x, Y: by + y}}
		for i, corner := range corners {
			m.side(corner, corners[(i+1)%4])
		}
		m.line(a, b, convexOutline)
	}
	for _, end := range [2]image.Point{a, b} {
		for _, step := range [5]image.Point{{}, {X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
			m.mark(end.Add(step))
		}
	}
}

// side marks the pixels of a line between points that lie between pixels, one for each pixel of its longer axis. The
// shorter coordinate is not corrected when the longer one is rounded to its first pixel, as in OpenCV.
func (m *Mask) side(p, q face.Point) {
	dx, dy := q.X-p.X, q.Y-p.Y
	upright := math.Abs(dx) <= math.Abs(dy)
	if upright && dy < 0 || !upright && dx < 0 {
		p, q = q, p
	}
	m.mark(pixel(q))
	first := pixel(p)
	if upright {
		for i := range int(q.Y-p.Y) + 1 {
			m.mark(image.Pt(pixel(face.Point{X: p.X + float64(i)*dx/dy}).X, first.Y+i))
		}
		return
	}
	for i := range int(q.X-p.X) + 1 {
		m.mark(image.Pt(first.X+i, pixel(face.Point{Y: p.Y + float64(i)*dy/dx}).Y))
	}
}

// forgeries is what SLADD forges, in the numbering of its code: parts of a face, alone and together, and a bar from eye to eye.
type forgeries struct{}

// Forgeries returns the ten places that SLADD forges, which are no division of a face: they overlap.
func Forgeries() Regions { return forgeries{} }

// sladdBar stands for the bar among the parts of a forgery.
const sladdBar = sladdParts

var forgedParts = [...][]int{
	{sladdLeft}, {sladdRight}, {sladdBar}, {sladdNose}, {sladdMouth}, {sladdNose, sladdLeft}, {sladdNose, sladdRight},
	{sladdNose, sladdBar}, {sladdNose, sladdMouth}, {sladdBar, sladdNose, sladdMouth},
}

func (forgeries) Len() int { return len(forgedParts) }

func (forgeries) Name(i int) string {
	return [...]string{
		"left eye", "right eye", "bar over both eyes", "nose", "mouth", "nose and left eye", "nose and right eye",
		"nose and bar", "nose and mouth", "bar, nose and mouth",
	}[i]
}

func (forgeries) Mirror(i int) int { return [...]int{1, 0, 2, 3, 4, 6, 5, 7, 8, 9}[i] }

func (forgeries) Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask {
	var masks []Mask
	for _, part := range forgedParts[i] {
		if part == sladdBar {
			masks = append(masks, bar(landmarks, bounds))
		} else {
			masks = append(masks, sladd{}.Mask(part, landmarks, bounds))
		}
	}
	return join(masks)
}

// Distances counts places as neighbours that share a part.
func (f forgeries) Distances(metric string) ([][]int, error) {
	return paths(f.Len(), metric, func(i, j int) bool {
		return slices.ContainsFunc(forgedParts[i], func(part int) bool { return slices.Contains(forgedParts[j], part) })
	})
}

// bar is a line between the centres of the eyes, dilated by a quarter of its length.
func bar(landmarks []face.Point, bounds image.Rectangle) Mask {
	var room [96]image.Point
	p := pixels(room[:0], landmarks)
	if p == nil {
		return Mask{}
	}
	left, right := p[36].Add(p[39]).Div(2), p[42].Add(p[45]).Div(2)
	return stroke(left, right, int(length(right.Sub(left))/4), bounds)
}
