// Package train is the loop that turns faces into a detector's weights.
//
// A step is AdamW or SGD on one batch. Sharpness-aware minimisation takes its gradient where the loss is worst nearby; a
// batch may go through the network in parts, or the maps inside a block be made anew in the backward pass, both for less
// memory; a batch may be spread over devices; a running average of the network may take its place in the end. These work
// together, but for devices, which go with maps made anew and with none of the others so far, and a run that was
// interrupted goes on to the same bits with all of them.
package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// ErrDiverged tells that loss or gradients stopped being finite. The weights are those before that step.
var ErrDiverged = errors.New("train: diverged")

// Progress is the state of a run after a step.
type Progress struct {
	Step, Steps int
	Loss        float64 // of this step's batch
	Terms       []Term  // the parts of Loss, where there are several
	Accuracy    float64 // share of this step's samples classified rightly; −1 of a method that classifies nothing
	HeldOut     float64 // accuracy on held-out faces when it was measured at this step, else −1
	HeldOutLoss float64 // what is measured in its place of a method that classifies nothing; else NaN
	Rate        float64 // learning rate
	Strength    float64 // the curriculum's factor
	Elapsed     time.Duration
}

// Term is a part of a loss.
type Term struct {
	Name  string
	Value float64
}

// Options are the surroundings of a run; none changes a number.
type Options struct {
	Backend compute.Backend
	// Network measures the held-out accuracy, if not nil: that of the store and the method, which then need not be compiled
	// once more.
	Network *method.Network
	// Devices is how many devices of the backend share each batch; 0 means one. Rounding depends on it.
	Devices int
	// Memory is how many bytes steps may take: [Run] fails before the first of them if they would take more. 0 is no bound, and
	// with several devices none is checked.
	Memory int64
	// Report is called after every step, if not nil.
	Report func(Progress)
	// Done is how many steps the store has behind it, which [RestoreState] has filled from a checkpoint; After is how long
	// they took.
	Done  int
	After time.Duration
	// Save is called with the number of steps done, if not nil: when SaveEvery has passed since the last call, after the
	// last step, and when ctx ends. An error ends the run.
	Save      func(done int, elapsed time.Duration) error
	SaveEvery time.Duration
}

// Run trains m on clips, as [method.Method.Keep] leaves them, into store. Variables that store already holds, such as
// pretrained weights, are kept as the start. held are clips of other people, for the accuracy in the reports.
//
// Where the spec asks for an average of the weights, held-out accuracy is its own, and store has it in the place of the
// network once the last step is done and saved; until then, in reports too, the network is the one that moves.
//
// Batches are functions of the seed and the step, and are made on all cores while the backend computes the step before. So
// a run that goes on from a saved state makes the same steps as one that was never interrupted.
// Run ends early with ErrDiverged, naming the step, or when ctx ends.
func Run(ctx context.Context, s spec.Spec, m method.Method, store *model.Store, clips, held source.Source, o Options) error {
	// An Exec returns what is panicked with an error while its graph is built, and nothing else.
	return graphs.Try(func() error { return run(ctx, s, m, store, clips, held, o) })
}

func run(ctx context.Context, s spec.Spec, m method.Method, store *model.Store, clips, held source.Source, o Options) error {
	if clips.Len() == 0 {
		return errors.New("train: no faces to train on")
	}
	t := s.Train
	if o.Done >= t.Steps {
		return settle(store)
	}
	if group := m.Layout().Group() * max(1, t.Accumulate); t.Batch%group != 0 {
		return fmt.Errorf("train: a batch of %d samples: want a multiple of %d, the samples that the method makes of a clip times train.accumulate",
			t.Batch, group)
	}
	devices, err := newDevices(o.Devices, o.Backend, t)
	if err != nil {
		return err
	}
	step, err := newStepper(o.Backend, store, s, m, devices)
	if err != nil {
		return err
	}
	defer step.Finalize()
	if o.Memory > 0 && devices == nil {
		if err := fits(step, s, m.Layout(), o.Memory); err != nil {
			return err
		}
	}
	check, err := NewCheck(ctx, s, m, held)
	if err != nil {
		return err
	}
	defer check.Finalize()
	if s.Train.EMA == 0 {
		// It has the weights of training, not their average, until training ends.
		check.network = o.Network
	}

	start, saved, savedAt := time.Now().Add(-o.After), o.Done, time.Now()
	save := func(done int) error {
		if o.Save == nil || done == saved {
			return nil
		}
		saved, savedAt = done, time.Now()
		return o.Save(done, time.Since(start))
	}
	done := o.Done
	watched, err := newWatcher(store, m, done)
	if err != nil {
		return err
	}
	parts, err := groupsOf(m)
	if err != nil {
		return err
	}
	between, _ := method.As[method.Stepper](m)
	for batch := range batches(ctx, s, m, clips, watched, done) {
		if batch.err != nil {
			return batch.err
		}
		p := Progress{
			Step: batch.step + 1, Steps: t.Steps, Accuracy: -1, HeldOut: -1, HeldOutLoss: math.NaN(),
			Rate: rate(t, batch.step), Strength: curriculum(t, batch.step),
		}
		made, err := step.run(batch, p.Rate, share(t, batch.step))
		if err != nil {
			return fmt.Errorf("train: step %d: %w", p.Step, err)
		}
		if !finite(made.loss) || !finite(made.gradient) {
			return fmt.Errorf("%w at step %d of %d: loss %g, gradient norm %g; lower train.learning_rate or set train.clip",
				ErrDiverged, p.Step, t.Steps, made.loss, made.gradient)
		}
		p.Loss, p.Terms = made.loss, made.terms
		if check.classifier != nil {
			p.Accuracy = made.accuracy
		}
		if done == o.Done { // the network is there since the first step
			if err := parts.check(store); err != nil {
				return err
			}
		}
		if between != nil {
			if err := between.Between(batch.step, store.Scope(network)); err != nil {
				return fmt.Errorf("train: after step %d: %w", p.Step, err)
			}
		}
		if err := watched.after(batch.step); err != nil {
			return err
		}
		if p.Step*t.Validate/t.Steps > batch.step*t.Validate/t.Steps {
			measured, err := check.Measure(o.Backend, store)
			if err != nil {
				return err
			}
			if check.classifier != nil {
				p.HeldOut = measured
			} else {
				p.HeldOutLoss = measured
			}
		}
		done, p.Elapsed = p.Step, time.Since(start)
		if o.Report != nil {
			o.Report(p)
		}
		if done < t.Steps && o.SaveEvery > 0 && time.Since(savedAt) >= o.SaveEvery {
			if err := save(done); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(save(done), ctx.Err()); err != nil {
		return err
	}
	return settle(store)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// floats is the dtype that the lab trains in.
const floats = dtypes.Float32
