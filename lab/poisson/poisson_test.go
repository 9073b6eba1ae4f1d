package poisson

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/stream"
)

// dense solves the same equations by Gaussian elimination in float64.
func dense(t *testing.T, inside []bool, h [][3]float64, width int) (places []int, x [][3]float64) {
	t.Helper()
	number := map[int]int{}
	for at, in := range inside {
		if in {
			number[at] = len(places)
			places = append(places, at)
		}
	}
	n := len(places)
	a, b := mat.NewDense(n, n, nil), mat.NewDense(n, 3, nil)
	for i, at := range places {
		for _, q := range []int{at - 1, at + 1, at - width, at + width} {
			a.Set(i, i, a.At(i, i)+1)
			if j, ok := number[q]; ok {
				a.Set(i, j, -1)
			}
			for c := range 3 {
				b.Set(i, c, b.At(i, c)+h[at][c]-h[q][c])
			}
		}
	}
	var solved mat.Dense
	if err := solved.Solve(a, b); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		x = append(x, [3]float64{solved.At(i, 0), solved.At(i, 1), solved.At(i, 2)})
	}
	return places, x
}

// Conjugate gradients find what Gaussian elimination does, on masks of any form: with holes, of several parts, of single
// pixels; in memory that was used before.
func TestPoissonAgainstDense(t *testing.T) {
	var p Solver
	for trial := range 40 {
		rng := stream.New(1, "poisson", trial)
		width, height := 3+rng.IntN(24), 3+rng.IntN(24)
		share := []float64{0.1, 0.6, 0.9, 1}[trial%4]
		inside, h := make([]bool, width*height), make([][3]float64, width*height)
		any := false
		for at := range inside {
			x, y := at%width, at/width
			inside[at] = x > 0 && y > 0 && x < width-1 && y < height-1 && rng.Float64() < share
			any = any || inside[at]
			for c := range h[at] {
				h[at][c] = 255 * (2*rng.Float64() - 1)
			}
			h[at][2] = 7 // a channel in which nothing changes
		}
		at, got := p.Solve(inside, h, width)
		if !any {
			if len(got) != 0 {
				t.Errorf("trial %d: %d values of an empty mask", trial, len(got))
			}
			continue
		}
		places, want := dense(t, inside, h, width)
		if len(got) != len(want) {
			t.Fatalf("trial %d: %d values, want %d", trial, len(got), len(want))
		}
		for i := range want {
			for c := range 3 {
				if at[i] != places[i] || !(math.Abs(got[i][c]-want[i][c]) < 1e-3) {
					t.Fatalf("trial %d: channel %d at %d is %v, want %v at %d", trial, c, at[i], got[i][c], want[i][c], places[i])
				}
			}
		}
	}
}

// A smooth change over a wide mask, where conjugate gradients without a preconditioner need most steps, is found to a thirtieth of
// a level: a source that differs from the target by a harmonic function gives the target back.
func TestPoissonOfAWideMask(t *testing.T) {
	const width = 182
	inside, h := make([]bool, width*width), make([][3]float64, width*width)
	for at := range inside {
		x, y := float64(at%width), float64(at/width)
		inside[at] = math.Hypot(x-90, y-90) < 75
		h[at] = [3]float64{200, x*y/200 - 50, 80 * math.Sin(x/9)}
	}
	var p Solver
	places, got := p.Solve(inside, h, width)
	for i, at := range places {
		// Of a constant and of x·y the discrete Laplacian is 0.
		if math.Abs(got[i][0]) > 0.03 || math.Abs(got[i][1]) > 0.03 {
			t.Fatalf("%v at %d, want 0 and 0", got[i], at)
		}
	}
	x := make([]float64, len(inside))
	for i, at := range places {
		x[at] = got[i][2]
	}
	for _, at := range places {
		sum, want := 4*x[at], 4*h[at][2]
		for _, step := range []int{-1, -width, 1, width} {
			sum -= x[at+step]
			want -= h[at+step][2]
		}
		if !(math.Abs(sum-want) < 2*accuracy) {
			t.Fatalf("the Laplacian at %d is %v, want %v", at, sum, want)
		}
	}
}

// The clone of shared/spec/golden/xray.json (poisson_clone), before clipping: inside of the mask the Laplacian of the source, on
// its border the target.
func TestPoissonGolden(t *testing.T) {
	const width = 7
	target := []float64{
		178, 102, 121, 73, 102, 72, 108, 159, 196, 148, 98, 152, 148, 176, 135, 188, 118, 100, 133, 189, 161,
		129, 130, 151, 123, 137, 196, 191, 178, 78, 138, 111, 188, 104, 190, 93, 119, 194, 143, 191, 135, 92,
	}
	source := []float64{
		160, 133, 131, 79, 80, 190, 194, 195, 110, 66, 138, 163, 151, 67, 93, 159, 68, 179, 198, 95, 68,
		197, 167, 124, 127, 188, 110, 67, 146, 104, 155, 193, 110, 95, 67, 176, 71, 193, 159, 188, 174, 87,
	}
	want := map[int]float64{
		8: 92.975161309, 9: 62.742319039, 10: 146.02324321, 11: 181.958573631,
		15: 161.158326196, 16: 73.970871638, 17: 201.392080169, 18: 246.811051314,
		22: 144.687271836, 23: 126.590761149, 24: 153.763154514, 25: 247.893551457,
		30: 154.941746607, 31: 215.17622528,
	}
	inside, h := make([]bool, len(target)), make([][3]float64, len(target))
	for at := range target {
		_, inside[at] = want[at]
		for c := range h[at] {
			h[at][c] = source[at] - target[at]
		}
	}
	var p Solver
	places, got := p.Solve(inside, h, width)
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i, at := range places {
		if v := target[at] + got[i][0]; !(math.Abs(v-want[at]) < 1e-4) {
			t.Errorf("pixel %d is %v, want %v", at, v, want[at])
		}
	}
}
