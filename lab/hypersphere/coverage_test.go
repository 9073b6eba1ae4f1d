package hypersphere

import (
	"math"
	"testing"
)

func TestCoverage(t *testing.T) {
	const k, d = 8, 12
	p, err := Simplex(k, d, 2)
	if err != nil {
		t.Fatal(err)
	}
	on := func(classes ...int) [][]float64 {
		var z [][]float64
		for _, c := range classes {
			z = append(z, p.At(c))
		}
		return z
	}
	for _, c := range []struct {
		name                string
		embeddings          [][]float64
		entropy, uniformity float64
	}{
		{"one on each", on(0, 1, 2, 3, 4, 5, 6, 7), 1, -4 * k / (k - 1.)},
		{"collapsed", on(5, 5, 5, 5), 0, 0},
		{"two of eight", on(1, 2), 1. / 3, -4 * k / (k - 1.)},
		// Shares 3/4 and 1/4; three pairs coincide, three are at the simplex distance.
		{"uneven", on(0, 0, 0, 6), (0.75*math.Log(4./3) + 0.25*math.Log(4)) / math.Log(8), math.Log((3 + 3*math.Exp(-4*k/(k-1.))) / 6)},
	} {
		got, err := p.Cover(c.embeddings)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Entropy-c.entropy) > 1e-12 || math.Abs(got.Uniformity-c.uniformity) > 1e-12 || got.Angle != 0 {
			t.Errorf("%s: entropy %.12f, uniformity %.12f, angle %g; want %.12f, %.12f, 0",
				c.name, got.Entropy, got.Uniformity, got.Angle, c.entropy, c.uniformity)
		}
		total := 0
		for _, n := range got.Occupancy {
			total += n
		}
		if total != len(c.embeddings) || len(got.Occupancy) != k {
			t.Errorf("%s: occupancy %v of %d embeddings", c.name, got.Occupancy, len(c.embeddings))
		}
	}
}

func TestUniformityAgainstLoop(t *testing.T) {
	z := gaussian(8, 40, 6)
	for i := range z {
		for j := range z[i] {
			z[i][j] *= float64(i + 1) // lengths must not matter
		}
	}
	var sum float64
	for i := range z {
		for j := range z {
			if i == j {
				continue
			}
			angle, err := geodesic(z[i], z[j])
			if err != nil {
				t.Fatal(err)
			}
			chord := 2 * math.Sin(angle/2)
			sum += math.Exp(-2 * chord * chord)
		}
	}
	want := math.Log(sum / (40 * 39))
	got, err := uniformity(z)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("uniformity %.15f, want %.15f", got, want)
	}
	for _, few := range [][][]float64{nil, z[:1]} {
		if _, err := uniformity(few); err == nil {
			t.Errorf("uniformity of %d embeddings accepted", len(few))
		}
	}
}

func TestSphereUniformity(t *testing.T) {
	// Two points at ±1: the mean of exp(−2‖x−y‖²) is (1 + exp(−8))/2. On S² the cosine is uniform
	// on [−1, 1]: the mean is (1 − exp(−8))/8.
	for d, want := range map[int]float64{1: math.Log((1 + math.Exp(-8)) / 2), 3: math.Log((1 - math.Exp(-8)) / 8)} {
		if got := sphereUniformity(d); math.Abs(got-want) > 1e-14 {
			t.Errorf("d = %d: %.15f, want %.15f", d, got, want)
		}
	}
	for d, tolerance := range map[int]float64{2: 0.02, 16: 0.02, 128: 0.02} {
		got, err := uniformity(gaussian(6, 1000, d))
		if err != nil {
			t.Fatal(err)
		}
		if want := sphereUniformity(d); math.Abs(got-want) > tolerance {
			t.Errorf("d = %d: 1000 random embeddings have %.4f, want %.4f", d, got, want)
		}
	}
	if got := sphereUniformity(1 << 20); math.Abs(got+4) > 1e-4 {
		t.Errorf("large d: %.6f, want −4", got)
	}
	if !math.IsNaN(sphereUniformity(0)) {
		t.Error("d = 0 has a uniformity")
	}
}

// sphereUniformity returns the uniformity that infinitely many embeddings spread evenly over the
// unit sphere of R^d have, the smallest that is possible in that limit. It falls from −0.69 at
// d = 1 towards −4. It is NaN for d < 1.
func sphereUniformity(d int) float64 {
	if d < 1 {
		return math.NaN()
	}
	// The mean of exp(4·cos) over the sphere is the confluent series ₀F₁(; d/2; 4).
	sum, term := 1.0, 1.0
	for j := 0.0; term > sum*1e-17; j++ {
		term *= 4 / ((j + 1) * (float64(d)/2 + j))
		sum += term
	}
	return math.Log(sum) - 4
}

func BenchmarkUniformity(b *testing.B) {
	z := gaussian(1, 2000, 128)
	for b.Loop() {
		if _, err := uniformity(z); err != nil {
			b.Fatal(err)
		}
	}
}
