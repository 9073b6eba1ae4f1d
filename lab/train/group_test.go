package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// grouped is a method trained in groups.
type grouped struct {
	method.Method
	groups []method.Group
}

func (m grouped) Unwrap() method.Method  { return m.Method }
func (m grouped) Groups() []method.Group { return m.groups }

// The first group whose prefix fits has a variable; a part that is frozen is as if it were none of the network until the
// step in which it thaws: against textbook loops in float64, with either optimizer, weight decay, clipping, SAM and average.
func TestGroupsMatchTheLoop(t *testing.T) {
	const steps = 10
	parts := groups{
		{Prefix: "b/first/", Rate: 0.5}, {Prefix: "b/", Rate: 2, Frozen: 0.3}, {Prefix: "c", Rate: 1, Frozen: 0.45},
		{Prefix: "d/", Frozen: 1}, {Prefix: "b/second/", Rate: 100},
	}
	// By the path of a variable: the factor on its rate, and how many steps of ten leave it as it is.
	expected := map[string]struct {
		rate   float64
		frozen int
	}{
		"a/w": {1, 0}, "b/first/w": {0.5, 0}, "b/second/w": {2, 3}, "c": {1, 5}, "cc": {1, 5}, "d/w": {0, 10}, "bb/w": {1, 0},
	}
	paths := []string{"a/w", "b/first/w", "b/second/w", "c", "cc", "d/w", "bb/w"}
	for name, open := range backends {
		for _, train := range []spec.Train{
			{Optimizer: "adamw", WeightDecay: 0.1, EMA: 0.7}, {Optimizer: "sgd", Momentum: 0.9, WeightDecay: 0.1, Clip: 1.5, EMA: 0.5},
			{Optimizer: "sgd", Momentum: 0.9, SAM: 0.5}, {Optimizer: "adamw", SAM: 0.2, Clip: 1},
		} {
			t.Run(fmt.Sprintf("%s/%s/clip %v/sam %v", name, train.Optimizer, train.Clip, train.SAM), func(t *testing.T) {
				train.Steps = steps
				store := model.NewStore()
				step, err := model.NewExec(open(t), store, func(_ *model.Scope, x, rate, share *Node) *Node {
					g := x.Graph()
					_, norm := optimizer{train, parts}.update(store, rate, share, func() objective {
						loss := ScalarZero(g, floats)
						for i, path := range paths {
							at := strings.LastIndex("/"+path, "/")
							scope := store.Scope(network)
							if at > 0 {
								scope = store.Scope(network + "/" + path[:at-1])
							}
							v := scope.VariableWithValue(path[at:], tensors.FromFlatDataAndDimensions(startW, 2, 3)).NodeValue(g)
							cost := Mul(Mul(Reshape(Const(g, weighA), 2, 3), x), MulScalar(Square(v), 0.5+0.1*float64(i)))
							loss = Add(loss, ReduceAllSum(cost))
						}
						return objective{loss: loss}
					})
					return norm
				})
				if err != nil {
					t.Fatal(err)
				}
				defer step.Finalize()
				weights, first, second, averages := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
				for _, path := range paths {
					weights[path], first[path], second[path], averages[path] = wide(startW), make([]float64, 6), make([]float64, 6), make([]float64, 6)
				}
				// slopes are the gradients of what is awake, and their norm.
				slopes := func(n int, x float64, at map[string][]float64) (map[string][]float64, float64) {
					all, norm := map[string][]float64{}, 0.0
					for i, path := range paths {
						if n < expected[path].frozen {
							continue
						}
						for j, w := range at[path] {
							slope := float64(weighA[j]) * x * w * (1 + 0.2*float64(i))
							all[path] = append(all[path], slope)
							norm += slope * slope
						}
					}
					return all, math.Sqrt(norm)
				}
				for n := range steps {
					x, rate := 1/float64(n+1), 0.1/math.Sqrt(float64(n+1))
					out, err := step.Exec(float32(x), float32(rate), float64(n)/steps)
					if err != nil {
						t.Fatalf("%+v", err)
					}
					gradients, norm := slopes(n, x, weights)
					if train.SAM > 0 {
						moved := map[string][]float64{}
						for path, w := range weights {
							moved[path] = slices.Clone(w)
							for j, slope := range gradients[path] {
								moved[path][j] += train.SAM * slope / norm
							}
						}
						gradients, norm = slopes(n, x, moved)
					}
					near(t, fmt.Sprint("gradient norm of step ", n), float64(tensors.ToScalar[float32](out[0])), norm, 1e-4*norm)
					got := values(t, store)
					for _, path := range paths {
						for j, slope := range gradients[path] {
							if train.Clip > 0 && norm > train.Clip {
								slope *= train.Clip / norm
							}
							var direction float64
							if train.Optimizer == "adamw" {
								first[path][j] = 0.9*first[path][j] + 0.1*slope
								second[path][j] = 0.999*second[path][j] + 0.001*slope*slope
								made := float64(n + 1 - expected[path].frozen)
								direction = first[path][j] / (1 - math.Pow(0.9, made)) / (math.Sqrt(second[path][j]/(1-math.Pow(0.999, made))) + 1e-8)
							} else {
								first[path][j] = train.Momentum*first[path][j] + slope
								direction = first[path][j]
							}
							weights[path][j] -= rate * expected[path].rate * (direction + train.WeightDecay*weights[path][j])
						}
						for j, w := range weights[path] {
							averages[path][j] += max(1/float64(n+1), 1-train.EMA) * (w - averages[path][j])
							near(t, fmt.Sprintf("%s after step %d", path, n), float64(got["/net/"+path][j]), w, 3e-5)
							if train.EMA > 0 {
								near(t, fmt.Sprintf("average of %s after step %d", path, n), float64(got["/average/net/"+path][j]), averages[path][j], 3e-5)
							}
						}
						if frozen := n < expected[path].frozen; slices.Equal(got["/net/"+path], startW) != frozen {
							t.Errorf("%s after step %d is %v, frozen %t", path, n, got["/net/"+path], frozen)
						} else if frozen && train.EMA > 0 && !slices.Equal(got["/average/net/"+path], startW) {
							t.Errorf("average of %s after step %d is %v", path, n, got["/average/net/"+path])
						}
					}
				}
			})
		}
	}
}

