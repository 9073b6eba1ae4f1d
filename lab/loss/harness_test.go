package loss

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
)

// precision is a dtype and the error allowed in it, those of the method specification, section 4.6.
type precision struct {
	dtype     dtypes.DType
	tolerance float64
}

var (
	single = precision{dtypes.Float32, 2e-4}
	double = precision{dtypes.Float64, 1e-6}
)

// onBackends runs test on XLA CPU and on the pure Go backend, in float32 and float64.
func onBackends(t *testing.T, test func(t *testing.T, b compute.Backend, p precision)) {
	for name, open := range map[string]func(testing.TB) compute.Backend{"XLA": acceltest.ForTest, "PureGo": acceltest.PureGo} {
		for _, p := range []precision{single, double} {
			t.Run(name+"/"+p.dtype.String(), func(t *testing.T) { test(t, open(t), p) })
		}
	}
}

type batch struct {
	rows       [][]float64 // embeddings, before normalisation if normalise is set
	labels     []int
	prototypes [][]float64
	normalise  bool
}

type evaluation struct {
	mean      float64
	perAnchor []float64
	gradZ     [][]float64 // of the mean, with respect to the loss's input
	gradRows  [][]float64 // of the mean, with respect to rows
}

// evaluate runs f and its gradients on b.
func evaluate(t testing.TB, backend compute.Backend, dtype dtypes.DType, f Func, b batch) evaluation {
	t.Helper()
	out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
		rows, labels, prototypes := in[0], in[1], in[2]
		z := rows
		if b.normalise {
			z = graph.L2Normalize(rows, -1)
		}
		mean, perAnchor := f(z, labels, prototypes)
		mean.AssertScalar()
		perAnchor.AssertRank(1)
		return append([]*graph.Node{mean, perAnchor}, graph.Gradient(mean, z, rows)...)
	}, matrixTensor(dtype, b.rows), labelTensor(b.labels), matrixTensor(dtype, b.prototypes))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	d := len(b.rows[0])
	return evaluation{flat(out[0])[0], flat(out[1]), unflatten(flat(out[2]), d), unflatten(flat(out[3]), d)}
}

func matrixTensor(dtype dtypes.DType, m [][]float64) *tensors.Tensor {
	var values []float64
	for _, row := range m {
		values = append(values, row...)
	}
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, len(m), len(m[0]))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, len(m), len(m[0]))
}

func labelTensor(labels []int) *tensors.Tensor {
	narrow := make([]int32, len(labels))
	for i, l := range labels {
		narrow[i] = int32(l)
	}
	return tensors.FromFlatDataAndDimensions(narrow, len(narrow))
}

func flat(t *tensors.Tensor) []float64 {
	if t.DType() == dtypes.Float64 {
		return tensors.MustCopyFlatData[float64](t)
	}
	var wide []float64
	for _, v := range tensors.MustCopyFlatData[float32](t) {
		wide = append(wide, float64(v))
	}
	return wide
}

func unflatten(v []float64, d int) [][]float64 {
	var m [][]float64
	for ; len(v) > 0; v = v[d:] {
		m = append(m, v[:d])
	}
	return m
}

// near fails unless got and want agree to tolerance, relative to the largest number of want. floor is
// the least magnitude that the comparison is relative to: gradients that cancel have none of their own.
func near(t testing.TB, what string, got, want []float64, tolerance, floor float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	scale := floor
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*scale) {
			t.Errorf("%s[%d] = %v, want %v (difference %.2g of %.3g, allowed %.2g)", what, i, got[i], want[i], math.Abs(got[i]-want[i])/scale, scale, tolerance)
			return
		}
	}
}

func nearMatrix(t testing.TB, what string, got, want [][]float64, tolerance, floor float64) {
	t.Helper()
	near(t, what, concat(got), concat(want), tolerance, floor)
}

func concat(m [][]float64) []float64 {
	var all []float64
	for _, row := range m {
		all = append(all, row...)
	}
	return all
}

func scaled(m [][]float64, by float64) [][]float64 {
	out := make([][]float64, len(m))
	for i, row := range m {
		for _, v := range row {
			out[i] = append(out[i], by*v)
		}
	}
	return out
}

func golden(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func randomUnit(r *rand.Rand, n, d int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, d)
		norm := 0.0
		for j := range m[i] {
			m[i][j] = r.NormFloat64()
			norm += m[i][j] * m[i][j]
		}
		for j := range m[i] {
			m[i][j] /= math.Sqrt(norm)
		}
	}
	return m
}

// simplex returns k unit vectors in R^k with pairwise cosines -1/(k-1): the centred, normalised axes.
func simplex(k int) [][]float64 {
	p := make([][]float64, k)
	norm := math.Sqrt(1 - 1/float64(k))
	for i := range p {
		p[i] = make([]float64, k)
		for j := range p[i] {
			p[i][j] = -1 / float64(k) / norm
		}
		p[i][i] += 1 / norm
	}
	return p
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
