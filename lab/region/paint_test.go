package region

import (
	"image"
	"math"
	"slices"
	"testing"
)

// Where regions overlap, weights say whose value counts how much; what no region holds, and a region without a value, has none.
func TestPaint(t *testing.T) {
	nan := math.NaN()
	regions := []Mask{
		{image.Rect(1, 0, 3, 1), []float32{1, 0.25}},
		{image.Rect(2, 0, 6, 1), []float32{0.75, 1, 1, 1}}, // the last pixel is outside of the image
		{image.Rect(4, 0, 5, 1), []float32{1}},
	}
	value, weight := Paint(image.Rect(0, 0, 5, 1), regions, []float64{8, 4, nan})
	want, wantWeight := []float64{nan, 8, 5, 4, 4}, []float64{0, 1, 1, 1, 1}
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	if !slices.EqualFunc(value, want, same) || !slices.Equal(weight, wantWeight) {
		t.Errorf("%v, weights %v; want %v and %v", value, weight, want, wantWeight)
	}
	// Middles of cells are at 1 and 3 of 4 pixels, so pixels 0.5 … 3.5 are 0 (the cell itself), 1/4, 3/4 and 1 of the way.
	value, weight = Stretch(image.Rect(0, 0, 4, 4), 2, []float64{0, 8, 0, nan})
	if row := value[:4]; !slices.Equal(row, []float64{0, 2, 6, 8}) {
		t.Errorf("first row %v, want 0 2 6 8", row)
	}
	if !math.IsNaN(value[15]) || weight[15] != 0 || value[12] != 0 {
		t.Errorf("last row %v, weights %v; want 0 at the left and nothing at the right", value[12:], weight[12:])
	}
}