// A batch in parts moves groups as the whole batch does, those of the loss too, and those that are frozen not at all.
func TestGroupsInParts(t *testing.T) {
	for _, train := range []spec.Train{{Optimizer: "sgd", Momentum: 0.9, Clip: 1, EMA: 0.5}, {Optimizer: "sgd", SAM: 0.05}, {Optimizer: "adamw"}} {
		s := richSpec()
		s.Train.Steps = 8
		s.Train.Optimizer, s.Train.Momentum, s.Train.Clip, s.Train.EMA, s.Train.SAM = train.Optimizer, train.Momentum, train.Clip, train.EMA, train.SAM
		s.Train.WeightDecay = 0.1
		m := grouped{rich{}, []method.Group{
			{Prefix: "frame", Frozen: 1}, {Prefix: "loss/", Rate: 3, Frozen: 0.25}, {Prefix: "z ", Rate: 0.1, Frozen: 0.375}, {Prefix: "order", Rate: 0.5},
		}}
		var stores [2]*model.Store
		var outcomes [2][]outcome
		for i, parts := range []int{1, 3} {
			s.Train.Accumulate = parts
			stores[i] = model.NewStore()
			step, err := newStepper(acceltest.PureGo(t), stores[i], s, m, nil)
			if err != nil {
				t.Fatal(err)
			}
			var start map[string][]float32
			for n := range 5 {
				o, err := step.run(richBatch(s, n), 0.001, share(s.Train, n))
				if err != nil {
					t.Fatalf("%+v", err)
				}
				outcomes[i] = append(outcomes[i], o)
				now := values(t, stores[i])
				if n == 0 {
					start = now
				}
				// The first step left those that are frozen for longer as they were.
				for path, until := range map[string]int{"/net/frame weight": 8, "/net/loss/own weight": 2, "/net/loss/scale": 2, "/net/z weight": 3} {
					if slices.Equal(now[path], start[path]) != (n < until) {
						t.Errorf("%d parts: %s after step %d: %v, first %v", parts, path, n, now[path], start[path])
					}
				}
				if _, ok := now["/optimizer/net/frame weight/velocity"]; ok {
					t.Error("the optimizer remembers what is never trained")
				}
			}
			step.Finalize()
		}
		for n, want := range outcomes[0] {
			near(t, "loss", outcomes[1][n].loss, want.loss, 2e-5*want.loss)
			near(t, "gradient norm", outcomes[1][n].gradient, want.gradient, 2e-4*want.gradient)
		}
		if train.Optimizer == "sgd" { // AdamW makes rounding as large as a step where a gradient is next to nothing
			tolerance := 2e-4
			if train.SAM > 0 {
				tolerance = 1e-3 // the second gradient is of places that rounding has moved
			}
			sameNear(t, values(t, stores[1]), values(t, stores[0]), tolerance)
		}
	}
}

