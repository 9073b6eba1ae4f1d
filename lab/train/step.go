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
	run(b batch, rate, warmUp float64) (outcome, error)
	Finalize()
}

// outcome is what a step tells: the loss of its batch, the share classified rightly, and the gradient's norm.
type outcome struct{ loss, accuracy, gradient float64 }

// newStepper compiles nothing yet.
func newStepper(backend compute.Backend, store *model.Store, s spec.Spec, m method.Method, d *devices) (stepper, error) {
	if s.Train.Accumulate > 1 {
		return newAccumulation(backend, store, s, m)
	}
	return newWhole(backend, store, s, m, d)
}

// begin makes the graph of step, its number, one of training, before the network is built in it.
func begin(store *model.Store, t spec.Train, step *Node) {
	store.SetTraining(step.Graph(), true)
	encoder.SetStep(store.RootScope(), step)
	if t.Checkpoint {
		encoder.SetCheckpoint(store.RootScope(), step.Graph())
	}
}

// whole takes a batch through the network at once, in one graph: (images, labels, rate, warm-up, step) → (loss, hits,
// gradient norm).
type whole struct {
	exec    *model.Exec
	devices *devices
}

func newWhole(backend compute.Backend, store *model.Store, s spec.Spec, m method.Method, d *devices) (*whole, error) {
	exec, err := model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) []*Node {
		images, labels, rate, warm := inputs[0], inputs[1], inputs[2], inputs[3]
		begin(store, s.Train, inputs[4])
		loss, hits, norm := update(store, s.Train, rate, func() (loss, hits *Node) {
			return m.Loss(m.Embeddings(store.Scope(network), images), labels, warm)
		})
		return []*Node{loss, hits, norm}
	})
	if err != nil {
		return nil, err
	}
	d.spread(exec)
	return &whole{exec, d}, nil
}

func (w *whole) run(b batch, rate, warmUp float64) (outcome, error) {
	images := tensors.FromFlatDataAndDimensions(b.images, len(b.labels), b.size, b.size, 3)
	defer release(images)
	labels := tensors.FromFlatDataAndDimensions(b.labels, len(b.labels))
	inputs, err := w.devices.inputs(images, labels, float32(rate), float32(warmUp), int32(b.step))
	if err != nil {
		return outcome{}, err
	}
	// Of several devices the outputs of the first come first; the others have the same.
	out, err := w.exec.Exec(inputs...)
	if err != nil {
		return outcome{}, err
	}
	scalar := func(i int) float64 { return float64(tensors.ToScalar[float32](out[i])) }
	return outcome{scalar(0), scalar(1) / float64(len(b.labels)), scalar(2)}, nil
}

// release frees images once they were used. The collector would come dozens of batches later, and the next ones would lie
// where the memory of a step fits no more.
func release(images *tensors.Tensor) { _ = images.FinalizeAll() }

func (w *whole) Finalize() { w.exec.Finalize() }
