package train

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
)

// weighted guesses the label that an image shows times its weight: all that can be right are where the weight is 1.
type weighted struct{ toy }

func (m weighted) Guess(out []*Node, in method.Inputs) *Node {
	weight := ConvertDType(Reshape(Slice(out[0], AxisRange(), AxisElem(1)), -1), dtypes.Int32)
	return Mul(m.toy.Guess(out, in), weight)
}

// The averaged network is the one that is validated.
func TestAccuracyIsTheAverages(t *testing.T) {
	c, err := NewCheck(t.Context(), toySpec(), weighted{}, toyFaces(7))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		network float32
		average []float32
		want    float64
		within  float64
	}{{0, nil, 0.01, 0.02}, {1, nil, 0.75, 0.06}, {0, []float32{1}, 0.75, 0.06}, {1, []float32{0}, 0.01, 0.02}} {
		store := model.NewStore()
		store.Scope("/net").VariableWithValue("weight", v.network)
		if v.average != nil {
			store.Scope("/average").VariableWithValue("steps", float32(1))
			store.Scope("/average/net").VariableWithValue("weight", v.average[0])
		}
		got, err := c.Measure(backends["PureGo"](t), store)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "accuracy", got, v.want, v.within)
		c.Finalize() // it is for one store
	}
}

// At the end the store holds the average of the weights that the steps had, and nothing else of it; so it does when the run
// was stopped between its last step and that end.
func TestRunLeavesTheAverage(t *testing.T) {
	s := toySpec()
	s.Train.EMA, s.Train.LearningRate = 0.8, 0.1
	m := toy{loss: func(weight, _ *Node) *Node { return Square(AddScalar(weight, -3)) }}
	backend := backends["PureGo"](t)
	var state safetensors.File
	run := func(ctx context.Context, store *model.Store, done int, report func(Progress)) error {
		return Run(ctx, s, m, store, toyFaces(9), toyFaces(2), Options{Backend: backend, Done: done, Report: report,
			Save: func(_ int, _ time.Duration) (err error) { state, err = State(store); return err }})
	}
	store, average, last := model.NewStore(), 0.0, 0.0
	report := func(p Progress) {
		last = float64(values(t, store)["/net/weight"][0])
		average += max(1/float64(p.Step), 1-s.Train.EMA) * (last - average)
	}
	if err := run(t.Context(), store, 0, report); err != nil {
		t.Fatal(err)
	}
	left := values(t, store)
	near(t, "the weight", float64(left["/net/weight"][0]), average, 1e-5)
	if average > last-0.01 {
		t.Errorf("average %v and weight %v are too near for this test", average, last)
	}
	if _, ok := left["/average/net/weight"]; ok || store.GetVariable("/average/steps") != nil {
		t.Error("the average is there still")
	}
	near(t, "the weight in the saved state", float64(state.Tensors["/net/weight"].Data[0]), last, 0)

	ctx, stop := context.WithCancel(t.Context())
	store = model.NewStore()
	if err := run(ctx, store, 0, func(p Progress) {
		if p.Step == p.Steps {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	stop()
	store = model.NewStore()
	if err := RestoreState(store, state); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), store, s.Train.Steps, nil); err != nil {
		t.Fatal(err)
	}
	near(t, "the weight after a stop at the end", float64(values(t, store)["/net/weight"][0]), float64(left["/net/weight"][0]), 0)
}
