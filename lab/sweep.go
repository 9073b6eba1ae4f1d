package lab

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/seeable-lab/seeable/lab/spec"
)

// CellError tells which cell of a sweep failed.
type CellError struct {
	Cell spec.Cell
	Err  error
}

func (e *CellError) Error() string {
	return fmt.Sprintf("lab: cell %d (%s): %v", e.Cell.Index, e.Cell.Label, e.Err)
}

func (e *CellError) Unwrap() error { return e.Err }

// Sweep runs the cells of a sweep in this process, one after the other, and yields each as it ends: the run, or a
// *CellError. A cell that fails stops none of the others; cells that are finished already come at once. An invalid sweep
// gives one error and no runs. It ends early with ctx.
//
// Cells that train the same network (see [spec.Spec.Training]) train it once. The command seelab sweep runs cells beside
// each other, as processes.
func (l *Lab) Sweep(ctx context.Context, w spec.Sweep) iter.Seq2[*Run, error] {
	return func(yield func(*Run, error) bool) {
		cells, err := w.Cells()
		if err != nil {
			yield(nil, fmt.Errorf("lab: %w", err))
			return
		}
		for _, cell := range cells {
			l.env.Note("cell %d of %d: %s", cell.Index+1, len(cells), cell.Label)
			run, err := l.RunWhenFree(ctx, cell.Spec)
			if err != nil {
				run, err = nil, &CellError{cell, err}
			}
			if !yield(run, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

// busyPause is how often RunWhenFree looks again.
const busyPause = 2 * time.Second

// RunWhenFree is Run, but waits for another process that works on the same run: in the end that one has finished it, or
// has died and the run goes on here.
func (l *Lab) RunWhenFree(ctx context.Context, s spec.Spec) (*Run, error) {
	for waiting := false; ; waiting = true {
		run, err := l.Run(ctx, s)
		if !errors.Is(err, ErrBusy) && !errors.Is(err, ErrLost) {
			return run, err
		}
		if !waiting {
			l.env.Note("waiting: %v", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lab: %w", context.Cause(ctx))
		case <-time.After(busyPause):
		}
	}
}
