package hypersphere

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/stream"
)

// goldens are the outputs of the official code (specification 4.6).
type goldens struct {
	Tolerance float64                `json:"tolerance"`
	Frames    map[string][][]float64 `json:"frames"`
	Rotated   []struct {
		N, K   int
		Noise  [][]float64
		V      [][]float64
		Points [][]float64
	} `json:"rotated"`
	Properties map[string]struct {
		K, N  int
		Dot   float64 `json:"expected_pairwise_dot"`
		Angle float64 `json:"pairwise_angle_deg"`
	} `json:"properties"`
}

func readGoldens(t *testing.T) goldens {
	t.Helper()
	data, err := os.ReadFile("testdata/prototypes.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Frames) != 5 || len(g.Rotated) != 2 || len(g.Properties) < 9 || g.Tolerance != 1e-12 {
		t.Fatalf("goldens hold %d frames, %d rotations and %d property rows at %g, want 5, 2, ≥ 9, 1e-12",
			len(g.Frames), len(g.Rotated), len(g.Properties), g.Tolerance)
	}
	return g
}

func flatten(rows [][]float64) []float64 {
	var flat []float64
	for _, row := range rows {
		flat = append(flat, row...)
	}
	return flat
}

func wantClose(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Fatalf("%s: value %d is %.15f, want %.15f", name, i, got[i], want[i])
		}
	}
}

func TestFrameGoldens(t *testing.T) {
	g := readGoldens(t)
	for name, rows := range g.Frames {
		p, err := regularFrame(len(rows), len(rows[0]))
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, name, p.rows, flatten(rows), g.Tolerance)
	}
}

func TestRotationGoldens(t *testing.T) {
	g := readGoldens(t)
	for _, r := range g.Rotated {
		q := dense(r.N, r.N)
		copy(q.Data, flatten(r.Noise))
		orthonormalize(q, false)
		wantClose(t, "Q", q.Data, flatten(r.V), g.Tolerance)

		frame, err := regularFrame(r.K, r.N)
		if err != nil {
			t.Fatal(err)
		}
		p, err := frame.rotated(flatten(r.Noise))
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, "points", p.rows, flatten(r.Points), g.Tolerance)
	}
}

// wantSimplex checks the three properties of specification 3.1 with loops of its own.
func wantSimplex(t *testing.T, p *Prototypes, tolerance float64) {
	t.Helper()
	for j := range p.Dim() {
		var sum float64
		for k := range p.K() {
			sum += p.At(k)[j]
		}
		if !(math.Abs(sum) <= tolerance) {
			t.Fatalf("(%d,%d): coordinate %d sums to %g, want 0", p.Dim(), p.K(), j, sum)
		}
	}
	for a := range p.K() {
		for b := range a + 1 {
			var dot float64
			for j := range p.Dim() {
				dot += p.At(a)[j] * p.At(b)[j]
			}
			want := -1 / float64(p.K()-1)
			if a == b {
				want = 1
			}
			if !(math.Abs(dot-want) <= tolerance) {
				t.Fatalf("(%d,%d): product of %d and %d is %.15f, want %.15f", p.Dim(), p.K(), a, b, dot, want)
			}
		}
	}
}

func TestSimplexIsRegular(t *testing.T) {
	shapes := [][2]int{{1, 2}, {2, 2}, {2, 3}, {3, 4}, {31, 32}, {49, 50}, {128, 50}, {128, 32}, {512, 32}, {512, 2}, {200, 201}}
	for _, row := range readGoldens(t).Properties {
		shapes = append(shapes, [2]int{row.N, row.K})
	}
	for _, shape := range shapes {
		d, k := shape[0], shape[1]
		frame, err := regularFrame(k, d)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Simplex(k, d, 11)
		if err != nil {
			t.Fatal(err)
		}
		if p.K() != k || p.Dim() != d {
			t.Fatalf("shape (%d,%d), want (%d,%d)", p.Dim(), p.K(), d, k)
		}
		wantSimplex(t, frame, 1e-12)
		wantSimplex(t, p, 1e-12)
	}
}

func TestPairwiseAngleGoldens(t *testing.T) {
	for name, row := range readGoldens(t).Properties {
		p, err := Simplex(row.K, row.N, 5)
		if err != nil {
			t.Fatal(err)
		}
		angle, err := p.Geodesic(p.At(0), row.K-1)
		if err != nil {
			t.Fatal(err)
		}
		if degrees := angle * 180 / math.Pi; math.Abs(degrees-row.Angle) > 1e-11 {
			t.Errorf("%s: angle %.13f°, want %.13f°", name, degrees, row.Angle)
		}
	}
}

