package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// checkImages is how many held-out images an accuracy is measured on: a standard error of 1.5 points at most.
const checkImages = 1024

// Check measures how often a network names the label of held-out images, made once at official strength.
type Check struct {
	method method.Method
	size   int
	images []uint8
	labels []int32
	exec   *model.Exec

	network *method.Network // in place of exec, if not nil
}

// NewCheck makes the images from held-out faces; which face, label and draw the i-th has depends on the seed and i only.
func NewCheck(ctx context.Context, s spec.Spec, m method.Method, held []face.Face) (*Check, error) {
	if len(held) == 0 {
		return nil, errors.New("train: no held-out faces; raise data.holdout or give more faces")
	}
	size := s.Encoder.Size
	row := size * size * 3
	c := &Check{method: m, size: size, images: make([]uint8, checkImages*row), labels: make([]int32, checkImages)}
	sampler := m.Sampler()
	for i := range checkImages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := stream.New(s.Seed, "check", i)
		label, err := m.Check(sampler, c.images[i*row:(i+1)*row], held[i%len(held)], rng)
		if err != nil {
			return nil, fmt.Errorf("train: held-out face %d: %w", i%len(held), err)
		}
		c.labels[i] = int32(label)
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

// Accuracy is the share of the images whose label the network of store guesses: the averaged one, where training keeps one.
func (c *Check) Accuracy(backend compute.Backend, store *model.Store) (float64, error) {
	if c.network != nil {
		guesses, err := c.network.Guesses(context.Background(), c.images)
		if err != nil {
			return 0, fmt.Errorf("train: held-out accuracy: %w", err)
		}
		return c.hits(0, guesses) / checkImages, nil
	}
	if c.exec == nil {
		exec, err := model.NewExec(backend, store, func(_ *model.Scope, images *Node) *Node {
			return c.method.Guesses(validated(store), images)
		})
		if err != nil {
			return 0, err
		}
		c.exec = exec
	}
	const chunk = 64
	row := c.size * c.size * 3
	hits := 0.0
	for i := 0; i < checkImages; i += chunk {
		images := tensors.FromFlatDataAndDimensions(c.images[i*row:(i+chunk)*row], chunk, c.size, c.size, 3)
		out, err := c.exec.Exec(images)
		release(images)
		if err != nil {
			return 0, fmt.Errorf("train: held-out accuracy: %w", err)
		}
		guesses, err := tensors.CopyFlatData[int32](out[0])
		if err != nil {
			return 0, fmt.Errorf("train: held-out accuracy: %w", err)
		}
		hits += c.hits(i, guesses)
	}
	return hits / checkImages, nil
}

// hits is how many of the guesses are right, the first of which is of image from.
func (c *Check) hits(from int, guesses []int32) (hits float64) {
	for i, guess := range guesses {
		if guess == c.labels[from+i] {
			hits++
		}
	}
	return hits
}
