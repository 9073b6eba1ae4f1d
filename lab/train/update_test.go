package train

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
)

var backends = map[string]func(testing.TB) compute.Backend{"XLA": acceltest.ForTest, "PureGo": acceltest.PureGo}

// The model of these tests: a matrix W and a bias b under the loss x·(½ Σ a·W² + ⅓ Σ c·b³).
var (
	startW = []float32{1, -2, 0.5, 3, 0.25, -1.5}
	startB = []float32{0.7, -0.4, 1.2}
	weighA = []float32{0.3, 2, 1, 0.1, 5, 0.7}
	weighC = []float32{1, 0.5, 3}
)

// newUpdate returns one optimizer step of that model: (x, spike, rate) → gradient norm. spike is added to the loss
// without a gradient, and to a running average as BatchNorm has.
func newUpdate(t *testing.T, backend compute.Backend, train spec.Train) (*model.Store, *model.Exec) {
	t.Helper()
	store := model.NewStore()
	step, err := model.NewExec(backend, store, func(_ *model.Scope, x, spike, rate *Node) *Node {
		_, norm := optimizer{train: train}.update(store, rate, nil, func() objective { return objective{loss: updateLoss(store, x, spike)} })
		return norm
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(step.Finalize)
	return store, step
}

func updateLoss(store *model.Store, x, spike *Node) *Node {
	g, net := x.Graph(), store.Scope("/net")
	w := net.VariableWithValue("w", tensors.FromFlatDataAndDimensions(startW, 2, 3)).NodeValue(g)
	b := net.VariableWithValue("b", tensors.FromFlatDataAndDimensions(startB, 3)).NodeValue(g)
	frozen := net.VariableWithValue("frozen", float32(0.1)).SetTrainable(false).NodeValue(g)
	net.VariableWithValue("idle", float32(7)) // not in the graph
	average := net.VariableWithValue("average", float32(0)).SetTrainable(false)
	average.SetNodeValue(Add(MulScalar(average.NodeValue(g), 0.9), Add(x, spike)))

	loss := MulScalar(ReduceAllSum(Mul(Reshape(Const(g, weighA), 2, 3), Square(w))), 0.5)
	loss = Add(loss, MulScalar(ReduceAllSum(Mul(Const(g, weighC), Mul(Square(b), b))), 1./3))
	return Add(Mul(Mul(x, loss), MulScalar(frozen, 10)), StopGradient(spike))
}

func move(t *testing.T, step *model.Exec, x, spike, rate float64) (norm float64) {
	t.Helper()
	out, err := step.Exec(float32(x), float32(spike), float32(rate))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return float64(tensors.ToScalar[float32](out[0]))
}

func values(t *testing.T, store *model.Store) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			t.Fatal(err)
		}
		if all[v.Path()], err = tensors.CopyFlatData[float32](value); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// AdamW and SGD move as their textbook loops in float64 do: with and without clipping, with weight decay on the matrix
// alone, at rates that change, by the gradient where they are or, for SAM, at rho times the unit gradient from there. The
// average of the network follows, and BatchNorm's follow the first pass alone.
func TestUpdateMatchesTheLoop(t *testing.T) {
	const steps = 7
	for name, open := range backends {
		for _, train := range []spec.Train{
			{Optimizer: "adamw", WeightDecay: 0.1, Clip: 4},
			{Optimizer: "adamw"},
			{Optimizer: "sgd", Momentum: 0.9, WeightDecay: 0.1, Clip: 4},
			{Optimizer: "sgd", Clip: 0.5},
			{Optimizer: "sgd", Momentum: 0.9, SAM: 0.05},
			{Optimizer: "sgd", Momentum: 0.9, SAM: 1, WeightDecay: 0.1, Clip: 4, EMA: 0.7},
			{Optimizer: "adamw", SAM: 0.5, EMA: 0.999},
		} {
			t.Run(fmt.Sprintf("%s/%s/clip %v/sam %v/ema %v", name, train.Optimizer, train.Clip, train.SAM, train.EMA), func(t *testing.T) {
				store, step := newUpdate(t, open(t), train)
				w, b := wide(startW), wide(startB)
				first, second := make([]float64, 9), make([]float64, 9)
				clipped := 0
				statistic, averages, averageStatistic := 0.0, make([]float64, 9), 0.0
				for n := 1; n <= steps; n++ {
					x, rate := 1/float64(n), 0.1/math.Sqrt(float64(n))
					gradient, norm := updateGradient(x, w, b)
					if train.SAM > 0 {
						away := func(values []float64, from int) []float64 {
							moved := slices.Clone(values)
							for i := range moved {
								moved[i] += train.SAM * gradient[from+i] / norm
							}
							return moved
						}
						gradient, norm = updateGradient(x, away(w, 0), away(b, len(w)))
					}
					if train.Clip > 0 && norm > train.Clip {
						clipped++
						for i := range gradient {
							gradient[i] *= train.Clip / norm
						}
					}
					near(t, fmt.Sprint("gradient norm of step ", n), move(t, step, x, 0, rate), norm, 1e-4*norm)
					for i, g := range gradient {
						var direction float64
						if train.Optimizer == "adamw" {
							first[i] = 0.9*first[i] + 0.1*g
							second[i] = 0.999*second[i] + 0.001*g*g
							mean := first[i] / (1 - math.Pow(0.9, float64(n)))
							square := second[i] / (1 - math.Pow(0.999, float64(n)))
							direction = mean / (math.Sqrt(square) + 1e-8)
						} else {
							first[i] = train.Momentum*first[i] + g
							direction = first[i]
						}
						if i < len(w) {
							w[i] -= rate * (direction + train.WeightDecay*w[i])
						} else {
							b[i-len(w)] -= rate * direction
						}
					}
					got, want := values(t, store), append(slices.Clone(w), b...)
					for i, v := range append(got["/net/w"], got["/net/b"]...) {
						near(t, fmt.Sprintf("value %d after step %d", i, n), float64(v), want[i], 2e-5)
					}
					statistic = 0.9*statistic + x
					near(t, fmt.Sprint("the running average after step ", n), float64(got["/net/average"][0]), statistic, 1e-5)
					if _, kept := got["/average/net/w"]; kept != (train.EMA > 0) {
						t.Fatalf("there is an average: %t", kept)
					}
					if train.EMA == 0 {
						continue
					}
					share := max(1/float64(n), 1-train.EMA)
					for i, v := range append(got["/average/net/w"], got["/average/net/b"]...) {
						averages[i] += share * (want[i] - averages[i])
						near(t, fmt.Sprintf("average of value %d after step %d", i, n), float64(v), averages[i], 2e-5)
					}
					averageStatistic += share * (statistic - averageStatistic)
					near(t, "the averaged statistic", float64(got["/average/net/average"][0]), averageStatistic, 1e-5)
					for _, fixed := range []string{"frozen", "idle"} {
						near(t, "the average of "+fixed, float64(got["/average/net/"+fixed][0]), float64(got["/net/"+fixed][0]), 0)
					}
				}
				if train.Clip == 4 && (clipped == 0 || clipped == steps) {
					t.Errorf("%d of %d steps were clipped: the test shows one side only", clipped, steps)
				}
				got := values(t, store)
				near(t, "the frozen variable", float64(got["/net/frozen"][0]), float64(float32(0.1)), 0)
				near(t, "the variable out of use", float64(got["/net/idle"][0]), 7, 0)
			})
		}
	}
}

// updateGradient is that of updateLoss by w, then b, and its norm.
func updateGradient(x float64, w, b []float64) (gradient []float64, norm float64) {
	for i := range w {
		gradient = append(gradient, x*float64(weighA[i])*w[i])
	}
	for i := range b {
		gradient = append(gradient, x*float64(weighC[i])*b[i]*b[i])
	}
	for _, g := range gradient {
		norm += g * g
	}
	return gradient, math.Sqrt(norm)
}

func wide(v []float32) []float64 {
	var out []float64
	for _, x := range v {
		out = append(out, float64(x))
	}
	return out
}

// A step whose loss or gradient is not finite leaves every variable as it was, those of the optimizer and running
// averages too; the run goes on as if it had not been.
func TestUpdateIsIdleWhenNotFinite(t *testing.T) {
	for name, open := range backends {
		for _, train := range []spec.Train{{Optimizer: "adamw"}, {Optimizer: "sgd"}, {Optimizer: "adamw", SAM: 0.05, EMA: 0.9}} {
			t.Run(fmt.Sprintf("%s/%s/sam %v", name, train.Optimizer, train.SAM), func(t *testing.T) {
				train.Momentum, train.WeightDecay, train.Clip = 0.9, 0.1, 1
				store, step := newUpdate(t, open(t), train)
				undisturbed, other := newUpdate(t, open(t), train)
				for n := range 3 {
					move(t, step, 1, 0, 0.1)
					move(t, other, 1, 0, 0.1)
					before := values(t, store)
					if len(before) < 7 {
						t.Fatalf("only %d variables", len(before))
					}
					for what, spoiled := range map[string][2]float64{
						"infinite gradient": {math.Inf(1), 0}, "NaN": {math.NaN(), 0}, "gradient whose square overflows": {1e30, 0},
						"infinite loss": {1, math.Inf(1)}, "loss that is NaN": {1, math.NaN()},
					} {
						norm := move(t, step, spoiled[0], spoiled[1], 0.1)
						if finite(norm) != (spoiled[1] != 0) {
							t.Errorf("%s: gradient norm %v", what, norm)
						}
						after := values(t, store)
						for path, value := range before {
							if !slices.Equal(after[path], value) {
								t.Errorf("step %d, %s: %s went from %v to %v", n, what, path, value, after[path])
							}
						}
					}
				}
				want := values(t, undisturbed)
				for path, value := range values(t, store) {
					if !slices.Equal(value, want[path]) {
						t.Errorf("%s is %v, undisturbed %v", path, value, want[path])
					}
					if path == "/net/average" && value[0] == 0 || path == "/net/w" && slices.Equal(value, startW) {
						t.Errorf("%s never moved", path)
					}
				}
			})
		}
	}
}