func TestSeedDecides(t *testing.T) {
	draw := func(seed uint64) []float64 {
		p, err := Simplex(8, 16, seed)
		if err != nil {
			t.Fatal(err)
		}
		return p.rows
	}
	if !floats.Equal(draw(3), draw(3)) {
		t.Error("two draws with seed 3 differ")
	}
	if floats.EqualApprox(draw(3), draw(4), 1e-3) {
		t.Error("seeds 3 and 4 give the same prototypes")
	}
}

// Under the Haar measure a prototype is uniform on the sphere: each coordinate has mean 0,
// variance 1/d and kurtosis 3d/(d+2), and by Archimedes a coordinate in R^3 is uniform on [−1, 1].
// Without the sign fix of the QR the mean of a coordinate is far from 0.
func TestRotationIsHaar(t *testing.T) {
	const d, n = 3, 4000
	for _, shape := range [][2]int{{2, d}, {4, d}} { // K < d+1 and K = d+1 take different columns
		for coordinate := range d {
			var deciles [10]int
			var sum, square, fourth float64
			for seed := range uint64(n) {
				p, err := Simplex(shape[0], d, seed)
				if err != nil {
					t.Fatal(err)
				}
				x := p.At(0)[coordinate]
				sum, square, fourth = sum+x, square+x*x, fourth+x*x*x*x
				deciles[min(9, int((x+1)*5))]++
			}
			if mean := sum / n; math.Abs(mean) > 4*math.Sqrt(1./d/n) {
				t.Errorf("K=%d, coordinate %d: mean %.4f, want 0 within 4 standard errors", shape[0], coordinate, mean)
			}
			if v := square / n; math.Abs(v-1./3) > 4*math.Sqrt((1./5-1./9)/n) {
				t.Errorf("K=%d, coordinate %d: variance %.4f, want 1/3", shape[0], coordinate, v)
			}
			if v := fourth / n; math.Abs(v-1./5) > 4*math.Sqrt((1./9-1./25)/n) {
				t.Errorf("K=%d, coordinate %d: fourth moment %.4f, want 1/5", shape[0], coordinate, v)
			}
			var chi float64
			for _, count := range deciles {
				chi += (float64(count) - n/10) * (float64(count) - n/10) / (n / 10)
			}
			if chi > 33.7 { // 0.9999 quantile of χ² with 9 degrees of freedom
				t.Errorf("K=%d, coordinate %d: χ² of the deciles %.1f, want uniform on [−1, 1]", shape[0], coordinate, chi)
			}
		}
	}
}

// The joint distribution of two prototypes must not change when all draws are turned alike: their
// components along an axis and along a diagonal have the same mean product.
func TestRotationIsInvariant(t *testing.T) {
	const n = 4000
	var moments [2]float64
	for seed := range uint64(n) {
		p, err := Simplex(3, 4, seed)
		if err != nil {
			t.Fatal(err)
		}
		a, b := p.At(0), p.At(1)
		turned := func(z []float64) float64 { return (z[0] + z[1] + z[2] + z[3]) / 2 }
		moments[0] += a[0] * b[0] / n
		moments[1] += turned(a) * turned(b) / n
	}
	// The mean of a0·b0 is cos/d = −1/8; its variance is below 1/d.
	for i, m := range moments {
		if math.Abs(m+1./8) > 4*0.5/math.Sqrt(n) {
			t.Errorf("moment %d is %.4f, want −0.125", i, m)
		}
	}
}

func TestShapeErrors(t *testing.T) {
	for _, c := range []struct {
		k, d int
		want []string
	}{
		{33, 31, []string{"K = 33", "d = 31", "K ≤ d+1 = 32", "dimension to 32"}},
		{1, 8, []string{"K = 1", "at least 2"}},
		{0, 8, []string{"K = 0"}},
		{-4, 8, []string{"K = -4"}},
		{2, 0, []string{"d = 0"}},
		{2, -1, []string{"d = -1"}},
	} {
		_, simplexErr := Simplex(c.k, c.d, 1)
		_, frameErr := regularFrame(c.k, c.d)
		for _, err := range []error{simplexErr, frameErr} {
			if err == nil {
				t.Fatalf("K=%d, d=%d accepted", c.k, c.d)
			}
			for _, part := range append(c.want, "hypersphere: ") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("K=%d, d=%d: error %q lacks %q", c.k, c.d, err, part)
				}
			}
		}
	}
}

