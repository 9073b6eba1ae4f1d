package method

import (
	"context"
	"fmt"
	"sync"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

// NetworkPass is how many samples go through a [Network] at once. The last pass is filled up, so that one compiled graph
// serves and a row's bits do not depend on its company. On processors more are hardly faster, and the faces that a few callers
// score at a time, of one or two samples each, would fill a part of them.
const NetworkPass = 16

// Network runs samples through the network of a method, with the weights that its store holds at the time. Held-out
// accuracy and rows are outputs of one graph, as each graph takes long to compile. It may be used by several goroutines.
type Network struct {
	mu      sync.Mutex // of exec
	exec    *model.Exec
	layout  Layout
	classes int // 0 if it classifies nothing
}

// NewNetwork makes the network of m, which is compiled at its first pass. Its variables are those in the scope "net" of
// weights.
func NewNetwork(backend compute.Backend, weights *model.Store, m Method) (*Network, error) {
	n := &Network{layout: m.Layout()}
	classifier, classifies := As[Classifier](m)
	if classifies {
		n.classes = classifier.Classes()
	}
	exec, err := model.NewExec(backend, weights, func(_ *model.Scope, inputs []*Node) []*Node {
		// The compiler finds what they have in common.
		net := func() *model.Scope { return weights.Scope("/net") }
		in := n.layout.Trained(inputs)
		out := m.Outputs(net(), in)
		if classifies {
			out = append([]*Node{classifier.Guess(m.Forward(net(), in), in)}, out...)
		}
		for v := range weights.IterVariables() {
			if g := out[0].Graph(); v.ChangedInGraph(g) {
				v.SetNodeValue(g.GetParameterByName(v.Path())) // a pass changes nothing
			}
		}
		return out
	})
	if err != nil {
		return nil, fmt.Errorf("method: %w", err)
	}
	n.exec = exec
	return n, nil
}

// Finalize frees what the backend holds for the network.
func (n *Network) Finalize() { n.exec.Finalize() }

// Rows are what [Method.Outputs] makes of samples, in their order.
func (n *Network) Rows(ctx context.Context, s *Samples) ([]Row, error) {
	out := make([]Row, 0, s.Len())
	skip := min(n.classes, 1)
	err := n.passes(ctx, s, func(result []*tensors.Tensor, count int) error {
		result = result[skip:]
		first := len(out)
		for range count {
			out = append(out, make(Row, len(result)))
		}
		for j, t := range result {
			values, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return err
			}
			width := len(values) / NetworkPass
			for i := range count {
				out[first+i][j] = values[i*width : (i+1)*width : (i+1)*width]
			}
		}
		return nil
	})
	return out, err
}

// Guesses are what [Classifier.Guess] makes of samples, in their order. It is an error where the method classifies nothing.
func (n *Network) Guesses(ctx context.Context, s *Samples) ([]int32, error) {
	if n.classes == 0 {
		return nil, fmt.Errorf("method: a network that classifies nothing was asked for classes")
	}
	var out []int32
	err := n.passes(ctx, s, func(result []*tensors.Tensor, count int) error {
		values, err := tensors.CopyFlatData[int32](result[0])
		if err == nil {
			out = append(out, values[:count]...)
		}
		return err
	})
	return out, err
}

// passes runs samples through the graph and hands on what it gives, pass by pass, with the number of the samples that it is
// of.
func (n *Network) passes(ctx context.Context, s *Samples, take func(result []*tensors.Tensor, count int) error) error {
	if s.Layout != n.layout || len(s.Images)%n.layout.imageBytes() != 0 || len(s.Extra) != s.Len()*n.layout.extraBytes() {
		return fmt.Errorf("method: %d and %d bytes of layout %+v are no whole number of samples of layout %+v", len(s.Images), len(s.Extra), s.Layout, n.layout)
	}
	for from := 0; from < s.Len(); from += NetworkPass {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(NetworkPass, s.Len()-from)
		pass := s.Slice(from, from+count)
		pass.Labels = nil
		if count < NetworkPass {
			filled := NewSamples(n.layout, NetworkPass)
			copy(filled.Images, pass.Images)
			copy(filled.Extra, pass.Extra)
			filled.Labels, pass = nil, filled
		}
		inputs := pass.Tensors()
		args := make([]any, len(inputs))
		for i, t := range inputs {
			args[i] = t
		}
		var result []*tensors.Tensor
		n.mu.Lock()
		err := graphs.Try(func() (err error) {
			result, err = n.exec.Exec(args...)
			return err
		})
		n.mu.Unlock()
		if err == nil {
			err = take(result, count)
		}
		for _, t := range append(result, inputs...) {
			_ = t.FinalizeAll() // at once: the collector would come dozens of passes later
		}
		if err != nil {
			return fmt.Errorf("method: %w", err)
		}
	}
	return nil
}
