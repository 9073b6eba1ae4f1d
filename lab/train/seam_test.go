package train

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// rich is a method with what SeeABLE and SBI lack: samples of three frames with one more picture and a map; a network that
// makes tensors of several ranks, one of which the loss leaves alone; a loss of several terms that reads pixels and the map,
// compares all samples of a batch, reads a weight of the network, and has a weight, a scale and a running average of its
// own. It classifies nothing.
type rich struct {
	method.Method
	spoil bool // adds a term that is not finite where the part of the training done is not
}

func (rich) Layout() method.Layout {
	return method.Layout{Frames: 3, Side: toySize, Extra: 2, Map: 3, Views: 2}
}

func (m rich) Sample(_ *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	for view := range dst {
		m.draw(&dst[view], d.Rand)
	}
	return nil
}

func (m rich) Check(_ *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	m.draw(dst, rng)
	return nil
}

func (rich) draw(dst *method.Sample, rng *rand.Rand) {
	for _, pixels := range [][]uint8{dst.Images, dst.Extra, dst.Map} {
		for i := range pixels {
			pixels[i] = uint8(rng.IntN(256))
		}
	}
	dst.Label = int32(rng.IntN(5))
}

func (m rich) Forward(scope *model.Scope, in method.Inputs) []*Node {
	frames := m.Layout().Frames
	x := Tanh(MulScalar(dense(scope, "frame", flat(in.Images), 6), 2))
	order := scope.VariableWithValue("order", []float32{1, -0.5, 0.25}).NodeValue(x) // frames are not alike
	x = Mul(Reshape(x, -1, frames, 6), Reshape(order, 1, frames, 1))
	x = Add(ReduceSum(x, 1), Tanh(MulScalar(dense(scope, "extra", flat(in.Extra), 6), 2)))
	if in.Map != nil { // only in training
		x = Add(x, MulScalar(ReduceAndKeep(flat(in.Map), ReduceMean, -1), 4))
	}
	z := L2Normalize(dense(scope, "z", MulScalar(x, 3), 4), -1)
	picture := Reshape(dense(scope, "picture", MulScalar(x, 3), 3*3*2), -1, 3, 3, 2)
	odds := Reshape(dense(scope, "odds", MulScalar(x, 3), 1), -1)
	return []*Node{z, picture, odds, dense(scope, "idle", x, 3)}
}

func (m rich) Loss(scope *model.Scope, out []*Node, in method.Inputs) []method.Term {
	z, picture, odds := out[0], out[1], out[2]
	g, rows := z.Graph(), z.Shape().Dimensions[0]
	// Views of one clip attract, in competition with all samples of the batch.
	scale := scope.VariableWithValue("scale", float32(2)).NodeValue(g)
	cosines := Mul(MatMul(z, Transpose(z, 0, 1)), scale)
	cosines = Sub(cosines, DiagonalWithValue(Scalar(g, floats, 1e3), rows))
	half := rows / 2
	other := Concatenate([]*Node{Slice(z, AxisRange(half)), Slice(z, AxisRange(0, half))}, 0)
	contrast := ReduceAllMean(Sub(Log(ReduceSum(Exp(cosines), 1)), Mul(scale, ReduceSum(Mul(z, other), 1))))

	// The map, each place weighted by how bright the second frame of its sample is.
	images := Reshape(ConvertDType(in.Images, dtypes.Float32), rows, m.Layout().Frames, -1)
	bright := DivScalar(ReduceMean(Reshape(Slice(images, AxisRange(), AxisElem(1)), rows, -1), 1), 255)
	want := DivScalar(ConvertDType(in.Map, dtypes.Float32), 255)
	miss := Square(Sub(want, Reshape(Tanh(Slice(picture, AxisRange(), AxisRange(), AxisRange(), AxisElem(1))), rows, 3, 3)))
	shown := ReduceAllMean(Mul(miss, Reshape(bright, rows, 1, 1)))

	// A weight and a running average that are the loss's own, the share, and a weight of the network.
	own := dense(scope, "own", z, 1)
	centre := scope.VariableWithValue("centre", make([]float32, 4)).SetTrainable(false)
	away := ReduceAllMean(Square(Sub(z, ExpandLeftToRank(centre.NodeValue(g), 2))))
	if scope.IsTraining(g) {
		centre.SetNodeValue(Add(MulScalar(centre.NodeValue(g), 0.9), MulScalar(StopGradient(ReduceMean(z, 0)), 0.1)))
	}
	label := DivScalar(ConvertDType(in.Label, dtypes.Float32), 5)
	named := ReduceAllMean(Square(Sub(Add(odds, Reshape(own, -1)), label)))
	weight := scope.Store().GetVariable(strings.TrimSuffix(scope.Scope(), method.LossScope) + "order").NodeValue(g)
	terms := []method.Term{
		{Name: "contrast", Value: contrast}, {Name: "map", Value: shown},
		{Name: "label", Value: Mul(named, AddScalar(in.Share(dtypes.Float32), 0.5))},
		{Name: "centre", Value: MulScalar(away, 0.3)},
		{Name: "weight", Value: ReduceAllSum(Square(weight))},
	}
	if m.spoil {
		terms = append(terms, method.Term{Name: "spoiled", Value: Mul(in.Share(dtypes.Float32), ReduceAllSum(Square(picture)))})
	}
	return terms
}

