package curves

import (
	"io"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/figure"
)

func TestHistogramBins(t *testing.T) {
	// 26 scores make 5 bins of width 2 from 0 to 10.
	h := Histogram{Real: []float64{0, 1.9, 2, 10}, Fake: slices.Repeat([]float64{9}, 22)}
	edges, reals, fakes, err := h.bins()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2][]float64{
		"edges": {edges, {0, 2, 4, 6, 8, 10}},
		"real":  {reals, {50, 25, 0, 0, 25}},
		"fake":  {fakes, {0, 0, 0, 0, 100}},
	} {
		if len(c[0]) != len(c[1]) {
			t.Fatalf("%s: got %v, want %v", name, c[0], c[1])
		}
		for i := range c[0] {
			if math.Abs(c[0][i]-c[1][i]) > 1e-9 {
				t.Errorf("%s: got %v, want %v", name, c[0], c[1])
				break
			}
		}
	}
	for _, h := range []Histogram{
		{Real: []float64{3}, Fake: []float64{3}},
		{Real: []float64{-1e300}, Fake: []float64{1e300, 0}},
		{Real: []float64{1}, Fake: []float64{math.Nextafter(1, 2)}},
	} {
		_, reals, fakes, err := h.bins()
		if err != nil {
			t.Fatal(err)
		}
		for _, shares := range [][]float64{reals, fakes} {
			sum := 0.0
			for _, s := range shares {
				sum += s
			}
			if math.Abs(sum-100) > 1e-9 {
				t.Errorf("%v: shares %v add up to %g", h, shares, sum)
			}
		}
		if err := figure.SVG(io.Discard, h); err != nil { // comes to an end
			t.Error(err)
		}
	}
}
