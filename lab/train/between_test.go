package train

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// watching is a method whose samples show the weight of its network some steps before, under a loss that depends on them.
type watching struct {
	toy
	paths []string
	lag   int
	seen  *sync.Map // step → method.Vars of a sample
}

func newWatching(lag int, paths ...string) watching { return watching{toy{}, paths, lag, &sync.Map{}} }

func (m watching) Watch() ([]string, int) { return m.paths, m.lag }

func (m watching) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	if err := m.toy.Sample(w, dst, c, d); err != nil {
		return err
	}
	step := int(math.Round(d.Share * float64(toySpec().Train.Steps)))
	if before, known := m.seen.Swap(step, d.Vars); known && fmt.Sprint(before) != fmt.Sprint(d.Vars) {
		return fmt.Errorf("samples of step %d read %v, then %v", step, before, d.Vars)
	}
	for view := range dst {
		dst[view].Images[20] = 7
		if d.Vars != nil {
			bits := math.Float32bits(d.Vars["weight"][0])
			dst[view].Images[20] = uint8(binary.BigEndian.AppendUint32(nil, bits)[2]) // low bits of the mantissa
		}
	}
	return nil
}

// Loss draws the weight to a pixel of the samples.
func (m watching) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	weight := Slice(out[0], AxisRange(), AxisElem(1))
	pixel := DivScalar(ConvertDType(Slice(Reshape(in.Images, in.Images.Shape().Dimensions[0], -1), AxisRange(), AxisElem(20)), floats), 255)
	return []method.Term{{Name: "pixel", Value: ReduceAllMean(Square(Sub(weight, pixel)))}}
}

// Samples of step s read what the step s − lag left, and nothing before there was such a step; a run that was interrupted
// after any step goes on with the same samples, to the same bits.
func TestSamplesReadTheStepBefore(t *testing.T) {
	s := toySpec()
	s.Train.Validate, s.Train.LearningRate = 0, 0.1
	for _, lag := range []int{1, 4, 20} {
		for _, accumulate := range []int{1, 2} {
			t.Run(fmt.Sprintf("lag %d/%d parts", lag, accumulate), func(t *testing.T) {
				s := s
				s.Train.Accumulate = accumulate
				backend := acceltest.PureGo(t)
				m, store := newWatching(lag, "weight"), model.NewStore()
				var left []float32
				err := Run(t.Context(), s, m, store, toyFaces(9), toyFaces(2), Options{Backend: backend, Report: func(Progress) {
					left = append(left, values(t, store)["/net/weight"]...)
				}})
				if err != nil {
					t.Fatalf("%+v", err)
				}
				check := func(m watching) {
					t.Helper()
					for step := range s.Train.Steps {
						got, ok := m.seen.Load(step)
						vars := got.(method.Vars)
						if !ok || (vars == nil) != (step < lag) || step >= lag && !slices.Equal(vars["weight"], left[step-lag:step-lag+1]) {
							t.Errorf("samples of step %d read %v; steps left %v", step, vars, left)
						}
					}
				}
				check(m)
				if len(left) != 10 || left[0] == left[1] {
					t.Fatalf("the steps left %v", left)
				}
				want, losses := interrupted(t, backend, s, m, toyFaces(9), toyFaces(2))
				every := newWatching(lag, "weight")
				got, parts := interrupted(t, backend, s, every, toyFaces(9), toyFaces(2), 1, 2, 3, 4, 5, 6, 7, 8, 9)
				sameState(t, got, want)
				check(every)
				if !slices.Equal(parts, losses) {
					t.Errorf("losses %v, undisturbed %v", parts, losses)
				}
				for end := 1; end < 10; end += 4 {
					once := newWatching(lag, "weight")
					got, _ := interrupted(t, backend, s, once, toyFaces(9), toyFaces(2), end)
					sameState(t, got, want)
					check(once)
				}
				if n := len(want.Tensors); n != 1+3+min(lag, 10) {
					t.Errorf("%d variables in the state: %s", n, want.Metadata[orderKey])
				}
			})
		}
	}
}

