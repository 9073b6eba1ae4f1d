package hypersphere

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
)

func project(t *testing.T, v Projection, z []float64) []float64 {
	t.Helper()
	point, shown, err := v.Point(z)
	if err != nil {
		t.Fatal(err)
	}
	if n := floats.Norm(point[:], 2); math.Abs(n-1) > 1e-12 || shown <= 0 || shown > 1 {
		t.Fatalf("point %v has length %g, shown %g", point, n, shown)
	}
	return point[:]
}

func angle(t *testing.T, a, b []float64) float64 {
	t.Helper()
	got, err := geodesic(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestProjectionIsOrthogonal(t *testing.T) {
	for _, shape := range [][2]int{{2, 1}, {2, 2}, {2, 3}, {2, 9}, {3, 2}, {3, 5}, {4, 3}, {4, 40}, {5, 4}, {8, 7}, {32, 31}, {32, 128}, {50, 128}} {
		k, d := shape[0], shape[1]
		p, err := Simplex(k, d, 3)
		if err != nil {
			t.Fatal(err)
		}
		v := p.Projection()
		for i := range 3 {
			for j := range 3 {
				want := 0.0
				if i == j && i < d {
					want = 1
				}
				if got := floats.Dot(v.basis[i], v.basis[j]); math.Abs(got-want) > 1e-13 {
					t.Errorf("K=%d, d=%d: directions %d and %d have product %g, want %g", k, d, i, j, got, want)
				}
			}
		}
	}
}

// Where three dimensions hold everything, angles must come out as they were.
func TestProjectionExact(t *testing.T) {
	for _, shape := range [][2]int{{2, 1}, {2, 2}, {3, 2}, {2, 3}, {3, 3}, {4, 3}} {
		p, err := Simplex(shape[0], shape[1], 7)
		if err != nil {
			t.Fatal(err)
		}
		v := p.Projection()
		z := append(gaussian(5, 20, shape[1]), p.At(0), p.At(1))
		for i := range z {
			for j := range i {
				got, want := angle(t, project(t, v, z[i]), project(t, v, z[j])), angle(t, z[i], z[j])
				if math.Abs(got-want) > 1e-12 {
					t.Fatalf("K=%d, d=%d: angle %.12f, want %.12f", shape[0], shape[1], got, want)
				}
			}
		}
	}
	for _, k := range []int{2, 3, 4} {
		p, err := Simplex(k, 64, 7)
		if err != nil {
			t.Fatal(err)
		}
		v := p.Projection()
		for i := range k {
			for j := range i {
				got := angle(t, project(t, v, p.At(i)), project(t, v, p.At(j)))
				if want := math.Acos(-1 / float64(k-1)); math.Abs(got-want) > 1e-7 {
					t.Errorf("K=%d in 64 dimensions: angle of prototypes %.9f, want %.9f", k, got, want)
				}
			}
		}
	}
}

// Many prototypes must be told apart: all the same share of their length shown, and no two nearer
// than 0.75 of Fejes Tóth's upper bound for any packing.
func TestProjectionSpreadsPrototypes(t *testing.T) {
	for _, k := range []int{5, 6, 7, 8, 9, 10, 12, 15, 18, 32, 50, 98, 162, 200} {
		p, err := Simplex(k, k+3, 1)
		if err != nil {
			t.Fatal(err)
		}
		v := p.Projection()
		least, most, nearest := math.Inf(1), 0.0, math.Pi
		for i := range k {
			_, shown, err := v.Point(p.At(i))
			if err != nil {
				t.Fatal(err)
			}
			least, most = min(least, shown), max(most, shown)
			for j := range i {
				nearest = min(nearest, angle(t, project(t, v, p.At(i)), project(t, v, p.At(j))))
			}
		}
		omega := math.Pi * float64(k) / (6 * (float64(k) - 2))
		bound := math.Acos((1/math.Tan(omega)/math.Tan(omega) - 1) / 2)
		t.Logf("K=%d: shown %.6f to %.6f, nearest pair %.3f of bound %.3f", k, least, most, nearest, bound)
		if nearest < 0.75*bound {
			t.Errorf("K=%d: nearest pair at %.3f, want ≥ 0.75 × %.3f", k, nearest, bound)
		}
		// A spherical 2-design exists for every K but 5.
		if k != 5 && most-least > 1e-9 {
			t.Errorf("K=%d: shown share from %.12f to %.12f, want equal", k, least, most)
		}
		if want := math.Sqrt(3 / float64(k-1)); k != 5 && math.Abs(most-want) > 1e-9 {
			t.Errorf("K=%d: shown share %.12f, want √(3/(K−1)) = %.12f", k, most, want)
		}
	}
}

func TestProjectionDoesNotDependOnRotation(t *testing.T) {
	a, err := Simplex(32, 128, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Simplex(32, 40, 2)
	if err != nil {
		t.Fatal(err)
	}
	va, vb := a.Projection(), b.Projection()
	for k := range 32 {
		if got, want := project(t, va, a.At(k)), project(t, vb, b.At(k)); !floats.EqualApprox(got, want, 1e-9) {
			t.Fatalf("prototype %d appears at %v and %v", k, got, want)
		}
	}
}

func TestProjectionOfHiddenVector(t *testing.T) {
	p, err := regularFrame(4, 5) // occupies the last three axes
	if err != nil {
		t.Fatal(err)
	}
	point, shown, err := p.Projection().Point([]float64{0, 2, 0, 0, 0})
	if err != nil || point != [3]float64{} || shown != 0 {
		t.Errorf("point %v, shown %g, error %v; want the zero vector", point, shown, err)
	}
}