// A run of a method in groups, stopped before, in and after the step in which one thaws, ends with the same bits.
func TestResumeOfGroups(t *testing.T) {
	s := richSpec()
	s.Train.Batch, s.Train.Validate, s.Train.LearningRate, s.Train.Optimizer, s.Train.EMA = 12, 0, 0.01, "adamw", 0.9
	m := grouped{rich{}, []method.Group{{Prefix: "frame", Frozen: 1}, {Prefix: "loss/", Rate: 3, Frozen: 0.4}, {Prefix: "z ", Rate: 0.1}}}
	for _, s.Train.Accumulate = range []int{1, 2} {
		want, _ := interrupted(t, acceltest.PureGo(t), s, m, toyFaces(9), toyFaces(2))
		got, _ := interrupted(t, acceltest.PureGo(t), s, m, toyFaces(9), toyFaces(2), 3, 4, 5)
		sameState(t, got, want)
	}
}

func TestGroupErrors(t *testing.T) {
	for _, c := range []struct {
		group method.Group
		want  string
	}{
		{method.Group{Prefix: "weights", Rate: 1}, `train: the method has a group "weights": its network has weight`},
		{method.Group{Prefix: "weight"}, `train: group "weight" has 0 times the learning rate: want a factor above 0, or Frozen 1`},
		{method.Group{Prefix: "weight", Rate: math.NaN()}, "NaN times"},
		{method.Group{Prefix: "weight", Rate: math.Inf(1)}, "+Inf times"},
		{method.Group{Prefix: "weight", Rate: 1, Frozen: -0.1}, "frozen for -0.1 of the training: want 0 to 1"},
		{method.Group{Prefix: "weight", Rate: 1, Frozen: math.NaN()}, "frozen for NaN"},
		{method.Group{Prefix: "weight", Rate: 1, Norm: true}, `group "weight" with Norm: want a prefix that ends in "/"`},
		{method.Group{Prefix: "weight", Rate: 1}, ""},
		{method.Group{Rate: 1, Norm: true}, ""},
		{method.Group{Prefix: "weight", Frozen: 1}, ""},
	} {
		m := grouped{toy{loss: func(weight, _ *Node) *Node { return Square(weight) }}, []method.Group{c.group}}
		store := model.NewStore()
		err := Run(t.Context(), toySpec(), m, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t)})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.group, err, c.want)
		}
	}
}

