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

// onBackends runs test on XLA CPU and on the pure Go backend, in float32 and float64. Compiling for XLA
// takes the time of these tests, so -short leaves its float64, which nothing trains in, out.
func onBackends(t *testing.T, test func(t *testing.T, b compute.Backend, p precision)) {
	for _, p := range []precision{single, double} {
		t.Run("PureGo/"+p.dtype.String(), func(t *testing.T) { test(t, acceltest.PureGo(t), p) })
		t.Run("XLA/"+p.dtype.String(), func(t *testing.T) {
			if p == double && testing.Short() {
				t.Skip("XLA in float64 is left out by -short")
			}
			test(t, acceltest.ForTest(t), p)
		})
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

// job is a loss and what it is evaluated on.
type job struct {
	f Func
	batch
}

// evaluate runs the losses and their gradients. It builds one graph of all jobs, which compiles
// faster than one for each.
func evaluate(t testing.TB, backend compute.Backend, dtype dtypes.DType, jobs ...job) []evaluation {
	t.Helper()
	var args []any
	for _, j := range jobs {
		args = append(args, matrixTensor(dtype, j.rows), labelTensor(j.labels), matrixTensor(dtype, j.prototypes))
	}
	out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
		var out []*graph.Node
		for i, j := range jobs {
			rows, labels, prototypes := in[3*i], in[3*i+1], in[3*i+2]
			z := rows
			if j.normalise {
				z = graph.L2Normalize(rows, -1)
			}
			mean, perAnchor := j.f(z, labels, prototypes)
			mean.AssertScalar()
			perAnchor.AssertRank(1)
			out = append(out, mean, perAnchor)
			out = append(out, graph.Gradient(mean, z, rows)...)
		}
		return out
	}, args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	results := make([]evaluation, len(jobs))
	for i, j := range jobs {
		d := len(j.rows[0])
		results[i] = evaluation{flat(out[4*i])[0], flat(out[4*i+1]), unflatten(flat(out[4*i+2]), d), unflatten(flat(out[4*i+3]), d)}
	}
	return results
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
