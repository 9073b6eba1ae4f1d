package explore

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/spec"
)

// four is a spec of four classes in three dimensions.
func four(loss string, lambda float64) spec.Spec {
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols, s.Discrepancy.Types = 2, 2, []string{"spatial"}
	s.Encoder.Dim = 3
	s.Loss.Name, s.Loss.Lambda, s.Loss.Temperature = loss, lambda, 0.5
	return s
}

// goEnv is for small graphs, which Go computes itself.
func goEnv(t *testing.T) *env.Env {
	t.Helper()
	e := env.New(t.TempDir())
	e.Backend.Backend, e.Backend.PureGo = "go", true
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Free embeddings fall to their prototypes, on the sphere all the way, and the loss falls with every step.
func TestDescend(t *testing.T) {
	e := goEnv(t)
	z, err := hypersphere.Scatter(12, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]int, len(z))
	for i := range labels {
		labels[i] = i % 4
	}
	d, err := Descend(t.Context(), e, four("ce", 0), z, labels, 0.3, 60)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Path) != 61 || len(d.Loss) != 61 || len(d.Pull) != 12 {
		t.Fatalf("%d rows, %d losses, %d pulls; want 61, 61, 12", len(d.Path), len(d.Loss), len(d.Pull))
	}
	for step := 1; step < len(d.Loss); step++ {
		if d.Loss[step] > d.Loss[step-1]+1e-6 {
			t.Errorf("step %d: the loss rises from %g to %g", step, d.Loss[step-1], d.Loss[step])
		}
	}
	for i, at := range d.Path[60] {
		if length := floats.Norm(at, 2); math.Abs(length-1) > 1e-9 {
			t.Errorf("embedding %d ends with length %g, want 1", i, length)
		}
		if k, angle, err := d.Prototypes.Nearest(at); err != nil || k != labels[i] || angle > 0.2 {
			t.Errorf("embedding %d of class %d ends %g from prototype %d, %v; want its own", i, labels[i], angle, k, err)
		}
	}
	s, err := d.Sphere("ways")
	if err != nil || len(s.Points) != 61*12 || s.Points[12].Class != 0 || s.Points[13].Class != 1 {
		t.Errorf("sphere with %d points, %v; want %d in the order of the path", len(s.Points), err, 61*12)
	}
}

// The pull is the length of the gradient along the sphere: that of 1 − cosine is G times the sine of the angle.
func TestPullOfGuidance(t *testing.T) {
	e := goEnv(t)
	p, err := hypersphere.Simplex(4, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Near prototype k, while cell 0 is true: G of a 2 × 2 grid is 1/4 for itself, 1/2 for its mirror image, 1 below, 2 across.
	want := []float64{0.25, 0.5, 1, 2}
	var z [][]float64
	for k := range 4 {
		around, err := p.Around(k, 1, 0.2, 5)
		if err != nil {
			t.Fatal(err)
		}
		z = append(z, around...)
	}
	labels := []int{0, 0, 0, 0}
	without, err := Descend(t.Context(), e, four("triplet", 0), z, labels, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Without its margin the triplet loss is silent near the own prototype, so there guidance pulls alone.
	if without.Pull[0] > 1e-6 {
		t.Fatalf("the triplet loss pulls %g near the own prototype, want 0", without.Pull[0])
	}
	with, err := Descend(t.Context(), e, four("triplet", 10), z, labels, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 4 {
		angle, err := p.Geodesic(z[k], 0)
		if err != nil {
			t.Fatal(err)
		}
		// Elsewhere the triplet loss adds what it pulls without guidance, at most.
		if got, pure := with.Pull[k], 10*want[k]*math.Sin(angle); math.Abs(got-pure) > without.Pull[k]+1e-4 {
			t.Errorf("taken for cell %d: pull %g, want %g within %g", k, got, pure, without.Pull[k])
		}
	}
}

func TestDescendRefuses(t *testing.T) {
	e := goEnv(t)
	z := [][]float64{{1, 0, 0}, {0, 1, 0}}
	sbi := four("ce", 0)
	sbi.Method = "sbi"
	for name, c := range map[string]struct {
		s      spec.Spec
		z      [][]float64
		labels []int
		want   string
	}{
		"label":     {four("ce", 0), z, []int{0, 4}, "label in [0, 4)"},
		"dimension": {four("ce", 0), [][]float64{{1, 0}, {0, 1}}, []int{0, 1}, "3 coordinates"},
		"zero":      {four("ce", 0), [][]float64{{1, 0, 0}, {0, 0, 0}}, []int{0, 1}, "not all 0"},
		"number":    {four("ce", 0), z, []int{0}, "1 labels"},
		"method":    {sbi, z, []int{0, 1}, "no prototypes"},
	} {
		if _, err := Descend(t.Context(), e, c.s, c.z, c.labels, 1, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
