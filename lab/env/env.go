// Package env is the surroundings in which experiments are done: where data and results lie, what computes, whom to tell.
// None of it changes a number; what does is in the [spec.Spec].
package env

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
)

// Event tells what is going on: Done of Total items of Stage are done. Training is set while a network trains.
type Event struct {
	Stage       string
	Done, Total int
	Training    *store.Step
	Note        string // one line for people, if not empty
}

// Env is the surroundings of experiments. The fields are set before its first use; then it may be used by several
// goroutines.
type Env struct {
	source.Root // its Note and Report lead to Tell

	Results   string        // folder of the runs
	Backend   accel.Options // what computes
	Devices   int           // of the backend that share a batch; 0 is one
	SaveEvery time.Duration // from one checkpoint of a training to the next
	Lease     time.Duration // how long a process that makes a run may be silent before another may take it over
	Memory    int64         // bytes for decoded faces; 0 for the default
	// AllowLeaks marks the figures of test sets that show what is trained or chosen on, in the place of refusing them.
	AllowLeaks bool
	Tell       func(Event) // receives progress, one call at a time; nil for nobody

	telling  sync.Mutex
	mu       sync.Mutex
	computer *accel.Accel
	clips    *source.Cache
}

// New returns the default surroundings of the runs in a folder: faces cut as [extract.Default] says, bad images skipped, a
// checkpoint every minute, the lease of [store.Lease].
func New(results string) *Env {
	e := &Env{Results: results, SaveEvery: time.Minute, Lease: store.Lease}
	e.Cut, e.Mode = extract.Default, datasets.Skip
	e.Note = func(format string, args ...any) { e.Report(Event{Note: fmt.Sprintf(format, args...)}) }
	e.Root.Report = func(stage string, done, total int) { e.Report(Event{Stage: stage, Done: done, Total: total}) }
	return e
}

// Report tells of progress.
func (e *Env) Report(event Event) {
	if e.Tell == nil {
		return
	}
	e.telling.Lock()
	defer e.telling.Unlock()
	e.Tell(event)
}

// Compute opens the backend when it is first needed; training tells whether a network will be trained. The backend belongs
// to e, which gives it back in Close.
func (e *Env) Compute(ctx context.Context, training bool) (*accel.Accel, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.computer != nil {
		return e.computer, nil
	}
	options := e.Backend
	options.Training = training
	options.Progress = e.NoteWriter()
	computer, err := accel.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	e.computer = computer
	e.Note("%s", computer)
	return computer, nil
}

// Close gives the backend back.
func (e *Env) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.computer == nil {
		return nil
	}
	computer := e.computer
	e.computer = nil
	return computer.Close()
}

// Clips is the memory for decoded clips, which all sets share that are open.
func (e *Env) Clips() (*source.Cache, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clips != nil {
		return e.clips, nil
	}
	memory := e.Memory
	if memory == 0 {
		var err error
		if memory, err = source.DefaultMemory(); err != nil {
			return nil, err
		}
	}
	e.clips = source.NewCache(memory)
	return e.clips, nil
}
