package train

import (
	"context"
	"errors"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// interrupted runs s in parts that end after the steps of ends, each in a store of its own that knows nothing but a saved
// file of the one before, and returns the last state with the loss of every step.
func interrupted(t *testing.T, backend compute.Backend, s spec.Spec, m method.Method, faces, held source.Clips, ends ...int) (safetensors.File, []float64) {
	t.Helper()
	var losses []float64
	path := filepath.Join(t.TempDir(), "state.safetensors")
	done := 0
	for _, end := range append(ends, s.Train.Steps) {
		store := model.NewStore()
		store.RootScope().SetParam(encoder.SeedParam, s.Seed)
		if done > 0 {
			file, err := safetensors.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := RestoreState(store, file); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		saves := 0
		err := Run(ctx, s, m, store, faces, held, Options{
			Backend: backend, Done: done, After: time.Hour,
			Report: func(p Progress) {
				losses = append(losses, p.Loss)
				if p.Step == end {
					stop()
				}
				if p.Elapsed < time.Hour {
					t.Errorf("step %d: %v have passed, the hour before left out", p.Step, p.Elapsed)
				}
			},
			Save: func(n int, _ time.Duration) error {
				saves++
				if n != end {
					t.Errorf("saved after step %d, want %d", n, end)
				}
				file, err := State(store)
				if err != nil {
					return err
				}
				return safetensors.Write(path, file)
			},
		})
		stop()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%+v", err)
		}
		if saves != 1 {
			t.Errorf("%d saves, want one when the run is stopped", saves)
		}
		done = end
	}
	file, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, losses
}

// sameState compares two states to the bit.
func sameState(t *testing.T, got, want safetensors.File) {
	t.Helper()
	if got.Metadata[orderKey] != want.Metadata[orderKey] {
		t.Errorf("other variables, or in another order:\n%s\nwant\n%s", got.Metadata[orderKey], want.Metadata[orderKey])
	}
	for path, w := range want.Tensors {
		if g := got.Tensors[path]; !slices.Equal(g.Shape, w.Shape) || !slices.Equal(g.Data, w.Data) {
			t.Errorf("%s differs: %v, want %v", path, g.Data[:min(4, len(g.Data))], w.Data[:min(4, len(w.Data))])
		}
	}
}

// small is a method with two dense layers and a running average in the place of its network, as the pure Go backend has no
// BatchNorm.
type small struct{ method.Method }

func (m small) Forward(scope *model.Scope, in method.Inputs) []*Node {
	g := in.Images.Graph()
	x := Tanh(dense(scope, "first", flat(in.Images), 8))
	average := scope.VariableWithValue("average", make([]float32, 8)).SetTrainable(false)
	mean := ReduceMean(x, 0)
	x = Sub(x, ExpandLeftToRank(average.NodeValue(g), 2))
	average.SetNodeValue(Add(MulScalar(average.NodeValue(g), 0.9), MulScalar(StopGradient(mean), 0.1)))
	return []*Node{dense(scope, "second", x, m.Classes())}
}

func (m small) Classes() int {
	c, _ := method.As[method.Classifier](m.Method)
	return c.Classes()
}

func flat(images *Node) *Node {
	x := AddScalar(DivScalar(ConvertDType(images, dtypes.Float32), 255), -0.5)
	return Reshape(x, x.Shape().Dimensions[0], -1)
}

func dense(scope *model.Scope, name string, x *Node, width int) *Node {
	in := x.Shape().Dimensions[1]
	start := make([]float32, in*width)
	for i := range start {
		start[i] = float32(math.Sin(float64(i))) / 20
	}
	weight := scope.VariableWithValue(name+" weight", tensors.FromFlatDataAndDimensions(start, in, width)).NodeValue(x)
	bias := scope.VariableWithValue(name+" bias", make([]float32, width)).NodeValue(x)
	return Add(MatMul(x, weight), ExpandLeftToRank(bias, 2))
}

func (small) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	mean, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	return []method.Term{{Name: "ce", Value: mean}}
}

func (small) Guess(out []*Node, _ method.Inputs) *Node { return ArgMax(out[0], -1, dtypes.Int32) }

