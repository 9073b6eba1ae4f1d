package loss

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestGuidanceMatrixErrors(t *testing.T) {
	square := func(d float64) [][]float64 { return [][]float64{{0, d}, {d, 0}} }
	for name, c := range map[string]struct {
		distance [][]float64
		mirror   []int
	}{
		"empty":            {nil, nil},
		"mirror length":    {square(1), []int{0}},
		"mirror range":     {square(1), []int{0, 2}},
		"mirror negative":  {square(1), []int{-1, 1}},
		"mirror one way":   {square(1), []int{1, 1}},
		"ragged":           {[][]float64{{0, 1}, {1}}, []int{0, 1}},
		"zero distance":    {square(0), []int{0, 1}},
		"negative":         {square(-1), []int{0, 1}},
		"infinite":         {square(math.Inf(1)), []int{0, 1}},
		"NaN":              {square(math.NaN()), []int{0, 1}},
		"not symmetric":    {[][]float64{{0, 1}, {2, 0}}, []int{0, 1}},
		"hidden by mirror": {[][]float64{{0, 1}, {2, 0}}, []int{1, 0}},
	} {
		if g, err := GuidanceMatrixFrom(c.distance, c.mirror); err == nil || !strings.HasPrefix(err.Error(), "loss: ") {
			t.Errorf("%s: %v, error %v, want an error of this package", name, g, err)
		}
	}
	for _, c := range []struct {
		rows, cols int
		distance   Distance
	}{{0, 4, Manhattan}, {4, -1, Manhattan}, {2, 2, "euclidean"}, {2, 2, ""}} {
		if g, err := GuidanceMatrix(c.rows, c.cols, c.distance); err == nil {
			t.Errorf("GuidanceMatrix(%d, %d, %q) = %v, want an error", c.rows, c.cols, c.distance, g)
		}
	}
}

// Regions that are no grid: jaw and nose on the axis, two eyes that mirror each other.
func TestGuidanceMatrixFrom(t *testing.T) {
	distance := [][]float64{
		{9, 1, 2, 2},
		{1, 9, 1, 1},
		{2, 1, 9, 3},
		{2, 1, 3, 9},
	}
	got, err := GuidanceMatrixFrom(distance, []int{0, 1, 3, 2})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float64{
		{0.25, 1, 2, 2},
		{1, 0.25, 1, 1},
		{2, 1, 0.25, 0.5},
		{2, 1, 0.5, 0.25},
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("row %d: %v, want %v", i, got[i], want[i])
		}
	}
	if distance[2][3] != 3 {
		t.Error("the distances were changed")
	}
}
