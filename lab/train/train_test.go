package train

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A few steps of the whole method on drawn faces: the loss is finite, the network moves, and the weights are those of the
// seed, to the bit.
func TestRun(t *testing.T) {
	backend := acceltest.ForTest(t)
	s := spec.Default()
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 16, 8
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Train.Steps, s.Train.Batch, s.Train.Validate, s.Train.WarmUp = 4, 8, 1, 0
	s.Loss.WarmUp = 0.5
	set, _ := synthetic.Sets(1)
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	load := func(items []datasets.Item) (clips source.Clips) {
		for _, it := range items {
			f, err := datasets.Load(it)
			if err != nil {
				t.Fatal(err)
			}
			c, err := m.Keep(face.Still(f))
			if err != nil {
				t.Fatal(err)
			}
			clips = append(clips, c)
		}
		return clips
	}
	faces, held := load(set.Items[:10]), load(set.Items[40:44])

	run := func(seed uint64) (map[string][]float32, []Progress) {
		s.Seed = seed
		m, err := method.New(s)
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		store.RootScope().SetParam(encoder.SeedParam, seed)
		var reports []Progress
		err = Run(t.Context(), s, m, store, faces, held, Options{Backend: backend, Report: func(p Progress) {
			if !finite(p.Loss) || p.Loss <= 0 || p.Accuracy < 0 || p.Accuracy > 1 || p.Steps != 4 || p.Elapsed <= 0 {
				t.Errorf("progress %+v", p)
			}
			if p.Rate != rate(s.Train, p.Step-1) || p.Strength != curriculum(s.Train, p.Step-1) {
				t.Errorf("step %d reports rate %v and strength %v", p.Step, p.Rate, p.Strength)
			}
			if measured := p.Step == 4; (p.HeldOut >= 0) != measured || p.HeldOut > 1 {
				t.Errorf("step %d reports held-out accuracy %v", p.Step, p.HeldOut)
			}
			reports = append(reports, p)
		}})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if len(reports) != 4 || reports[3].Step != 4 {
			t.Errorf("%d reports, want one after each of 4 steps", len(reports))
		}
		return values(t, store), reports
	}
	first, reports := run(1)
	if reports[0].Loss == reports[3].Loss {
		t.Error("the loss did not move")
	}
	if len(first) < 30 {
		t.Errorf("%d variables", len(first))
	}
	if testing.Short() {
		return // compiling the network anew takes the time
	}
	again, _ := run(1)
	if len(again) != len(first) {
		t.Errorf("%d variables, then %d", len(first), len(again))
	}
	for path, value := range first {
		if !slices.Equal(value, again[path]) {
			t.Errorf("%s differs between two runs of one seed", path)
		}
	}
	other, _ := run(2)
	for _, path := range []string{"/net/backbone/stem/kernel", "/net/head/out/weight"} {
		if slices.Equal(first[path], other[path]) {
			t.Errorf("%s is the same for two seeds, or missing among %v", path, slices.Sorted(maps.Keys(first)))
		}
	}
}

// When the gradient becomes infinite the error names the step, and the weights are those before it.
func TestRunDiverges(t *testing.T) {
	s := toySpec()
	// Half of ten steps are done before the sixth.
	m := toy{loss: func(weight, share *Node) *Node { return Div(weight, Sub(Const(share.Graph(), float32(0.5)), share)) }}
	store := model.NewStore()
	var last float32
	err := Run(t.Context(), s, m, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t), Report: func(p Progress) {
		if p.Step > 5 {
			t.Errorf("a report of step %d", p.Step)
		}
		last = values(t, store)["/net/weight"][0]
	}})
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 6 of 10") {
		t.Errorf("error %v, want one of step 6", err)
	}
	if got := values(t, store)["/net/weight"][0]; got != last || got == 1 {
		t.Errorf("the weight is %v; after step 5 it was %v, at first 1", got, last)
	}
}

// The loop goes down: one weight under (w − 3)² comes to 3.
func TestRunMinimises(t *testing.T) {
	s := toySpec()
	s.Train.Steps, s.Train.LearningRate, s.Train.WeightDecay = 300, 0.1, 0
	m := toy{loss: func(weight, _ *Node) *Node { return Square(AddScalar(weight, -3)) }}
	store := model.NewStore()
	if err := Run(t.Context(), s, m, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t)}); err != nil {
		t.Fatal(err)
	}
	near(t, "the weight", float64(values(t, store)["/net/weight"][0]), 3, 0.01)
}

// Variables that the store holds are the start.
func TestRunContinues(t *testing.T) {
	s := toySpec()
	s.Train.Steps, s.Train.LearningRate = 1, 1e-6
	m := toy{loss: func(weight, _ *Node) *Node { return Square(AddScalar(weight, -3)) }}
	store := model.NewStore()
	store.Scope("/net").VariableWithValue("weight", float32(2.5))
	if err := Run(t.Context(), s, m, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t)}); err != nil {
		t.Fatal(err)
	}
	near(t, "the weight", float64(values(t, store)["/net/weight"][0]), 2.5, 1e-5)
}

// A cancelled run ends with the context's error after the step at hand and leaves no goroutine.
func TestRunCancelled(t *testing.T) {
	s := toySpec()
	s.Train.Steps = 1e8
	m := toy{loss: func(weight, _ *Node) *Node { return Square(weight) }}
	backend := acceltest.PureGo(t)
	start := runtime.NumGoroutine()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	last := 0
	err := Run(ctx, s, m, model.NewStore(), toyFaces(9), toyFaces(2), Options{Backend: backend, Report: func(p Progress) {
		if last = p.Step; last == 3 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || last != 3 {
		t.Errorf("error %v after step %d, want a cancelled run after step 3", err, last)
	}
	for range 100 {
		if runtime.NumGoroutine() <= start {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before the run", runtime.NumGoroutine(), start)
}

func TestRunErrors(t *testing.T) {
	s := toySpec()
	m := toy{loss: func(weight, _ *Node) *Node { return Square(weight) }}
	bad := toyFaces(9)
	for i := range bad {
		bad[i].Frames[0].Fallback = true
	}
	unbuildable := toy{loss: func(weight, _ *Node) *Node { return Reshape(weight, 2) }}
	for _, c := range []struct {
		what        string
		method      method.Method
		faces, held source.Clips
		want        string
	}{
		{"no faces", m, nil, toyFaces(2), "train: no faces"},
		{"no held-out faces", m, toyFaces(9), nil, "train: no held-out faces"},
		{"bad faces", m, bad, toyFaces(2), "train: step 1, face 1 of its batch: a bad face"},
		{"a graph that does not build", unbuildable, toyFaces(9), toyFaces(2), "train: step 1: "},
	} {
		err := Run(t.Context(), s, c.method, model.NewStore(), c.faces, c.held, Options{Backend: acceltest.PureGo(t)})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.what, err, c.want)
		}
	}
}