func richSpec() spec.Spec {
	s := toySpec()
	s.Train.Batch, s.Train.Optimizer, s.Train.Momentum, s.Train.WeightDecay, s.Train.Clip = 24, "sgd", 0, 0, 0
	return s
}

func richBatch(s spec.Spec, step int) batch {
	b := batch{step: step, Samples: method.NewSamples(rich{}.Layout(), s.Train.Batch)}
	for i := range b.Labels {
		sample := b.At(i)
		rich{}.draw(&sample, stream.New(1, "rich", step, i))
		b.Labels[i] = sample.Label
	}
	return b
}

// richSteps makes the first n steps, and finalizes the stepper.
func richSteps(t *testing.T, step stepper, s spec.Spec, n int) (made []outcome) {
	t.Helper()
	defer step.Finalize()
	for i := range n {
		o, err := step.run(richBatch(s, i), 0.01, float64(i)/8)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		made = append(made, o)
	}
	return made
}

// For a method with all that SeeABLE and SBI lack, a batch in parts makes the steps of the whole batch: every term of the
// loss, the norm of the gradient, and every variable, those of the loss too.
func TestAccumulationOfARichMethod(t *testing.T) {
	for name, open := range backends {
		for _, train := range []spec.Train{
			{Accumulate: 2}, {Accumulate: 12, Momentum: 0.9, WeightDecay: 0.1, Clip: 0.1}, {Accumulate: 3, SAM: 0.05},
			{Accumulate: 3, EMA: 0.5}, {Accumulate: 4, SAM: 0.05, EMA: 0.5, Clip: 0.1},
		} {
			if name == "XLA" && (testing.Short() || train.Clip == 0 && !acceltest.Networks()) {
				continue // compiling takes the time
			}
			t.Run(fmt.Sprintf("%s/%d parts/sam %v/ema %v/clip %v", name, train.Accumulate, train.SAM, train.EMA, train.Clip), func(t *testing.T) {
				s := richSpec()
				parts := train.Accumulate
				s.Train.SAM, s.Train.EMA, s.Train.Clip, s.Train.Momentum, s.Train.WeightDecay = train.SAM, train.EMA, train.Clip, train.Momentum, train.WeightDecay
				var stores []*model.Store
				var outcomes [][]outcome
				for _, s.Train.Accumulate = range []int{1, parts} {
					store := model.NewStore()
					step, err := newStepper(open(t), store, s, rich{}, nil)
					if err != nil {
						t.Fatal(err)
					}
					stores, outcomes = append(stores, store), append(outcomes, richSteps(t, step, s, 4))
				}
				tolerance := 5e-5
				if train.SAM > 0 {
					tolerance = 2e-4 // the second gradient is of places that rounding has moved
				}
				for n, want := range outcomes[0] {
					got := outcomes[1][n]
					near(t, "loss", got.loss, want.loss, 1e-5*want.loss)
					near(t, "gradient norm", got.gradient, want.gradient, tolerance*want.gradient)
					if len(want.terms) != 5 || len(got.terms) != 5 {
						t.Fatalf("terms %v and in parts %v, want 5", want.terms, got.terms)
					}
					total := 0.0
					for i, term := range want.terms {
						if got.terms[i].Name != term.Name || term.Name != []string{"contrast", "map", "label", "centre", "weight"}[i] {
							t.Errorf("terms %v, want %v", got.terms, want.terms)
						}
						near(t, term.Name, got.terms[i].Value, term.Value, 2e-5*term.Value)
						total += term.Value
					}
					near(t, "the sum of the terms", total, want.loss, 1e-5*want.loss)
				}
				got, want := values(t, stores[1]), values(t, stores[0])
				sameNear(t, got, want, tolerance)
				start, err := stepless(t, s)
				if err != nil {
					t.Fatal(err)
				}
				for path, value := range start {
					if idle := strings.HasPrefix(path, "/net/idle"); slices.Equal(want[path], value) != (idle && train.WeightDecay == 0 || path == "/net/idle bias") {
						t.Errorf("%s went from %v to %v", path, value, want[path])
					}
				}
				if len(start) != 17 {
					t.Errorf("%d variables: %v", len(start), slices.Sorted(maps.Keys(start)))
				}
			})
		}
	}
}

