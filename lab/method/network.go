package method

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// NetworkPass is how many images go through a [Network] at once. The last pass is filled up, so that one compiled graph
// serves.
const NetworkPass = 64

// Network runs images through the network of a method, with the weights that its store holds at the time. Held-out
// accuracy, scores and embeddings are outputs of one graph, as each graph takes long to compile.
type Network struct {
	exec *model.Exec
	size int
}

// The outputs of the graph.
const (
	outputsOf = iota
	guessesOf
	embeddingsOf
)

// NewNetwork makes the network of m for images of size × size pixels, which is compiled at its first pass. Its variables
// are those in the scope "net" of weights.
func NewNetwork(backend compute.Backend, weights *model.Store, m Method, size int) (*Network, error) {
	exec, err := model.NewExec(backend, weights, func(_ *model.Scope, images *Node) []*Node {
		// The compiler finds what the three have in common.
		net := func() *model.Scope { return weights.Scope("/net") }
		return []*Node{m.Outputs(net(), images), m.Guesses(net(), images), m.Embeddings(net(), images)}
	})
	if err != nil {
		return nil, fmt.Errorf("method: %w", err)
	}
	return &Network{exec, size}, nil
}

// Finalize frees what the backend holds for the network.
func (n *Network) Finalize() { n.exec.Finalize() }

// Outputs are those of [Method.Outputs] for RGB images of size·size·3 bytes each: one slice an image.
func (n *Network) Outputs(ctx context.Context, images []uint8) ([][]float32, error) {
	return rows(ctx, n, images, outputsOf)
}

// Embeddings are those of [Method.Embeddings] for RGB images of size·size·3 bytes each: one slice an image.
func (n *Network) Embeddings(ctx context.Context, images []uint8) ([][]float32, error) {
	return rows(ctx, n, images, embeddingsOf)
}

// Guesses are those of [Method.Guesses] for RGB images of size·size·3 bytes each: one class an image.
func (n *Network) Guesses(ctx context.Context, images []uint8) ([]int32, error) {
	var out []int32
	err := n.passes(ctx, images, guessesOf, func(t *tensors.Tensor, images int) error {
		values, err := tensors.CopyFlatData[int32](t)
		if err == nil {
			out = append(out, values[:images]...)
		}
		return err
	})
	return out, err
}

// rows are the rows of a float32 output [B, M].
func rows(ctx context.Context, n *Network, images []uint8, output int) ([][]float32, error) {
	var out [][]float32
	err := n.passes(ctx, images, output, func(t *tensors.Tensor, images int) error {
		width := t.Shape().Dimensions[1]
		values, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return err
		}
		for i := range images {
			out = append(out, values[i*width:(i+1)*width])
		}
		return nil
	})
	return out, err
}

// passes runs the images through the graph and hands on one of its outputs, pass by pass, with the number of the images
// that it is of.
func (n *Network) passes(ctx context.Context, images []uint8, output int, take func(t *tensors.Tensor, images int) error) error {
	row := n.size * n.size * 3
	if len(images)%row != 0 {
		return fmt.Errorf("method: %d bytes are no whole number of images of %d × %d pixels", len(images), n.size, n.size)
	}
	for len(images) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(NetworkPass, len(images)/row)
		pass := images[:count*row]
		if count < NetworkPass {
			pass = make([]uint8, NetworkPass*row)
			copy(pass, images)
		}
		input := tensors.FromFlatDataAndDimensions(pass, NetworkPass, n.size, n.size, 3)
		result, err := n.exec.Exec(input)
		if err == nil {
			err = take(result[output], count)
		}
		for _, t := range append(result, input) {
			_ = t.FinalizeAll() // at once: the collector would come dozens of passes later
		}
		if err != nil {
			return fmt.Errorf("method: %w", err)
		}
		images = images[count*row:]
	}
	return nil
}
