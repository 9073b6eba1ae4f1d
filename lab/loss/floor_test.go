package loss

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/stream"
)

func TestFloorValues(t *testing.T) {
	balanced := func(k, m int) []int {
		counts := make([]int, k)
		for i := range counts {
			counts[i] = m
		}
		return counts
	}
	for _, c := range []struct {
		counts      []int
		temperature float64
		want        float64
		rounding    float64
	}{
		{balanced(4, 2), 0.07, 0.6931471966, 1e-9}, // golden bcr.json, K_collapsed_on_prototypes
		{balanced(4, 2), 0.5, 0.8824860199245874, 1e-12},
		{balanced(32, 2), 0.07, 0.6931594, 5e-8}, // method specification, section 4.3
		{balanced(32, 1), 0.07, 1.2e-5, 5e-7},
	} {
		got, err := Floor(c.counts, c.temperature)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "floor", []float64{got}, []float64{c.want}, c.rounding, 1)
	}
	for name, c := range map[string]struct {
		counts      []int
		temperature float64
	}{
		"no classes": {nil, 1}, "one class": {[]int{3}, 1}, "no rows": {[]int{0, 0}, 1}, "negative": {[]int{1, -1}, 1},
		"temperature 0": {[]int{1, 1}, 0}, "NaN": {[]int{1, 1}, math.NaN()}, "infinite": {[]int{1, 1}, math.Inf(1)},
	} {
		if v, err := Floor(c.counts, c.temperature); err == nil {
			t.Errorf("%s: floor %v, want an error", name, v)
		}
	}
}

// The floor is the loss of embeddings on their prototypes, whatever the counts.
func TestFloorIsLossAtPrototypes(t *testing.T) {
	p := simplex(5)
	for _, counts := range [][]int{{3, 3, 3, 3, 3}, {1, 4, 0, 2, 1}, {0, 0, 6, 0, 0}} {
		var b batch
		b.prototypes = p
		for class, m := range counts {
			for range m {
				b.rows, b.labels = append(b.rows, p[class]), append(b.labels, class)
			}
		}
		for _, tau := range []float64{0.07, 0.5} {
			want := mean(naiveBCR(BCROptions{Temperature: tau})(b.rows, b.labels, p))
			got, err := Floor(counts, tau)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "floor", []float64{got}, []float64{want}, 1e-12, 1e-3)
		}
	}
}

// On the unit sphere BCR lies between the floor and log N + 2/τ.
func TestBounds(t *testing.T) {
	const k, m = 6, 3
	labels, counts := balancedLabels(k, m)
	for seed := range uint64(200) {
		r := stream.New(seed, "bounds")
		tau := math.Exp(r.Float64()*4 - 3) // 0.05 to 2.7
		z := randomUnit(r, k*m, k)
		if seed%2 == 1 { // near the prototypes, where the floor is tight
			for i := range z {
				for j := range z[i] {
					z[i][j] = 0.1*z[i][j] + simplex(k)[labels[i]][j]
				}
				norm := math.Sqrt(dot(z[i], z[i]))
				for j := range z[i] {
					z[i][j] /= norm
				}
			}
		}
		l := mean(naiveBCR(BCROptions{Temperature: tau})(z, labels, simplex(k)))
		floor, err := Floor(counts, tau)
		if err != nil {
			t.Fatal(err)
		}
		if ceiling := math.Log(k*m) + 2/tau; !(l >= floor-1e-12 && l <= ceiling) {
			t.Errorf("seed %d, τ %.3f: BCR %v outside [%v, %v]", seed, tau, l, floor, ceiling)
		}
	}
}

// Acceptance check 3 of the method specification: plain gradient descent on free embeddings reaches the
// floor of a balanced batch and never goes below it. With other batches it may go below, by at most
// (K-1)·exp(-1/τ).
func TestDescentReachesFloor(t *testing.T) {
	const k = 4
	balanced, even := balancedLabels(k, 2)
	skewed, counts := []int{0, 0, 0, 0, 0, 1, 1, 2}, []int{5, 2, 1, 0}
	for _, c := range []struct {
		name        string
		labels      []int
		counts      []int
		temperature float64
		tolerance   float64 // how near the descent must come from above
		below       float64 // how far it must get below
	}{
		{"balanced τ 0.5", balanced, even, 0.5, 1e-9, 0},
		{"balanced τ 0.07", balanced, even, 0.07, 5e-5, 0}, // flat: quartic in the angle to the prototype
		{"skewed τ 0.5", skewed, counts, 0.5, 0, 0.03},
		{"skewed τ 0.07", skewed, counts, 0.07, 5e-5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			floor, err := Floor(c.counts, c.temperature)
			if err != nil {
				t.Fatal(err)
			}
			reached, least := descend(t, c.labels, simplex(k), c.temperature)
			t.Logf("floor %.9f, reached %.9f", floor, reached)
			if reached > floor+c.tolerance-c.below {
				t.Errorf("descent reached %v, want %v", reached, floor-c.below)
			}
			bound := floor - 1e-12
			if !slices.Equal(c.counts, even) {
				bound -= (k - 1) * math.Exp(-1/c.temperature)
			}
			if least < bound {
				t.Errorf("descent went down to %v, want no less than %v", least, bound)
			}
		})
	}
}

// descend minimises BCR over free embeddings and returns the last and the least loss.
func descend(t *testing.T, labels []int, prototypes [][]float64, temperature float64) (last, least float64) {
	const steps = 600
	n, d := len(labels), len(prototypes[0])
	step, err := graph.NewExec(acceltest.PureGo(t), func(x, labels, prototypes *graph.Node) (next, loss *graph.Node) {
		loss, _ = BCR(graph.L2Normalize(x, -1), labels, prototypes, BCROptions{Temperature: temperature})
		rate := float64(n) * temperature
		return graph.L2Normalize(graph.Sub(x, graph.MulScalar(graph.Gradient(loss, x)[0], rate)), -1), loss
	})
	if err != nil {
		t.Fatal(err)
	}
	x := matrixTensor(double.dtype, randomUnit(stream.New(7, "descent"), n, d))
	l, p := labelTensor(labels), matrixTensor(double.dtype, prototypes)
	least = math.Inf(1)
	for range steps {
		var loss *tensors.Tensor
		if x, loss, err = step.Call2(x, l, p); err != nil {
			t.Fatal(err)
		}
		last = flat(loss)[0]
		least = min(least, last)
	}
	return last, least
}

func balancedLabels(k, m int) (labels, counts []int) {
	for class := range k {
		counts = append(counts, m)
		for range m {
			labels = append(labels, class)
		}
	}
	return labels, counts
}