// stepless are the variables that the network and its loss start with.
func stepless(t *testing.T, s spec.Spec) (map[string][]float32, error) {
	store := model.NewStore()
	layout := rich{}.Layout()
	var inputs []any
	for _, x := range richBatch(s, 0).Tensors() {
		inputs = append(inputs, x)
	}
	_, err := model.CallOnceN(acceltest.PureGo(t), store, func(_ *model.Scope, inputs []*Node) []*Node {
		in := layout.Trained(inputs)
		net := store.Scope(network)
		return []*Node{newObjective(rich{}, net, rich{}.Forward(net, in), in).loss}
	}, inputs...)
	if err != nil {
		return nil, err
	}
	return values(t, store), nil
}

// The terms of a step are what float64 makes of the tensors that the network gives, row by row: the loss sees frames, map
// and labels of the samples that the rows are of.
func TestLossSeesItsSamples(t *testing.T) {
	s := richSpec()
	layout := rich{}.Layout()
	for _, parts := range []int{1, 4} {
		s.Train.Accumulate = parts
		store, b := model.NewStore(), richBatch(s, 0)
		step, err := newStepper(acceltest.PureGo(t), store, s, rich{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer step.Finalize()
		o, err := step.run(b, 0, 0.25)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		miss, label := 0.0, 0.0
		start := values(t, store)
		for i := range b.Len() {
			var inputs []any
			for _, x := range b.Slice(i, i+1).Tensors() {
				inputs = append(inputs, x)
			}
			out, err := model.CallOnceN(acceltest.PureGo(t), store, func(_ *model.Scope, inputs []*Node) []*Node {
				return rich{}.Forward(store.Scope(network), layout.Trained(inputs))
			}, inputs...)
			if err != nil {
				t.Fatalf("%+v", err)
			}
			z, picture := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
			const frame = toySize * toySize * 3
			bright := 0.0
			for _, v := range b.Images[(3*i+1)*frame : (3*i+2)*frame] {
				bright += float64(v) / 255 / frame
			}
			for j, v := range b.Map[9*i : 9*i+9] {
				miss += math.Pow(float64(v)/255-math.Tanh(float64(picture[2*j+1])), 2) * bright / 9
			}
			guess := float64(tensors.MustCopyFlatData[float32](out[2])[0])
			for j, v := range z {
				guess += float64(v) * float64(start["/net/loss/own weight"][j])
			}
			label += math.Pow(guess-float64(b.Labels[i])/5, 2) * 0.75
		}
		near(t, "the term of the map", o.terms[1].Value, miss/24, 1e-5*miss)
		near(t, "the term of the labels", o.terms[2].Value, label/24, 1e-5*label)
	}
}

// A run of a method with all that the others lack, stopped and resumed, ends with the same bits.
func TestResumeOfARichMethod(t *testing.T) {
	for _, train := range []spec.Train{
		{Optimizer: "adamw"}, {Optimizer: "sgd", SAM: 0.05, Accumulate: 3}, {Optimizer: "adamw", SAM: 0.05, EMA: 0.9, Accumulate: 2},
	} {
		t.Run(fmt.Sprintf("%s/sam %v/%d parts", train.Optimizer, train.SAM, train.Accumulate), func(t *testing.T) {
			s := richSpec()
			s.Train.Batch, s.Train.Validate, s.Train.LearningRate, s.Train.WarmUp = 12, 0, 0.01, 0
			s.Train.Optimizer, s.Train.SAM, s.Train.EMA, s.Train.Accumulate = train.Optimizer, train.SAM, train.EMA, max(1, train.Accumulate)
			backend := acceltest.PureGo(t)
			want, losses := interrupted(t, backend, s, rich{}, toyFaces(9), toyFaces(2))
			got, parts := interrupted(t, backend, s, rich{}, toyFaces(9), toyFaces(2), 1, 2, 7)
			sameState(t, got, want)
			if !slices.Equal(parts, losses) {
				t.Errorf("losses %v, undisturbed %v", parts, losses)
			}
			for _, path := range []string{"/net/loss/own weight", "/net/loss/centre", "/optimizer/net/loss/scale/" + map[string]string{"sgd": "velocity", "adamw": "first"}[train.Optimizer]} {
				if v, ok := want.Tensors[path]; !ok || v.Data[0] == 0 {
					t.Errorf("the state has no %s, or it never moved: %v", path, v.Data)
				}
			}
		})
	}
}

// A method that classifies nothing is measured by its loss on the samples of the check, in inference; no accuracy is told.
// To measure changes nothing.
func TestHeldOutLoss(t *testing.T) {
	for _, ema := range []float64{0, 0.5} {
		s := richSpec()
		s.Train.Validate, s.Train.EMA, s.Train.Steps = 2, ema, 4
		store := model.NewStore()
		check, err := NewCheck(t.Context(), s, rich{}, toyFaces(3))
		if err != nil {
			t.Fatal(err)
		}
		layout := rich{}.Layout()
		reports := 0
		err = Run(t.Context(), s, rich{}, store, toyFaces(9), toyFaces(3), Options{Backend: acceltest.PureGo(t), Report: func(p Progress) {
			reports++
			if p.Accuracy != -1 || p.HeldOut != -1 || len(p.Terms) != 5 {
				t.Errorf("%+v", p)
			}
			if p.Step%2 == 1 {
				if !math.IsNaN(p.HeldOutLoss) {
					t.Errorf("step %d has a held-out loss of %v", p.Step, p.HeldOutLoss)
				}
				return
			}
			// The network that counts, alone in a store, in whose graph nothing is training.
			copied, prefix := model.NewStore(), network
			if ema > 0 {
				prefix = averaged + network
			}
			for v := range store.Scope(prefix).IterVariables() {
				at := network + strings.TrimPrefix(v.Path(), prefix)
				must(copied.CreateVariable(at, tensors.FromFlatDataAndDimensions(values(t, store)[v.Path()], v.Shape().Dimensions...)))
			}
			want := 0.0
			for from := 0; from < checkImages; from += 64 {
				var inputs []any
				for _, x := range check.samples.Slice(from, from+64).Tensors() {
					inputs = append(inputs, x)
				}
				out, err := model.CallOnceN(acceltest.PureGo(t), copied, func(_ *model.Scope, inputs []*Node) []*Node {
					in := layout.Trained(inputs)
					net := copied.Scope(network)
					return []*Node{method.Total(rich{}.Loss(net.In(method.LossScope), rich{}.Forward(net, in), in))}
				}, inputs...)
				if err != nil {
					t.Fatalf("%+v", err)
				}
				want += float64(tensors.ToScalar[float32](out[0])) * 64 / checkImages
			}
			near(t, fmt.Sprint("held-out loss of step ", p.Step), p.HeldOutLoss, want, 1e-5*want)
		}})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if reports != 4 {
			t.Errorf("%d reports", reports)
		}
	}
}

// careless changes a variable in every graph, also where nothing is training.
type careless struct{ rich }

func (m careless) Forward(scope *model.Scope, in method.Inputs) []*Node {
	out := m.rich.Forward(scope, in)
	count := scope.VariableWithValue("count", float32(0)).SetTrainable(false)
	count.SetNodeValue(OnePlus(count.NodeValue(in.Images)))
	return out
}

func TestMeasureChangesNothing(t *testing.T) {
	s := richSpec()
	for _, ema := range []float64{0, 0.5} {
		s.Train.Validate, s.Train.EMA, s.Train.Steps = 4, ema, 4
		store := model.NewStore()
		if err := Run(t.Context(), s, careless{}, store, toyFaces(9), toyFaces(3), Options{Backend: acceltest.PureGo(t)}); err != nil {
			t.Fatalf("%+v", err)
		}
		want := 4.0
		if ema > 0 {
			want = 3.125 // 1, 1.5, 2.25, 3.125
		}
		near(t, "the count of steps", float64(values(t, store)["/net/count"][0]), want, 1e-6)
	}
}

// A step one of whose terms is not finite leaves every variable as it was, and the run ends with an error.
func TestOneTermIsNotFinite(t *testing.T) {
	for _, train := range []spec.Train{{Accumulate: 1}, {Accumulate: 3}, {Accumulate: 1, SAM: 0.05, EMA: 0.5}, {Accumulate: 3, SAM: 0.05, EMA: 0.5}} {
		s := richSpec()
		s.Train.Optimizer, s.Train.Accumulate, s.Train.SAM, s.Train.EMA = "adamw", train.Accumulate, train.SAM, train.EMA
		store := model.NewStore()
		step, err := newStepper(acceltest.PureGo(t), store, s, rich{spoil: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			if o, err := step.run(richBatch(s, n), 0.01, 0.5); err != nil || !finite(o.loss) || len(o.terms) != 6 {
				t.Fatalf("%+v, %+v", o, err)
			}
			before, err := State(store)
			if err != nil {
				t.Fatal(err)
			}
			for _, share := range []float64{math.NaN(), math.Inf(1)} {
				o, err := step.run(richBatch(s, 5), 0.01, share)
				if err != nil || finite(o.loss) || finite(o.terms[5].Value) || !finite(o.terms[0].Value) {
					t.Errorf("%+v, %+v", o, err)
				}
				after, err := State(store)
				if err != nil {
					t.Fatal(err)
				}
				sameState(t, after, before)
			}
		}
		step.Finalize()
	}
}

// A method without a term, or whose samples of a clip do not divide the batch, is refused.
func TestRichErrors(t *testing.T) {
	s := richSpec()
	err := Run(t.Context(), s, termless{}, model.NewStore(), toyFaces(9), toyFaces(3), Options{Backend: acceltest.PureGo(t)})
	if err == nil || !strings.Contains(err.Error(), "a loss without terms") {
		t.Errorf("no terms: error %v", err)
	}
	s.Train.Batch, s.Train.Accumulate = 24, 5
	err = Run(t.Context(), s, rich{}, model.NewStore(), toyFaces(9), toyFaces(3), Options{Backend: acceltest.PureGo(t)})
	if err == nil || !strings.Contains(err.Error(), "a batch of 24 samples: want a multiple of 10") {
		t.Errorf("5 parts of 24: error %v", err)
	}
}

type termless struct{ rich }

func (termless) Loss(*model.Scope, []*Node, method.Inputs) []method.Term { return nil }

// Several devices make the steps of one for a method with all that the others lack.
func TestDevicesOfARichMethod(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a network for each number of devices")
	}
	backend := acceltest.ForTest(t)
	if n := backend.NumDevices(); n < 2 {
		t.Skipf("the backend has %d devices: several were not tested", n)
	}
	s := richSpec()
	s.Train.Momentum = 0.9
	var stores []*model.Store
	var outcomes [][]outcome
	for _, n := range []int{1, 2} {
		d, err := newDevices(n, backend, s.Train)
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		step, err := newStepper(backend, store, s, rich{}, d)
		if err != nil {
			t.Fatal(err)
		}
		stores, outcomes = append(stores, store), append(outcomes, richSteps(t, step, s, 3))
	}
	for n, want := range outcomes[0] {
		got := outcomes[1][n]
		near(t, "loss", got.loss, want.loss, 1e-5*want.loss)
		near(t, "gradient norm", got.gradient, want.gradient, 1e-4*want.gradient)
		if len(got.terms) != 5 {
			t.Fatalf("terms %v", got.terms)
		}
		for i, term := range want.terms {
			near(t, term.Name, got.terms[i].Value, term.Value, 1e-4*term.Value)
		}
	}
	sameNear(t, values(t, stores[1]), values(t, stores[0]), 1e-4)
}
