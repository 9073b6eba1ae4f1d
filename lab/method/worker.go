package method

import (
	"image"

	"github.com/seeable-lab/seeable/lab/discrepancy"
)

// Worker holds the memory that one goroutine needs to make samples.
type Worker struct {
	Workspace discrepancy.Workspace
	Out       *image.RGBA // of the side of the layout
	Own       any         // what a method keeps from one sample to the next for speed; nil at first
}

// NewWorker returns a worker for samples of this layout.
func NewWorker(l Layout) *Worker {
	return &Worker{Out: image.NewRGBA(image.Rect(0, 0, l.Side, l.Side))}
}
