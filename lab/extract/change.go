package extract

import (
	"context"
	"errors"
	"fmt"
	"image"
	"iter"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/video"
)

// errUnchanged tells that a video could not be changed.
var errUnchanged = errors.New("cannot be changed")

// Change is what is done to videos before faces are looked for in them. Nil is nothing.
type Change struct {
	// Whole gives the path of what is read in the place of a video, and what is to be called when it was read.
	Whole func(ctx context.Context, v layout.Video) (path string, done func() error, err error)
	// Each gives a picture in the place of a frame.
	Each func(ctx context.Context, v layout.Video, index int, frame *image.RGBA) (*image.RGBA, error)
}

// After returns an extractor that looks for faces in what a change leaves of videos. A video that cannot be changed as a whole, or
// whose first frame cannot, is as one that cannot be read. What is found has no place among other faces: see [Params.Damage].
func (e *Extractor) After(c Change) *Extractor {
	changed := *e
	changed.pictures = func(ctx context.Context, v layout.Video, n, run int) iter.Seq2[video.Frame, error] {
		return func(yield func(video.Frame, error) bool) {
			read := v
			if c.Whole != nil {
				path, done, err := c.Whole(ctx, v)
				if err != nil {
					yield(video.Frame{}, fmt.Errorf("extract: %q: %w: %w", v.Path, errUnchanged, err))
					return
				}
				read.Path = path
				// What is left of a temporary file harms no face.
				defer func() { _ = done() }()
			}
			first := true
			for frame, err := range e.pictures(ctx, read, n, run) {
				if err == nil && c.Each != nil {
					if frame.Image, err = c.Each(ctx, v, frame.Index, frame.Image); err != nil && first {
						err = fmt.Errorf("extract: %q: %w: %w", v.Path, errUnchanged, err)
					}
					first = false
				}
				if !yield(frame, err) || err != nil {
					return
				}
			}
		}
	}
	return &changed
}
