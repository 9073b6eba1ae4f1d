package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/store"
)

// Runs lists the ids of the finished runs, sorted.
func (l *Lab) Runs() ([]string, error) { return store.List(l.env.Results) }

// List lists the runs of any state by id; see [store.Scan].
func (l *Lab) List() ([]store.Entry, error) { return store.Scan(l.env.Results) }

// Load returns a finished run of this lab by its id, or by a part of the id that only one run has.
func (l *Lab) Load(id string) (*Run, error) { return run.Load(l.env.Results, id) }

// Find returns what is known of a run of any state by its id, or by a part of the id that only one run has.
func (l *Lab) Find(id string) (store.Entry, error) { return run.Find(l.env.Results, id) }

// Remove removes a run of any state by its id, weights and all. It fails with a [BusyError] while a process makes it.
func (l *Lab) Remove(ctx context.Context, id string) error {
	return store.Remove(ctx, l.env.Results, id)
}

// Verify compares the files of a run with the digests that were written with them: those of the run folder if it is
// finished, else of its checkpoints. It fails with [store.ErrDamaged], naming the files that are not as they were.
func (l *Lab) Verify(id string) error { return store.VerifyRun(l.env.Results, id) }
