package face

import (
	"cmp"
	"slices"
)

// Hull returns the corners of the convex hull of points, clockwise as seen in a picture (y points down), from
// the leftmost point on. Points on its sides are left out. The hull of points on one line is its two ends, that of equal
// points is one point. Points must be finite.
func Hull(points []Point) []Point {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y))
	})
	sorted = slices.Compact(sorted)
	if len(sorted) < 3 {
		return sorted
	}
	// Andrew's monotone chain: the lower side from left to right, then the upper one back.
	hull := make([]Point, 0, 2*len(sorted))
	chain := func(base int, p Point) {
		for len(hull) >= base+2 && turn(hull[len(hull)-2], hull[len(hull)-1], p) <= 0 {
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, p)
	}
	for _, p := range sorted {
		chain(0, p)
	}
	base := len(hull) - 1
	for _, p := range slices.Backward(sorted[:len(sorted)-1]) {
		chain(base, p)
	}
	return hull[:len(hull)-1]
}

// turn is twice the signed area of the triangle a, b, c.
func turn(a, b, c Point) float64 {
	return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X)
}

// Area is the area of a polygon without self-crossings, in square pixels; less than three corners have none.
func Area(polygon []Point) float64 {
	var doubled float64
	for i := 2; i < len(polygon); i++ {
		doubled += turn(polygon[0], polygon[i-1], polygon[i])
	}
	return max(doubled, -doubled) / 2
}
