package region

import (
	"image"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// A part is one region of a face, spanned by landmarks (0-based).
type part struct {
	name   string
	mirror int
	points []int // nil for all
}

// parts are regions that are polygons of landmarks. Two of them are neighbours when they share a landmark.
type parts struct {
	style outline
	lift  bool // eyebrows move up the forehead
	list  []part
}

// The hull strategies, as in the official code.
var (
	whole = parts{list: []part{{"face", 0, nil}}}

	dfl = parts{list: []part{
		{"jaw", 0, slices.Concat(run(0, 16), run(48, 67))},
		{"eyes", 1, slices.Concat(run(17, 26), []int{0, 27, 16, 33})},
		{"nose ridge", 2, slices.Concat(run(27, 30), []int{33})},
	}}

	components = parts{list: facial}

	extended = parts{lift: true, list: facial}

	// Left and right are those of the image.
	facial = []part{
		{"left jaw", 1, slices.Concat(run(0, 8), []int{17})},
		{"right jaw", 0, slices.Concat(run(8, 16), []int{26})},
		{"left cheek", 3, slices.Concat(run(17, 19), []int{8})},
		{"right cheek", 2, slices.Concat(run(24, 26), []int{8})},
		{"ridge", 4, slices.Concat(run(19, 24), []int{8})},
		{"left eye", 6, slices.Concat(run(17, 21), []int{27}, run(31, 35), []int{8})},
		{"right eye", 5, slices.Concat(run(22, 26), []int{27}, run(31, 35), []int{8})},
		{"nose", 7, run(27, 35)},
	}
)

// Faces returns the hull strategies whose regions together are outlines of a whole face ([Union]): the hull of all
// landmarks, then "dfl", "components" and "extended". Self-blending chooses among them in this order.
func Faces() []Regions { return []Regions{whole, dfl, components, extended} }

// Components returns the strategy "components", eight parts of a face.
func Components() Regions { return components }

// run is the landmarks from first to last.
func run(first, last int) []int {
	var points []int
	for i := first; i <= last; i++ {
		points = append(points, i)
	}
	return points
}

func (p parts) Len() int          { return len(p.list) }
func (p parts) Name(i int) string { return p.list[i].name }
func (p parts) Mirror(i int) int  { return p.list[i].mirror }

func (p parts) Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask {
	var room, chosen, corners [96]image.Point
	points := pixels(room[:0], landmarks)
	if points == nil {
		return Mask{}
	}
	if p.lift {
		liftEyebrows(points)
	}
	polygon := points
	if indices := p.list[i].points; indices != nil {
		polygon = chosen[:0]
		for _, index := range indices {
			polygon = append(polygon, points[index])
		}
	}
	if p.style == convexOutline {
		polygon = hull(corners[:0], polygon)
	}
	return fill(polygon, bounds, p.style)
}

func (p parts) Distances(metric string) ([][]int, error) {
	return paths(p.Len(), metric, func(i, j int) bool {
		return slices.ContainsFunc(p.list[i].points, func(index int) bool {
			return slices.Contains(p.list[j].points, index)
		})
	})
}

// liftEyebrows moves each point of an eyebrow away from the eye by half its distance to a point of the eye's upper
// line: the eye's four upper points, before which comes a point a quarter of the way from the eye to the jaw.
func liftEyebrows(points []image.Point) {
	left := half(points[36].Add(half(points[36].Add(points[0]))))
	right := half(points[45].Add(half(points[16].Add(points[45]))))
	eyes := [10]image.Point{
		left, points[36], points[37], points[38], points[39],
		points[42], points[43], points[44], points[45], right,
	}
	for i, eye := range eyes {
		brow := &points[17+i]
		*brow = brow.Add(half(brow.Sub(eye)))
	}
}

// half rounds down, also below zero, as the official code does.
func half(p image.Point) image.Point { return image.Pt(p.X>>1, p.Y>>1) }
