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
	"strings"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
)

// DataEnv is the environment variable that names the data root when no option does.
const DataEnv = "SEEABLE_DATA"

// Lab is a folder of runs with the surroundings to make more of them. It may be used by several goroutines.
type Lab struct {
	dir       string
	data      string
	faceDir   string
	faces     extract.Params
	mode      datasets.Mode
	report    func(Event)
	backend   accel.Options
	devices   int // of the backend that share a batch; 0 is one
	saveEvery time.Duration
	lease     time.Duration
	memory    int64 // for decoded faces, in bytes; 0 for source.DefaultMemory
	mu        sync.Mutex
	computer  *accel.Accel
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

// WithFaces says where the faces that are cut from videos lie, "" for the user's cache (see [extract.DefaultDir]), and how
// they are cut. What they are is in the digests of the sets.
func WithFaces(dir string, p extract.Params) Option {
	return func(l *Lab) { l.faceDir, l.faces = dir, p }
}

// WithReport receives progress; it may be called from several goroutines, one call at a time.
func WithReport(report func(Event)) Option { return func(l *Lab) { l.report = report } }

// WithStrict makes a bad image or manifest row an error instead of skipping, naming and counting it.
func WithStrict() Option { return func(l *Lab) { l.mode = datasets.Strict } }

// WithBackend chooses what computes, for example "xla:cpu" or "go" (see package accel).
func WithBackend(name string) Option {
	return func(l *Lab) { l.backend.Backend, l.backend.PureGo = name, strings.HasPrefix(name, "go") }
}

// WithDevices spreads every training batch over n devices of the backend. Numbers change by rounding only; the default is
// one device.
func WithDevices(n int) Option { return func(l *Lab) { l.devices = n } }

// WithCheckpoints says how often the state of a training run is saved; it is also saved after the last step and when the
// context ends. The default is a minute.
func WithCheckpoints(every time.Duration) Option { return func(l *Lab) { l.saveEvery = every } }

// WithLease says how long a process that makes a run may be silent before another may take the run over. The default is
// [store.Lease].
func WithLease(length time.Duration) Option { return func(l *Lab) { l.lease = length } }

// WithMemory bounds what faces may take, in bytes: those that have no room are decoded at each use. The default is
// that of lab/source, DefaultMemory.
func WithMemory(bytes int64) Option { return func(l *Lab) { l.memory = bytes } }

// Open opens the folder of runs dir, which is made when the first run needs it.
func Open(dir string, options ...Option) (*Lab, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("lab: %s is a file: give a folder for the runs", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l := &Lab{dir: dir, data: os.Getenv(DataEnv), faces: extract.Default, mode: datasets.Skip, saveEvery: time.Minute, lease: store.Lease}
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

// StoppedError tells that a run was stopped by its context. What it has done is kept.
type StoppedError struct {
	Run         string
	Done, Steps int   // of the training
	Err         error // of the context
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("lab: %s stopped after step %d of %d; run it again to go on from there", e.Run, e.Done, e.Steps)
}

// Unwrap returns Err.
func (e *StoppedError) Unwrap() error { return e.Err }

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
