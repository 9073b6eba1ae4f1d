// Package lab is the front door: open a lab, run an experiment, test a detector, score an image.
//
//	l, err := lab.Open("results/runs", lab.WithData("../shared/data"))
//	s, err := experiments.Load("seeable-mini")
//	run, err := l.Run(ctx, s)
//	tests, err := l.Evaluate(ctx, run)
//
// What changes a number is in the [spec.Spec] and so in its hash; what does not is an option of [Open].
package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
)

// DataEnv is the environment variable that names the data root when no option does.
const DataEnv = "SEEABLE_DATA"

// Lab is a folder of runs with the surroundings to make more of them. It may be used by several goroutines.
type Lab struct {
	dir      string
	data     string
	mode     datasets.Mode
	report   func(Event)
	backend  accel.Options
	mu       sync.Mutex
	computer *accel.Accel
}

// Event tells what a lab is doing. Training is set while a network trains; else Done of Total items of Stage are done.
type Event struct {
	Stage       string
	Done, Total int
	Training    *train.Progress
	Note        string // one line for people, if not empty
}

// Option is something about the surroundings; none changes a number.
type Option func(*Lab)

// WithData says where the data lie. The default is $SEEABLE_DATA.
func WithData(root string) Option { return func(l *Lab) { l.data = root } }

// WithReport receives progress; it may be called from several goroutines, one call at a time.
func WithReport(report func(Event)) Option { return func(l *Lab) { l.report = report } }

// WithStrict makes a bad image or manifest row an error instead of skipping, naming and counting it.
func WithStrict() Option { return func(l *Lab) { l.mode = datasets.Strict } }

// WithBackend chooses what computes, for example "xla:cpu" or "go" (see package accel).
func WithBackend(name string) Option {
	return func(l *Lab) { l.backend.Backend, l.backend.PureGo = name, strings.HasPrefix(name, "go") }
}

// Open opens the folder of runs dir, which is made when the first run needs it.
func Open(dir string, options ...Option) (*Lab, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("lab: %s is a file: give a folder for the runs", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l := &Lab{dir: dir, data: os.Getenv(DataEnv), mode: datasets.Skip}
	for _, option := range options {
		option(l)
	}
	if report := l.report; report != nil {
		var mu sync.Mutex
		l.report = func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			report(e)
		}
	} else {
		l.report = func(Event) {}
	}
	return l, nil
}

// Close gives the backend back.
func (l *Lab) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.computer == nil {
		return nil
	}
	computer := l.computer
	l.computer = nil
	return computer.Close()
}

// compute opens the backend when it is first needed.
func (l *Lab) compute(ctx context.Context, training bool) (*accel.Accel, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.computer != nil {
		return l.computer, nil
	}
	options := l.backend
	options.Training = training
	options.Progress = noteWriter{l}
	computer, err := accel.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	l.computer = computer
	l.note("%s", computer)
	return computer, nil
}

func (l *Lab) note(format string, args ...any) { l.report(Event{Note: fmt.Sprintf(format, args...)}) }

// noteWriter turns lines into notes.
type noteWriter struct{ l *Lab }

func (w noteWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		w.l.note("%s", strings.TrimRight(line, "\r\n"))
	}
	return len(p), nil
}

// Errors of [Lab.Run] that say what to do with a cell; test for them with errors.Is.
var (
	// ErrBusy tells that another live process makes the run. The error is a [BusyError], which says which.
	ErrBusy = store.ErrBusy
	// ErrLost tells that another process has taken the run over, because this one stood still for longer than its lease.
	ErrLost = store.ErrLost
	// ErrDiverged tells that loss or gradients stopped being finite. The run would diverge again.
	ErrDiverged = train.ErrDiverged
	// ErrChanged tells that a run of this spec was made, or begun, with other data or another version of the lab.
	ErrChanged = errors.New("lab: changed")
)

// BusyError is ErrBusy with the host, the process and the time of the claim.
type BusyError = store.BusyError

// Run is a finished run.
type Run struct {
	Dir    string
	Spec   spec.Spec
	Record store.Record
}

// ID is the name of the run's folder: the experiment's name and the spec's hash.
func ID(s spec.Spec) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(s.Name))
	if name == "" {
		name = "run"
	}
	return name + "-" + s.Hash()
}

// Load returns a finished run of this lab by its id, or by a part of the id that only one run has.
func (l *Lab) Load(id string) (*Run, error) {
	ids, err := store.List(l.dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, known := range ids {
		if known == id {
			found = []string{known}
			break
		}
		if id != "" && strings.Contains(known, id) {
			found = append(found, known)
		}
	}
	switch {
	case len(found) > 1:
		return nil, fmt.Errorf("lab: run %q is one of several: %s", id, strings.Join(found, ", "))
	case len(found) == 0 && len(ids) == 0:
		return nil, fmt.Errorf("lab: no run %q: %s holds no finished run yet; make one with seelab run", id, l.dir)
	case len(found) == 0:
		return nil, fmt.Errorf("lab: no run %q in %s; there are %s", id, l.dir, strings.Join(ids, ", "))
	}
	dir := filepath.Join(l.dir, found[0])
	record, err := store.ReadRecord(dir)
	if err != nil {
		return nil, err
	}
	s, err := spec.ParseFile(filepath.Join(dir, store.SpecFile))
	if err != nil {
		return nil, err
	}
	return &Run{dir, s, record}, nil
}

// Runs lists the ids of the finished runs, sorted.
func (l *Lab) Runs() ([]string, error) { return store.List(l.dir) }