// A run that is stopped and goes on from its saved state ends as one that was never stopped, to the bit: weights, running
// averages, the optimizer's memory, and every loss on the way.
func TestResumeIsExact(t *testing.T) {
	set, _ := synthetic.Sets(1)
	s := spec.Default()
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 8, 4
	s.Discrepancy.Rows, s.Discrepancy.Cols = 1, 2
	s.Train.Batch, s.Train.Validate, s.Loss.WarmUp = 8, 0, 0.5
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var faces source.Clips
	for _, it := range set.Items[:6] {
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Keep(face.Still(f))
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, c)
	}
	for _, c := range []struct {
		name      string
		train     spec.Train
		variables int
	}{
		{"adamw", spec.Train{Optimizer: "adamw"}, 14},
		{"sgd", spec.Train{Optimizer: "sgd"}, 9},
		{"sam", spec.Train{Optimizer: "sgd", SAM: 0.05}, 9},
		{"ema", spec.Train{Optimizer: "sgd", EMA: 0.9}, 15},
		{"accumulate", spec.Train{Optimizer: "adamw", Accumulate: 2}, 14},
		{"all", spec.Train{Optimizer: "adamw", SAM: 0.05, EMA: 0.9, Accumulate: 4}, 20},
	} {
		t.Run("PureGo/"+c.name, func(t *testing.T) {
			s := s
			s.Train.Steps, s.Train.LearningRate = 24, 0.01
			s.Train.Optimizer, s.Train.SAM, s.Train.EMA, s.Train.Accumulate = c.train.Optimizer, c.train.SAM, c.train.EMA, c.train.Accumulate
			backend := backends["PureGo"](t)
			want, losses := interrupted(t, backend, s, small{m}, faces, faces[:1])
			got, parts := interrupted(t, backend, s, small{m}, faces, faces[:1], 1, 2, 11, 23)
			sameState(t, got, want)
			if !slices.Equal(parts, losses) || len(losses) != 24 {
				t.Errorf("losses %v, undisturbed %v", parts, losses)
			}
			if len(want.Tensors) != c.variables {
				t.Errorf("%d variables, want %d: %v", len(want.Tensors), c.variables, slices.Sorted(maps.Keys(want.Tensors)))
			}
		})
	}
	t.Run("XLA", func(t *testing.T) {
		if testing.Short() {
			t.Skip("compiling three times takes half a minute")
		}
		s := s
		s.Train.Steps, s.Train.SAM, s.Train.EMA, s.Train.Accumulate = 4, 0.05, 0.9, 2
		backend := acceltest.ForTest(t)
		want, losses := interrupted(t, backend, s, m, faces, faces[:1])
		got, parts := interrupted(t, backend, s, m, faces, faces[:1], 2)
		sameState(t, got, want)
		if !slices.Equal(parts, losses) || len(losses) != 4 {
			t.Errorf("losses %v, undisturbed %v", parts, losses)
		}
		if len(want.Tensors) < 60 {
			t.Errorf("%d variables of a whole network and its optimizer", len(want.Tensors))
		}
	})
}

// States are saved at intervals, after the last step, and not twice.
func TestRunSaves(t *testing.T) {
	s := toySpec()
	m := toy{loss: func(weight, _ *Node) *Node { return Square(weight) }}
	for every, want := range map[time.Duration][]int{0: {10}, 1: {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, time.Hour: {10}} {
		var got []int
		err := Run(t.Context(), s, m, model.NewStore(), toyFaces(9), toyFaces(2), Options{
			Backend: backends["PureGo"](t), SaveEvery: every,
			Save: func(done int, _ time.Duration) error { got = append(got, done); return nil },
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("every %v: saved after %v, error %v; want %v", every, got, err, want)
		}
	}
	full := errors.New("disk full")
	err := Run(t.Context(), s, m, model.NewStore(), toyFaces(9), toyFaces(2), Options{
		Backend: backends["PureGo"](t), Save: func(int, time.Duration) error { return full },
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v of a run that cannot save", err)
	}
	// A run that has all its steps behind it makes none.
	err = Run(t.Context(), s, m, model.NewStore(), toyFaces(9), toyFaces(2), Options{
		Backend: backends["PureGo"](t), Done: 10,
		Report: func(p Progress) { t.Errorf("step %d", p.Step) },
		Save:   func(done int, _ time.Duration) error { t.Errorf("saved after %d", done); return nil },
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStateErrors(t *testing.T) {
	store := model.NewStore()
	store.Scope("/net").VariableWithValue("good", []float32{1, 2})
	store.Scope("/net").VariableWithValue("bad", []float32{1, float32(math.NaN())})
	store.Scope("/net").VariableWithValue("worse", float32(math.Inf(1)))
	file, err := State(store)
	bad, ok := errors.AsType[*NotFiniteError](err)
	if !ok || !slices.Equal(bad.Variables, []string{"/net/bad", "/net/worse"}) || len(file.Tensors) != 1 {
		t.Errorf("error %v and %d variables, want the finite one and the names of the others", err, len(file.Tensors))
	}
	store = model.NewStore()
	if err := RestoreState(store, file); err != nil || store.NumVariables() != 1 {
		t.Errorf("%d variables, error %v", store.NumVariables(), err)
	}
	if v := tensors.MustCopyFlatData[float32](must(store.GetVariable("/net/good").Value())); !slices.Equal(v, []float32{1, 2}) {
		t.Errorf("restored %v", v)
	}
	if err := RestoreState(store, file); err == nil || !strings.Contains(err.Error(), "empty store") {
		t.Errorf("error %v of a store in use", err)
	}
	for _, order := range []string{"", "/net/good\n/net/other", "/net/other"} {
		file.Metadata[orderKey] = order
		if err := RestoreState(model.NewStore(), file); err == nil {
			t.Errorf("no error for the order %q", order)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
