package method

import (
	"image"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/source/donor"
)

// Worker holds the memory that one goroutine needs to make samples.
type Worker struct {
	Workspace discrepancy.Workspace
	Out       *image.RGBA // of the side of the layout
	Own       any         // what a method keeps from one sample to the next for speed; nil at first
	// Donors are other people's faces, for samples, checks and pseudo-fakes alike: the real ones of the source that the clips come
	// from, so that nobody is pasted into training who is held out. nil where nobody gave any.
	Donors *donor.Pool
}

// NewWorker returns a worker for samples of this layout.
func NewWorker(l Layout) *Worker {
	return &Worker{Out: image.NewRGBA(image.Rect(0, 0, l.Side, l.Side))}
}
