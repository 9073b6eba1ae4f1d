package hypersphere_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/hypersphere"
)

// Scattered points have unit length, their mean is near 0, and no coordinate has more of their length than another.
func TestScatter(t *testing.T) {
	const n, d = 4000, 5
	points, err := hypersphere.Scatter(n, d, 3)
	if err != nil {
		t.Fatal(err)
	}
	mean, square := make([]float64, d), make([]float64, d)
	for _, z := range points {
		if length := floats.Norm(z, 2); math.Abs(length-1) > 1e-12 {
			t.Fatalf("length %g, want 1", length)
		}
		for a, x := range z {
			mean[a] += x / n
			square[a] += x * x / n
		}
	}
	for a := range d {
		// Standard deviations: 1/√(dn) = 0.007 of a mean, and at most 0.0045 of a mean square.
		if math.Abs(mean[a]) > 0.03 || math.Abs(square[a]-1.0/d) > 0.02 {
			t.Errorf("coordinate %d: mean %g, mean square %g; want about 0 and %g", a, mean[a], square[a], 1.0/d)
		}
	}
	again, err := hypersphere.Scatter(2, d, 3)
	if err != nil || !floats.Equal(again[1], points[1]) {
		t.Errorf("point 1 of another number of points: %v, %v; want %v", again, err, points[1])
	}
	if _, err := hypersphere.Scatter(0, 3, 1); err == nil {
		t.Error("no error for no points")
	}
}

func TestAround(t *testing.T) {
	p, err := hypersphere.Simplex(6, 9, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, angle := range []float64{0, 0.3, 2, math.Pi} {
		points, err := p.Around(4, 300, angle, 1)
		if err != nil {
			t.Fatal(err)
		}
		mean := make([]float64, 9)
		for _, z := range points {
			got, err := p.Geodesic(z, 4)
			if err != nil || math.Abs(got-angle) > 1e-7 {
				t.Fatalf("angle %g, %v; want %g", got, err, angle)
			}
			floats.AddScaled(mean, 1.0/300, z)
		}
		// The directions cancel out; what is left lies along the prototype.
		floats.AddScaled(mean, -math.Cos(angle), p.At(4))
		if left := floats.Norm(mean, 2); left > 0.2 {
			t.Errorf("angle %g: mean direction %g, want about 0", angle, left)
		}
	}
	for _, bad := range []float64{-0.1, 4, math.NaN()} {
		if _, err := p.Around(0, 1, bad, 1); err == nil {
			t.Errorf("no error for angle %g", bad)
		}
	}
	if _, err := p.Around(6, 1, 0.1, 1); err == nil {
		t.Error("no error for prototype 6 of 6")
	}
}

func TestLeastAngle(t *testing.T) {
	points := [][]float64{{2, 0}, {0, 1}, {-1, 1}}
	if got, err := hypersphere.LeastAngle(points); err != nil || math.Abs(got-math.Pi/4) > 1e-12 {
		t.Errorf("%g, %v; want π/4", got, err)
	}
	p, err := hypersphere.Simplex(7, 6, 1)
	if err != nil {
		t.Fatal(err)
	}
	var corners [][]float64
	for k := range p.K() {
		corners = append(corners, p.At(k))
	}
	if got, err := hypersphere.LeastAngle(corners); err != nil || math.Abs(got-math.Acos(-1.0/6)) > 1e-9 {
		t.Errorf("simplex of 7: %g, %v; want %g", got, err, math.Acos(-1.0/6))
	}
	if _, err := hypersphere.LeastAngle(points[:1]); err == nil {
		t.Error("no error for one point")
	}
}
