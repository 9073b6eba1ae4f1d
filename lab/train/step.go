package train

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// stepper makes optimizer steps.
type stepper interface {
	// run takes a batch at a learning rate, with a part of the training done.
	run(b batch, rate, share float64) (outcome, error)
	// compile compiles what takes the memory of a step on a batch of so many samples.
	compile(rows int) ([]program, error)
	Finalize()
}

// outcome is what a step tells: the loss of its batch and its terms, the share classified rightly, and the gradient's norm.
type outcome struct {
	loss, accuracy, gradient float64
	terms                    []Term
}

// newStepper compiles nothing yet.
func newStepper(backend compute.Backend, store *model.Store, s spec.Spec, m method.Method, d *devices) (stepper, error) {
	parts, err := groupsOf(m)
	if err != nil {
		return nil, err
	}
	parts.prepare(store)
	o := optimizer{s.Train, parts}
	if s.Train.Accumulate > 1 {
		return newAccumulation(backend, store, o, m)
	}
	return newWhole(backend, store, o, m, d)
}

// begin makes the graph of step, its number, one of training, before the network is built in it.
func begin(store *model.Store, t spec.Train, step *Node) {
	store.SetTraining(step.Graph(), true)
	encoder.SetStep(store.RootScope(), step)
	if t.Checkpoint {
		encoder.SetCheckpoint(store.RootScope(), step.Graph())
	}
}

// whole takes a batch through the network at once, in one graph: (samples…, rate, share, step) → (loss, hits, gradient norm,
// terms of the loss if there are several).
type whole struct {
	exec    *model.Exec
	layout  method.Layout
	devices *devices
	names   []string // of the terms, once the graph was built
}

func newWhole(backend compute.Backend, store *model.Store, o optimizer, m method.Method, d *devices) (*whole, error) {
	layout, w := m.Layout(), &whole{layout: m.Layout(), devices: d}
	rows := layout.Arity()
	exec, err := model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) []*Node {
		rate, share := inputs[rows], inputs[rows+1]
		begin(store, o.train, inputs[rows+2])
		in := layout.Inputs(inputs[:rows], share)
		made, norm := o.update(store, rate, share, func() objective {
			scope := store.Scope(network)
			return newObjective(m, scope, m.Forward(scope, in), in)
		})
		return append([]*Node{made.loss, made.hits, norm}, w.tell(made.terms)...)
	})
	if err != nil {
		return nil, err
	}
	d.spread(exec, rows)
	w.exec = exec
	return w, nil
}

// tell takes the names of several terms, and returns their values.
func (w *whole) tell(terms []method.Term) (values []*Node) {
	if w.names = nil; len(terms) < 2 {
		return nil
	}
	for _, term := range terms {
		w.names, values = append(w.names, term.Name), append(values, term.Value)
	}
	return values
}

func (w *whole) run(b batch, rate, share float64) (outcome, error) {
	samples := b.Tensors()
	defer release(samples...)
	inputs, err := w.devices.inputs(samples, float32(rate), share, int32(b.step))
	if err != nil {
		return outcome{}, err
	}
	// Of several devices the outputs of the first come first; the others have the same.
	out, err := w.exec.Exec(inputs...)
	if err != nil {
		return outcome{}, err
	}
	scalar := func(i int) float64 { return float64(tensors.ToScalar[float32](out[i])) }
	o := outcome{loss: scalar(0), accuracy: scalar(1) / float64(b.Len()), gradient: scalar(2)}
	for i, name := range w.names {
		o.terms = append(o.terms, Term{name, scalar(3 + i)})
	}
	return o, nil
}

// release frees samples once they were used. The collector would come dozens of batches later, and the next ones would lie
// where the memory of a step fits no more.
func release(samples ...*tensors.Tensor) {
	for _, t := range samples {
		_ = t.FinalizeAll()
	}
}

func (w *whole) Finalize() { w.exec.Finalize() }
