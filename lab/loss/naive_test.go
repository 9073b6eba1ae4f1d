package loss

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/stream"
)

// naive is a loss restated in float64, one anchor and one pair at a time.
type naive func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64)

func naiveBCR(o BCROptions) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64) {
		images := len(z) / max(o.Views, 1)
		for i := range z {
			if o.Contrast == ContrastOne && i >= images {
				break
			}
			logit := func(j int) float64 {
				if i == j {
					return dot(z[i], prototypes[labels[i]]) / o.Temperature
				}
				return dot(z[i], z[j]) / o.Temperature
			}
			denominator, numerator, positives := 0.0, 0.0, 0.0
			for j := range z {
				denominator += math.Exp(logit(j))
				positive := labels[i] == labels[j]
				if o.SimCLR {
					positive = i%images == j%images
				}
				if positive {
					numerator += logit(j)
					positives++
				}
			}
			l := math.Log(denominator) - numerator/positives
			if o.BaseTemperature != 0 {
				l *= o.Temperature / o.BaseTemperature
			}
			perAnchor = append(perAnchor, l)
		}
		return perAnchor
	}
}

func naiveSupCon(tau float64) naive {
	return func(z [][]float64, labels []int, _ [][]float64) (perAnchor []float64) {
		for i := range z {
			denominator := 0.0
			for a := range z {
				if a != i {
					denominator += math.Exp(dot(z[i], z[a]) / tau)
				}
			}
			sum := 0.0
			for p := range z {
				if p != i && labels[p] == labels[i] {
					sum -= math.Log(math.Exp(dot(z[i], z[p])/tau) / denominator)
				}
			}
			perAnchor = append(perAnchor, sum/max(others(labels, i), 1))
		}
		return perAnchor
	}
}

func others(labels []int, i int) (count float64) {
	for j := range labels {
		if j != i && labels[j] == labels[i] {
			count++
		}
	}
	return count
}

func naiveNTXent(tau float64) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64) {
		for i := range z {
			own := math.Exp(dot(z[i], prototypes[labels[i]]) / tau)
			denominator := own
			for a := range z {
				if a != i {
					denominator += math.Exp(dot(z[i], z[a]) / tau)
				}
			}
			perAnchor = append(perAnchor, -math.Log(own/denominator))
		}
		return perAnchor
	}
}

func naiveCrossEntropy(tau float64) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64) {
		for i := range z {
			denominator := 0.0
			for _, p := range prototypes {
				denominator += math.Exp(dot(z[i], p) / tau)
			}
			perAnchor = append(perAnchor, -math.Log(math.Exp(dot(z[i], prototypes[labels[i]])/tau)/denominator))
		}
		return perAnchor
	}
}

func naiveSlide(v SlideVariant, tau float64) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64) {
		perAnchor = naiveSupCon(tau)(z, labels, prototypes)
		pull := naiveCrossEntropy(tau)(z, labels, prototypes)
		if v == S3 {
			pull = naiveNTXent(tau)(z, labels, prototypes)
		}
		for i := range perAnchor {
			if v == S2 {
				perAnchor[i] += pull[i]
			} else {
				perAnchor[i] += pull[i] / max(others(labels, i), 1)
			}
		}
		return perAnchor
	}
}

func naiveTriplet(margin float64) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perAnchor []float64) {
		for i := range z {
			worst := 0.0
			for k, p := range prototypes {
				if k != labels[i] {
					worst = max(worst, margin+dot(z[i], p)-dot(z[i], prototypes[labels[i]]))
				}
			}
			perAnchor = append(perAnchor, worst)
		}
		return perAnchor
	}
}

func naiveGuidance(rows, cols int) naive {
	return func(z [][]float64, labels []int, prototypes [][]float64) (perSample []float64) {
		for i := range z {
			predicted := 0
			for k, p := range prototypes {
				if dot(z[i], p) > dot(z[i], prototypes[predicted]) {
					predicted = k
				}
			}
			r1, c1 := predicted%(rows*cols)/cols, predicted%(rows*cols)%cols
			r2, c2 := labels[i]%(rows*cols)/cols, labels[i]%(rows*cols)%cols
			weight := math.Abs(float64(r1-r2)) + math.Abs(float64(c1-c2))
			if r1 == r2 && c1 == cols-1-c2 {
				weight = 0.5
			}
			if r1 == r2 && c1 == c2 {
				weight = 0.25
			}
			perSample = append(perSample, weight*(1-dot(z[i], prototypes[labels[i]])))
		}
		return perSample
	}
}

// numericGradient is the central difference of the mean of l.
func numericGradient(l naive, b batch) [][]float64 {
	const h = 1e-5
	grad := scaled(b.rows, 0)
	z := scaled(b.rows, 1)
	for i := range z {
		for j := range z[i] {
			at := z[i][j]
			z[i][j] = at + h
			above := mean(l(z, b.labels, b.prototypes))
			z[i][j] = at - h
			below := mean(l(z, b.labels, b.prototypes))
			z[i][j] = at
			grad[i][j] = (above - below) / (2 * h)
		}
	}
	return grad
}

// randomBatch has N = 24 unit embeddings of d = 16 and K = 8 unit prototypes; class 7 has one row.
func randomBatch(r *rand.Rand) batch {
	b := batch{rows: randomUnit(r, 24, 16), labels: make([]int, 24), prototypes: randomUnit(r, 8, 16)}
	for i := range b.labels {
		b.labels[i] = r.IntN(7)
	}
	b.labels[r.IntN(24)] = 7
	return b
}