// What the samples read must be there; a checkpoint of a run that watched something else, or nothing, is refused.
func TestWatchErrors(t *testing.T) {
	s := toySpec()
	for what, c := range map[string]struct {
		m    watching
		want string
	}{
		"a path that is not there": {newWatching(1, "weight", "wait"), `train: the method's samples read "wait": its network has weight`},
		"no lag":                   {newWatching(0, "weight"), "train: samples that read variables as they were 0 steps before: want at least 1"},
	} {
		store, steps := model.NewStore(), 0
		err := Run(t.Context(), s, c.m, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t), Report: func(Progress) { steps++ }})
		if err == nil || err.Error() != c.want || steps > 0 {
			t.Errorf("%s: error %v after %d steps, want %q", what, err, steps, c.want)
		}
	}
	m := newWatching(2, "weight")
	state, _ := interrupted(t, acceltest.PureGo(t), func() spec.Spec { s := s; s.Train.Steps = 3; return s }(), m, toyFaces(9), toyFaces(2))
	for _, other := range []watching{newWatching(2, "bias"), newWatching(3, "weight")} {
		store := model.NewStore()
		if err := RestoreState(store, state); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), s, other, store, toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t), Done: 3})
		if err == nil || !strings.Contains(err.Error(), "the checkpoint lacks /watched/") {
			t.Errorf("watching %v %d steps before: error %v", other.paths, other.lag, err)
		}
	}
}

// Batches that wait for a step end with their context, or when nobody takes them any more: the bubble fails the test if a
// goroutine is left.
func TestWaitingEnds(t *testing.T) {
	s := toySpec()
	for what, end := range map[string]func(stop context.CancelFunc) bool{
		"break":  func(context.CancelFunc) bool { return false },
		"cancel": func(stop context.CancelFunc) bool { stop(); return true },
		"later":  func(stop context.CancelFunc) bool { go func() { synctest.Wait(); stop() }(); return true },
	} {
		for _, lag := range []int{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				m := newWatching(lag, "weight")
				w, err := newWatcher(model.NewStore(), m, 0)
				if err != nil {
					t.Fatal(err)
				}
				made := 0
				for b := range batches(ctx, s, m, toyFaces(9), w, 0) {
					if b.err != nil {
						t.Errorf("%s: %v", what, b.err)
					}
					if made++; made == lag && !end(stop) {
						break
					}
				}
				if made != lag {
					t.Errorf("%s: %d batches, want %d", what, made, lag)
				}
			})
		}
	}
}

// stepping is a method that counts and pulls its weight between two steps.
type stepping struct {
	watching
	steps *[]int
	fail  int // the step after which it fails, if not 0
}

var errBetween = errors.New("no teacher")

func (m stepping) Between(step int, net *model.Scope) error {
	if step+1 == m.fail {
		return errBetween
	}
	*m.steps = append(*m.steps, step)
	v := net.GetVariable("weight")
	value, err := read(v)
	if err != nil {
		return err
	}
	return v.SetValue(tensors.FromScalar(value[0] + between(step)))
}

// between is what stepping adds after a step.
func between(step int) float32 { return 0.25 * float32(1+step%3) }

// Loss has the gradient 1.
func (m stepping) Loss(_ *model.Scope, out []*Node, _ method.Inputs) []method.Term {
	return []method.Term{{Name: "weight", Value: ReduceAllMean(Slice(out[0], AxisRange(), AxisElem(1)))}}
}

// Guess is the weight, rounded down.
func (m stepping) Guess(out []*Node, in method.Inputs) *Node {
	return m.toy.Guess([]*Node{Slice(out[0], AxisRange(), AxisRange(1))}, in)
}

// Check makes images of each class below 100 as often.
func (m stepping) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	dst.Label = int32(rng.IntN(4))
	return nil
}

