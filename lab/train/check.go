package train

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// checkImages is how many held-out images an accuracy is measured on: a standard error of 1.5 points at most.
const checkImages = 1024

// Check measures a network on held-out samples, made once at official strength: how often it names their label, or, where a
// method classifies nothing, what [method.Measurer] says or the loss.
type Check struct {
	method     method.Method
	classifier method.Classifier // nil if the method classifies nothing
	samples    *method.Samples
	exec       *model.Exec

	network *method.Network // in place of exec, if not nil
}

// NewCheck makes the samples from held-out clips; which clip, label and draw the i-th has depends on the seed and i only.
func NewCheck(ctx context.Context, s spec.Spec, m method.Method, held source.Source) (*Check, error) {
	if held.Len() == 0 {
		return nil, errors.New("train: no held-out faces; raise data.holdout or give more faces")
	}
	layout := m.Layout()
	c := &Check{method: m, samples: method.NewSamples(layout, checkImages)}
	c.classifier, _ = method.As[method.Classifier](m)
	workers, donors := runtime.GOMAXPROCS(0), donor.New(held)
	errs := make([]error, checkImages)
	var wait sync.WaitGroup
	for from := range workers {
		wait.Go(func() {
			w := method.NewWorker(layout)
			w.Donors = donors
			for i := from; i < checkImages && ctx.Err() == nil; i += workers {
				clip, err := held.Clip(ctx, i%held.Len())
				sample := c.samples.At(i)
				if err == nil {
					err = m.Check(w, &sample, clip, stream.New(s.Seed, "check", i))
				}
				if err != nil {
					errs[i] = fmt.Errorf("train: held-out face %d: %w", i%held.Len(), err)
					return
				}
				c.samples.Labels[i] = sample.Label
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i]
	}
	return c, nil
}

// Finalize frees what the backend holds for the check.
func (c *Check) Finalize() {
	if c.exec != nil {
		c.exec.Finalize()
		c.exec = nil
	}
}

// Measure is the share of the samples whose label the network of store guesses, or, where a method classifies nothing, what it is
// measured by in its place: of the averaged network, where training keeps one.
func (c *Check) Measure(backend compute.Backend, store *model.Store) (float64, error) {
	if c.network != nil && c.classifier != nil {
		guesses, err := c.network.Guesses(context.Background(), c.samples)
		if err != nil {
			return 0, fmt.Errorf("train: held-out accuracy: %w", err)
		}
		return c.hits(0, guesses) / checkImages, nil
	}
	layout := c.samples.Layout
	if c.exec == nil {
		exec, err := model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) *Node {
			in := layout.Trained(inputs)
			net := validated(store)
			out := c.method.Forward(net, in)
			var measured *Node
			measurer, measures := method.As[method.Measurer](c.method)
			switch {
			case c.classifier != nil:
				measured = c.classifier.Guess(out, in)
			case measures:
				measured = measurer.Measure(out, in)
			default:
				measured = newObjective(c.method, net, out, in).loss
			}
			for v := range store.IterVariables() {
				if g := measured.Graph(); v.ChangedInGraph(g) {
					v.SetNodeValue(parameter(g, v)) // to measure changes nothing
				}
			}
			return measured
		})
		if err != nil {
			return 0, err
		}
		c.exec = exec
	}
	const chunk = 64
	total := 0.0
	for i := 0; i < checkImages; i += chunk {
		samples := c.samples.Slice(i, i+chunk).Tensors()
		args := make([]any, len(samples))
		for j, t := range samples {
			args[j] = t
		}
		out, err := c.exec.Exec(args...)
		release(samples...)
		if err != nil {
			return 0, fmt.Errorf("train: measuring held-out faces: %w", err)
		}
		if c.classifier == nil {
			total += chunk * float64(tensors.ToScalar[float32](out[0]))
			continue
		}
		guesses, err := tensors.CopyFlatData[int32](out[0])
		if err != nil {
			return 0, fmt.Errorf("train: held-out accuracy: %w", err)
		}
		total += c.hits(i, guesses)
	}
	return total / checkImages, nil
}

// hits is how many of the guesses are right, the first of which is of sample from.
func (c *Check) hits(from int, guesses []int32) (hits float64) {
	for i, guess := range guesses {
		if guess == c.samples.Labels[from+i] {
			hits++
		}
	}
	return hits
}