type restated struct {
	name  string
	f     Func
	naive naive
}

func restatements(t testing.TB) []restated {
	byName := func(name string, c Config) Func {
		f, err := ByName(name, c)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var all []restated
	for _, o := range []BCROptions{
		{Temperature: 0.07},
		{Temperature: 0.5, BaseTemperature: 0.07, Views: 2, Contrast: ContrastOne},
		{Temperature: 0.2, Views: 3, SimCLR: true},
	} {
		all = append(all, restated{"bcr", byName("bcr", Config{BCROptions: o}), naiveBCR(o)})
	}
	c := DefaultConfig()
	c.Temperature = 0.1
	for name, l := range map[string]naive{
		"supcon": naiveSupCon(0.1), "ntxent": naiveNTXent(0.1), "ce": naiveCrossEntropy(0.1),
		"slide-s1": naiveSlide(S1, 0.1), "slide-s2": naiveSlide(S2, 0.1), "slide-s3": naiveSlide(S3, 0.1),
		"triplet": naiveTriplet(c.Margin),
	} {
		all = append(all, restated{name, byName(name, c), l})
	}
	g, err := GuidanceMatrix(2, 2, Manhattan)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, restated{"guidance", guided(g), naiveGuidance(2, 2)})
}

func TestNaive(t *testing.T) {
	all := restatements(t)
	b := randomBatch(stream.New(1, "naive"))
	var jobs []job
	gradients := make([][][]float64, len(all))
	for i, r := range all {
		jobs = append(jobs, job{r.f, b})
		gradients[i] = numericGradient(r.naive, b)
	}
	onBackends(t, func(t *testing.T, backend compute.Backend, p precision) {
		for i, got := range evaluate(t, backend, p.dtype, jobs...) {
			want := all[i].naive(b.rows, b.labels, b.prototypes)
			near(t, all[i].name+" per anchor", got.perAnchor, want, p.tolerance, 0)
			near(t, all[i].name+" mean", []float64{got.mean}, []float64{mean(want)}, p.tolerance, 0)
			nearMatrix(t, all[i].name+" gradient", got.gradZ, gradients[i], p.tolerance, 0)
		}
	})
}

// The order of the rows is not to matter: the mean and each row's loss and gradient stay.
func TestPermutation(t *testing.T) {
	r := stream.New(2, "permutation")
	b := randomBatch(r)
	order := r.Perm(len(b.rows))
	shuffled := batch{prototypes: b.prototypes}
	for _, i := range order {
		shuffled.rows = append(shuffled.rows, b.rows[i])
		shuffled.labels = append(shuffled.labels, b.labels[i])
	}
	g, err := GuidanceMatrix(2, 2, Chebyshev)
	if err != nil {
		t.Fatal(err)
	}
	losses := []Func{guided(g)}
	for _, name := range Names() {
		f, err := ByName(name, DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, f)
	}
	var jobs []job
	for _, f := range losses {
		jobs = append(jobs, job{f, b}, job{f, shuffled})
	}
	e := evaluate(t, acceltest.PureGo(t), double.dtype, jobs...)
	for l := range losses {
		name := append([]string{"guidance"}, Names()...)[l]
		was, is := e[2*l], e[2*l+1]
		near(t, name+" mean", []float64{is.mean}, []float64{was.mean}, 1e-12, 0)
		for to, from := range order {
			near(t, name+" per anchor", is.perAnchor[to:to+1], was.perAnchor[from:from+1], 1e-12, 1)
			near(t, name+" gradient", is.gradZ[to], was.gradZ[from], 1e-12, 1)
		}
	}
}

// A temperature of 0.005 puts logits at ±200, beyond float32's exponential: no loss or gradient may
// become infinite or NaN, even with equal embeddings and an anchor alone in its class.
func TestSmallTemperature(t *testing.T) {
	b := randomBatch(stream.New(3, "small temperature"))
	copy(b.rows[1], b.rows[0])
	c := DefaultConfig()
	c.Temperature = 0.005
	var jobs []job
	for _, name := range Names() {
		f, err := ByName(name, c)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job{f, b})
	}
	for name, open := range map[string]func(testing.TB) compute.Backend{"XLA": acceltest.ForTest, "PureGo": acceltest.PureGo} {
		t.Run(name, func(t *testing.T) {
			for i, e := range evaluate(t, open(t), single.dtype, jobs...) {
				for _, v := range append(append(concat(e.gradZ), e.perAnchor...), e.mean) {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%s: %v", Names()[i], v)
						break
					}
				}
			}
		})
	}
}

// The choice of the nearest prototype passes no gradient to the embeddings.
func TestPredictHasNoGradient(t *testing.T) {
	out, err := graph.CallOnce(acceltest.PureGo(t), func(z, prototypes *graph.Node) *graph.Node {
		class := graph.ConvertDType(Predict(z, prototypes), z.DType())
		return graph.Gradient(graph.Add(graph.ReduceAllSum(class), graph.ReduceAllSum(z)), z)[0]
	}, matrixTensor(double.dtype, simplex(3)), matrixTensor(double.dtype, simplex(3)))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "gradient", flat(out), []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 0)
}
