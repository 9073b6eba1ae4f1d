package method

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Gauger is a method whose network predicts something of its samples besides a class, of which a figure says how well it does.
type Gauger interface {
	// Predict builds the prediction of what Forward made of samples: a float32 tensor with a row for each sample.
	Predict(out []*Node) *Node
	// Gauge measures the predictions, rows of those of Predict, of samples that Check made of held-out clips. Its error says why these
	// have no figure.
	Gauge(samples *Samples, rows []Row) (Gauge, error)
}

// Gauge is a figure of predictions, in [0, 1] and larger for better ones.
type Gauge struct {
	Name  string // for people: "IoU of the boundary"
	Value float64
	Blind float64 // the figure of the best prediction, known from these samples, that is the same for all of them
	N     int     // samples that it is of
}

// ErrNoGauge tells that samples have no figure, as few may be all real.
var ErrNoGauge = errors.New("no figure")

// MeasureGauge measures a network that weights hold on a sample of each of some clips of a set that was held out; ok is false where m
// is no [Gauger], and err is [ErrNoGauge] where the samples have no figure. Donors are of the set too, and draws a function of seed and pixels.
func MeasureGauge(ctx context.Context, backend compute.Backend, weights *model.Store, m Method, seed uint64, held *source.Set, clips []int) (g Gauge, ok bool, err error) {
	gauger, ok := As[Gauger](m)
	if !ok {
		return Gauge{}, false, nil
	}
	w := NewWorker(m.Layout())
	w.Donors = donor.New(held)
	samples := NewSamples(m.Layout(), len(clips))
	for i, at := range clips {
		c, err := held.Clip(ctx, at)
		if err != nil {
			return Gauge{}, true, err
		}
		dst := samples.At(i)
		if err := m.Check(w, &dst, c, stream.New(seed, "gauge", c.Digest())); err != nil {
			return Gauge{}, true, err
		}
		samples.Labels[i] = dst.Label
	}
	network, err := NewNetwork(backend, weights, predictor{m, gauger})
	if err != nil {
		return Gauge{}, true, err
	}
	defer network.Finalize()
	rows, err := network.Rows(ctx, samples)
	if err != nil {
		return Gauge{}, true, err
	}
	if g, err = gauger.Gauge(samples, rows); err != nil {
		return Gauge{}, true, fmt.Errorf("method: %s: %w: %w", g.Name, ErrNoGauge, err)
	}
	return g, true, nil
}

// predictor is a method whose outputs are what its gauge is of. It hides all that is optional.
type predictor struct {
	Method
	gauger Gauger
}

// Outputs implements [Method].
func (p predictor) Outputs(scope *model.Scope, in Inputs) []*Node {
	return []*Node{p.gauger.Predict(p.Forward(scope, in))}
}
