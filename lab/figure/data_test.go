package figure

import (
	"image"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

func TestFaceOrder(t *testing.T) {
	regions, err := discrepancy.NewRegions(spec.Default().Discrepancy) // 4×4
	if err != nil {
		t.Fatal(err)
	}
	blank, landmarks := Template(128)
	masks := make([]discrepancy.Mask, regions.Len())
	for i := range masks {
		masks[i] = regions.Mask(i, landmarks, blank.Rect)
	}
	var want []int
	for i := range 16 {
		want = append(want, i, 16+i)
	}
	if got := FaceOrder(masks, 2, 33); !slices.Equal(got, append(slices.Clone(want), 32)) {
		t.Errorf("order %v, want the official grid row by row, types side by side, then the class without a region", got)
	}
	// Numbered in another way they come in the same places; the whole face comes last.
	box := func(x, y, side int) discrepancy.Mask { return discrepancy.Mask{Rect: image.Rect(x, y, x+side, y+side)} }
	shuffled := []discrepancy.Mask{box(20, 20, 10), box(0, 0, 30), box(0, 20, 10), box(0, 1, 10), box(20, 0, 10)}
	if got := FaceOrder(shuffled, 1, 5); !slices.Equal(got, []int{3, 4, 2, 0, 1}) {
		t.Errorf("order %v, want [3 4 2 0 1]", got)
	}
}

func TestMatrixOrder(t *testing.T) {
	m := Matrix{Values: [][]float64{{0, 0.1, 0.2}, {0.3, 0.4, 0.5}, {0.6, 0.7, 0.8}}, Order: []int{2, 0, 1}}
	values, classes := m.ordered()
	if want := [][]float64{{0.8, 0.6, 0.7}, {0.2, 0, 0.1}, {0.5, 0.3, 0.4}}; !reflect.DeepEqual(values, want) || !slices.Equal(classes, m.Order) {
		t.Errorf("values %v of classes %v, want %v", values, classes, want)
	}
}

// Points of a plane are mapped without loss, whatever the plane.
func TestPCAOfAPlane(t *testing.T) {
	prototypes, err := hypersphere.Simplex(3, 6, 5) // three corners span a plane
	if err != nil {
		t.Fatal(err)
	}
	rng := stream.New(1, "pca")
	var z [][]float64
	var labels []int
	for i := range 40 {
		v := make([]float64, 6)
		a, b := rng.NormFloat64(), rng.NormFloat64()
		for j := range v {
			v[j] = a*prototypes.At(0)[j] + b*prototypes.At(1)[j]
		}
		z, labels = append(z, v), append(labels, i%3)
	}
	m, err := PCA("x", prototypes, z, labels)
	if err != nil {
		t.Fatal(err)
	}
	distance := func(a, b []float64) (d float64) {
		for i := range a {
			d = math.Hypot(d, a[i]-b[i])
		}
		return d
	}
	for i := range z {
		p := m.Points[i]
		if got, want := distance(p.At[:], m.Points[0].At[:]), distance(z[i], z[0]); math.Abs(got-want) > 1e-9 {
			t.Errorf("embedding %d is %g from the first one, want %g", i, got, want)
		}
		if got, want := distance(p.At[:], m.Prototypes[2][:]), distance(z[i], prototypes.At(2)); math.Abs(got-want) > 1e-9 {
			t.Errorf("embedding %d is %g from prototype 2, want %g", i, got, want)
		}
	}
	if !strings.Contains(m.X+m.Y, "first principal component") {
		t.Errorf("axes %q, %q", m.X, m.Y)
	}
}

func TestAnglesAreExact(t *testing.T) {
	const k, d = 9, 20
	prototypes, err := hypersphere.Simplex(k, d, 2)
	if err != nil {
		t.Fatal(err)
	}
	// The embedding on a prototype, and one that leans towards another by 70 of the degrees between them.
	between := math.Acos(-1. / (k - 1))
	lean := 70 * math.Pi / 180
	z := make([]float64, d)
	for i := range z {
		z[i] = (math.Sin(between-lean)*prototypes.At(4)[i] + math.Sin(lean)*prototypes.At(6)[i]) / math.Sin(between)
	}
	m, err := Angles("x", prototypes, [][]float64{prototypes.At(1), z}, []int{1, 4})
	if err != nil {
		t.Fatal(err)
	}
	degrees := between * 180 / math.Pi
	for i, want := range [][2]float64{{0, degrees}, {70, degrees - 70}} {
		if got := m.Points[i].At; math.Hypot(got[0]-want[0], got[1]-want[1]) > 1e-6 {
			t.Errorf("embedding %d lies at %g, want %g", i, got, want)
		}
	}
	if !strings.Contains(m.Title, "50 % nearest") {
		t.Errorf("title %q, want half nearest to their own", m.Title)
	}
}

func TestEstimate(t *testing.T) {
	for want, e := range map[string]Estimate{
		"0.750 [0.60, 0.90]": {0.75, 0.6, 0.9, "n"}, "0.750": {Value: 0.75}, "not measured": {Value: math.NaN()},
		"0.500": {0.5, math.NaN(), math.NaN(), ""},
	} {
		if e.String() != want || e.check() != nil {
			t.Errorf("%v is %q with error %v, want %q", []any{e.Value, e.Low, e.High}, e, e.check(), want)
		}
	}
	for _, e := range []Estimate{{Value: math.Inf(1)}, {0.5, 0.6, 0.9, ""}} {
		if e.check() == nil {
			t.Errorf("%v passes", []any{e.Value, e.Low, e.High})
		}
	}
}