func TestRotatedErrors(t *testing.T) {
	frame, err := regularFrame(4, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := frame.rotated(make([]float64, 8)); err == nil {
		t.Error("noise of 8 values accepted for d = 3")
	}
	noise := []float64{1, 2, 3, 4, math.NaN(), 6, 7, 8, 10}
	if _, err := frame.rotated(noise); err == nil || !strings.Contains(err.Error(), "row 1, column 1") {
		t.Errorf("NaN noise: error %v, want its row and column", err)
	}
	if len(noise) != 9 || noise[0] != 1 || noise[8] != 10 {
		t.Error("Rotated wrote to its argument")
	}
}

func TestFlat32(t *testing.T) {
	p, err := Simplex(32, 128, 9)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range p.Flat32() {
		if math.Abs(float64(v)-p.rows[i]) > 1e-7 {
			t.Fatalf("value %d is %g, want %g", i, v, p.rows[i])
		}
	}
}

func gaussian(seed uint64, n, d int) [][]float64 {
	rng := stream.New(seed, "gaussian")
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, d)
		for j := range rows[i] {
			rows[i][j] = rng.NormFloat64()
		}
	}
	return rows
}

func TestGeodesic(t *testing.T) {
	// Vectors at known angles, of odd lengths; small ones are where an arc cosine fails.
	for _, angle := range []float64{0, 1e-9, 1e-4, 0.3, math.Pi / 2, 2, math.Pi - 1e-9, math.Pi} {
		a := []float64{3, 0, 0}
		b := []float64{0.2 * math.Cos(angle), 0, 0.2 * math.Sin(angle)}
		got, err := geodesic(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-angle) > 1e-15 {
			t.Errorf("angle %.17g, want %.17g", got, angle)
		}
	}
	for i, z := range gaussian(1, 50, 7) {
		other := gaussian(2, 50, 7)[i]
		got, err := geodesic(z, other)
		if err != nil {
			t.Fatal(err)
		}
		want := math.Acos(floats.Dot(z, other) / floats.Norm(z, 2) / floats.Norm(other, 2))
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("angle %.15f, want %.15f", got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	p, err := Simplex(10, 12, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range gaussian(3, 200, 12) {
		k, angle, err := p.Nearest(z)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.K() {
			other, err := p.Geodesic(z, i)
			if err != nil {
				t.Fatal(err)
			}
			if other < angle-1e-12 || (i == k && other != angle) {
				t.Fatalf("nearest is %d at %.6f, but %d is at %.6f", k, angle, i, other)
			}
		}
	}
	for k := range p.K() {
		if got, angle, _ := p.Nearest(p.At(k)); got != k || angle != 0 {
			t.Errorf("prototype %d is nearest to %d at angle %g", k, got, angle)
		}
	}
}

func TestVectorErrors(t *testing.T) {
	p, err := Simplex(4, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	good := []float64{1, 0, 0}
	for name, z := range map[string][]float64{
		"short": {1, 0},
		"long":  {1, 0, 0, 0},
		"empty": nil,
		"zero":  {0, 0, 0},
		"NaN":   {1, math.NaN(), 0},
		"Inf":   {1, math.Inf(1), 0},
	} {
		_, _, nearest := p.Nearest(z)
		_, ofPrototype := p.Geodesic(z, 0)
		_, first := geodesic(z, good)
		_, second := geodesic(good, z)
		_, _, point := p.Projection().Point(z)
		_, cover := p.Cover([][]float64{good, z})
		_, even := uniformity([][]float64{good, z})
		for i, err := range []error{nearest, ofPrototype, first, second, point, cover, even} {
			if err == nil || !strings.HasPrefix(err.Error(), "hypersphere: ") || strings.Count(err.Error(), "hypersphere") != 1 {
				t.Errorf("%s, call %d: error %v", name, i, err)
			}
		}
		if !strings.Contains(cover.Error(), "embedding 1") {
			t.Errorf("%s: Cover's error %q does not name the embedding", name, cover)
		}
	}
	for _, k := range []int{-1, 4} {
		if _, err := p.Geodesic(good, k); err == nil {
			t.Errorf("prototype %d accepted", k)
		}
	}
}

func BenchmarkSimplex(b *testing.B) {
	for b.Loop() {
		if _, err := Simplex(32, 512, 1); err != nil {
			b.Fatal(err)
		}
	}
}
