package face

import (
	"image"
	"math"
	"testing"
)

func TestMarginsAround(t *testing.T) {
	box := Box{X0: 100, Y0: 200, X1: 140, Y1: 260}
	for _, c := range []struct {
		name    string
		margins Margins
		want    image.Rectangle
	}{
		// The products of c0 and c1 in the table of spec section 1.3, times 40 and 60.
		{"detector, wide", WideMargins, image.Rect(60, 170, 180, 290)},
		{"detector, test", Margins{Left: 0.125, Top: 0.125, Right: 0.125, Bottom: 0.125}, image.Rect(95, 193, 145, 268)},
		{"landmarks, wide", Margins{Left: 0.5, Top: 1, Right: 0.5, Bottom: 0.4}, image.Rect(80, 140, 160, 284)},
		{"landmarks, test", Margins{Left: 0.0625, Top: 0.25, Right: 0.0625, Bottom: 0.1}, image.Rect(98, 185, 143, 266)},
		{"none", Margins{}, image.Rect(100, 200, 140, 260)},
	} {
		if got := c.margins.Around(box); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBox(t *testing.T) {
	a := Box{0, 0, 4, 2}
	for _, c := range []struct {
		b    Box
		want float64
	}{
		{a, 1},
		{Box{2, 0, 6, 2}, 1.0 / 3},
		{Box{4, 0, 6, 2}, 0},
		{Box{1, 1, 2, 2}, 1.0 / 8},
		{Box{3, 3, 1, 1}, 0}, // inside out
	} {
		if got := a.Overlap(c.b); math.Abs(got-c.want) > 1e-12 || got != c.b.Overlap(a) {
			t.Errorf("%v and %v overlap by %v and %v, want %v", a, c.b, got, c.b.Overlap(a), c.want)
		}
	}
	if got, want := Bounds([]Point{{3, 5}, {1, 7}, {2, 2}}), (Box{1, 2, 4, 8}); got != want {
		t.Errorf("bounds %v, want %v", got, want)
	}
	if got := Bounds(nil); got.Area() != 0 {
		t.Errorf("bounds of nothing: %v", got)
	}
}