// Between is called after each step in order. What it changes is where the next step begins, what the samples of a later
// step read, what is saved after the step and what is measured, but for the average of the network, which follows in the
// next step. With SAM or in parts too, and after a resume.
func TestBetween(t *testing.T) {
	const rate = 0.125 // exact, as all that follows
	for _, train := range []spec.Train{{}, {SAM: 0.5}, {Accumulate: 2}, {Accumulate: 4, SAM: 0.5}, {EMA: 0.5}, {EMA: 0.5, Accumulate: 2}} {
		t.Run(fmt.Sprintf("sam %v/%d parts/ema %v", train.SAM, train.Accumulate, train.EMA), func(t *testing.T) {
			s := toySpec()
			s.Train.Optimizer, s.Train.Momentum, s.Train.Clip, s.Train.WeightDecay = "sgd", 0, 0, 0
			s.Train.LearningRate, s.Train.WarmUp, s.Train.Decay, s.Train.Validate = rate, 0, "none", 10
			s.Train.SAM, s.Train.EMA, s.Train.Accumulate = train.SAM, train.EMA, max(1, train.Accumulate)
			backend := acceltest.PureGo(t)
			// The textbook: after each step the weight that it left, and the average.
			var stepped, left, averages []float64
			weight, average := 1.0, 0.0
			for step := range s.Train.Steps {
				weight -= rate
				stepped = append(stepped, weight)
				average += max(1/float64(step+1), 1-train.EMA) * (weight - average)
				averages = append(averages, average)
				weight += float64(between(step))
				left = append(left, weight)
			}
			var order []int
			m, store := stepping{newWatching(1, "weight"), &order, 0}, model.NewStore()
			check, err := NewCheck(t.Context(), s, m, toyFaces(2))
			if err != nil {
				t.Fatal(err)
			}
			var saved []float32
			err = Run(t.Context(), s, m, store, toyFaces(9), toyFaces(2), Options{
				Backend: backend, SaveEvery: 1,
				Report: func(p Progress) {
					at := p.Step - 1
					if len(order) != p.Step || order[at] != at {
						t.Errorf("after step %d Between was called after %v", p.Step, order)
					}
					near(t, fmt.Sprint("loss of step ", p.Step), p.Loss, stepped[at]+rate, 1e-6)
					near(t, fmt.Sprint("weight after step ", p.Step), float64(values(t, store)["/net/weight"][0]), left[at], 1e-6)
					measured := left[at]
					if train.EMA > 0 {
						measured = averages[at]
					}
					hits := 0.0
					for _, label := range check.samples.Labels {
						if label == int32(measured) {
							hits++
						}
					}
					near(t, fmt.Sprint("accuracy of step ", p.Step), p.HeldOut, hits/checkImages, 0)
				},
				Save: func(int, time.Duration) error {
					file, err := State(store)
					saved = append(saved, file.Tensors["/net/weight"].Data...)
					return err
				},
			})
			if err != nil {
				t.Fatalf("%+v", err)
			}
			if len(order) != 10 || len(saved) != 10 {
				t.Errorf("Between was called after %v, %d states were saved", order, len(saved))
			}
			for step, v := range saved {
				near(t, fmt.Sprint("saved after step ", step+1), float64(v), left[step], 1e-6)
				if vars, _ := m.seen.Load(step); step > 0 {
					near(t, fmt.Sprint("read by step ", step+1), float64(vars.(method.Vars)["weight"][0]), left[step-1], 1e-6)
				}
			}
			last := left[9]
			if train.EMA > 0 {
				last = averages[9] // the end is the average, which Between cannot reach any more
			}
			near(t, "the weight in the end", float64(values(t, store)["/net/weight"][0]), last, 1e-6)

			s.Train.Validate = 0
			want, _ := interrupted(t, backend, s, m, toyFaces(9), toyFaces(2))
			order = nil
			got, _ := interrupted(t, backend, s, m, toyFaces(9), toyFaces(2), 1, 3, 6)
			sameState(t, got, want)
			if !slices.Equal(order, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
				t.Errorf("interrupted: Between was called after %v", order)
			}
		})
	}
}

// An error of Between ends the run with the step's name; the samples that wait for it end too.
func TestBetweenFails(t *testing.T) {
	s := toySpec()
	var order []int
	steps := 0
	err := Run(t.Context(), s, stepping{newWatching(1, "weight"), &order, 4}, model.NewStore(), toyFaces(9), toyFaces(2), Options{
		Backend: acceltest.PureGo(t), Report: func(Progress) { steps++ },
	})
	if !errors.Is(err, errBetween) || err.Error() != "train: after step 4: no teacher" || steps != 3 {
		t.Errorf("error %v after %d steps", err, steps)
	}
}