// BatchNorm that keeps its running averages makes the steps of a network in inference: the loss, the gradient and every
// weight of textbook SGD on that graph. The averages stay to the bit. So it is in parts, which then are the whole batch,
// and where the maps inside a block are made anew.
func TestNormOfGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a network for each way to make a step")
	}
	s := accumulationSpec()
	backend, b := acceltest.Large(t), colourBatch(s, 0)
	start := normStart(t, backend, s)
	want, wanted := inferenceStep(t, backend, s, start, b)
	for _, train := range []spec.Train{{Accumulate: 1}, {Accumulate: 3}, {Accumulate: 1, Checkpoint: true}, {Accumulate: 2, Checkpoint: true}} {
		t.Run(fmt.Sprintf("%d parts/checkpoint %t", train.Accumulate, train.Checkpoint), func(t *testing.T) {
			s := s
			s.Train.Accumulate, s.Train.Checkpoint = train.Accumulate, train.Checkpoint
			m, err := method.New(s)
			if err != nil {
				t.Fatal(err)
			}
			store := model.NewStore()
			if err := RestoreState(store, must(State(start))); err != nil {
				t.Fatal(err)
			}
			step, err := newStepper(backend, store, s, grouped{m, []method.Group{{Prefix: "", Rate: 1, Norm: true}}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			o, err := step.run(b, 0.01, 0.4375)
			if err != nil {
				t.Fatalf("%+v", err)
			}
			step.Finalize()
			near(t, "loss", o.loss, want, 1e-5*want)
			got := values(t, store)
			before := values(t, start)
			for path := range got {
				if strings.HasPrefix(path, "/optimizer") {
					delete(got, path)
				} else if normal := isNorm(path); normal && !slices.Equal(got[path], before[path]) {
					t.Errorf("%s moved", path)
				}
			}
			sameNear(t, got, wanted, 2e-5)
		})
	}
}

func isNorm(path string) bool {
	return strings.HasSuffix(path, "/mean") || strings.HasSuffix(path, "/variance") || strings.HasSuffix(path, "/avg_weight")
}

// normStart is a network whose running averages are not those of a start.
func normStart(t *testing.T, backend compute.Backend, s spec.Spec) *model.Store {
	m := must(method.New(s))
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, uint64(1))
	_, err := model.CallOnceN(backend, store, func(_ *model.Scope, images *Node) []*Node {
		return m.Forward(store.Scope(network), method.Inputs{Images: images})
	}, colourBatch(s, 1).Tensors()[0])
	if err != nil {
		t.Fatalf("%+v", err)
	}
	norms := 0
	for v := range store.IterVariables() {
		if !isNorm(v.Path()) {
			continue
		}
		norms++
		data := must(read(v))
		for i := range data {
			data[i] += 0.2 + 0.1*float32(math.Sin(float64(i)))
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(data, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	if norms < 9 {
		t.Fatalf("%d variables of BatchNorm", norms)
	}
	return store
}

// inferenceStep is a step of SGD in the graph of inference: its loss, and the variables after it.
func inferenceStep(t *testing.T, backend compute.Backend, s spec.Spec, start *model.Store, b batch) (float64, map[string][]float32) {
	m := must(method.New(s))
	store := model.NewStore()
	if err := RestoreState(store, must(State(start))); err != nil {
		t.Fatal(err)
	}
	var inputs []any
	for _, x := range b.Tensors() {
		inputs = append(inputs, x)
	}
	out, err := model.CallOnceN(backend, store, func(_ *model.Scope, inputs []*Node) []*Node {
		g := inputs[0].Graph()
		in := m.Layout().Inputs(inputs, Scalar(g, dtypes.Float64, 0.4375))
		loss := newObjective(m, store.Scope(network), m.Forward(store.Scope(network), in), in).loss
		var variables []*model.Variable
		for v := range store.IterVariables() {
			if v.Trainable && !isNorm(v.Path()) {
				variables = append(variables, v)
			}
		}
		for i, gradient := range Gradient(loss, nodeValues(g, variables)...) {
			variables[i].SetNodeValue(Sub(variables[i].NodeValue(g), MulScalar(gradient, 0.01)))
		}
		return []*Node{loss}
	}, inputs...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return float64(tensors.ToScalar[float32](out[0])), values(t, store)
}

// The BatchNorm of a part is that of the first group that fits: others follow their batches.
func TestFirstGroupHasTheNorm(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a network for each order of groups")
	}
	s := accumulationSpec()
	backend, b := acceltest.Large(t), colourBatch(s, 0)
	start := normStart(t, backend, s)
	const stem, rest = "/net/backbone/stem/avg_weight", "/net/backbone/stage2/conv1/avg_weight"
	for _, c := range []struct {
		groups     []method.Group
		stem, rest bool // stay
	}{
		{[]method.Group{{Prefix: "backbone/stem/", Rate: 1}, {Prefix: "backbone/", Rate: 1, Norm: true}}, false, true},
		{[]method.Group{{Prefix: "backbone/", Rate: 1}, {Prefix: "backbone/stem/", Rate: 1, Norm: true}}, false, false},
		{[]method.Group{{Prefix: "backbone/stem/", Rate: 1, Norm: true}, {Prefix: "backbone/", Rate: 1}}, true, false},
	} {
		m := must(method.New(s))
		store := model.NewStore()
		if err := RestoreState(store, must(State(start))); err != nil {
			t.Fatal(err)
		}
		step, err := newStepper(backend, store, s, grouped{m, c.groups}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := step.run(b, 0.01, 0.4375); err != nil {
			t.Fatalf("%+v", err)
		}
		step.Finalize()
		before, after := values(t, start), values(t, store)
		for path, stays := range map[string]bool{stem: c.stem, rest: c.rest} {
			if len(before[path]) == 0 || slices.Equal(before[path], after[path]) != stays {
				t.Errorf("%+v: %s went from %v to %v, stays %t", c.groups, path, before[path], after[path], stays)
			}
		}
	}
}
