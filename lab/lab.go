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
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	_ "github.com/seeable-lab/seeable/lab/systems" // registers the systems beside SeeABLE and SBI
)

// DataEnv is the environment variable that names the data root when no option does.
const DataEnv = source.DataEnv

// Lab is a folder of runs with the surroundings to make more of them. It may be used by several goroutines.
type Lab struct {
	env *env.Env
}

// Event tells what a lab is doing.
type Event = env.Event

// Option is something about the surroundings; none changes a number.
type Option func(*Lab)

// WithData says where the data lie. The default is $SEEABLE_DATA.
func WithData(root string) Option { return func(l *Lab) { l.env.Data = root } }

// WithFaces says where the faces that are cut from videos lie, "" for the user's cache (see [extract.DefaultDir]), and how
// they are cut. What they are is in the digests of the sets.
func WithFaces(dir string, p extract.Params) Option {
	return func(l *Lab) { l.env.FaceDir, l.env.Cut = dir, p }
}

// WithReport receives progress; it may be called from several goroutines, one call at a time.
func WithReport(report func(Event)) Option { return func(l *Lab) { l.env.Tell = report } }

// WithStrict makes a bad image or manifest row an error instead of skipping, naming and counting it.
func WithStrict() Option { return func(l *Lab) { l.env.Mode = datasets.Strict } }

// WithBackend chooses what computes, for example "xla:cpu" or "go" (see package accel).
func WithBackend(name string) Option {
	return func(l *Lab) { l.env.Backend.Backend, l.env.Backend.PureGo = name, strings.HasPrefix(name, "go") }
}

// WithDevices spreads every training batch over n devices of the backend. Numbers change by rounding only; the default is
// one device.
func WithDevices(n int) Option { return func(l *Lab) { l.env.Devices = n } }

// WithCheckpoints says how often the state of a training run is saved; it is also saved after the last step and when the
// context ends. The default is a minute.
func WithCheckpoints(every time.Duration) Option { return func(l *Lab) { l.env.SaveEvery = every } }

// WithLease says how long a process that makes a run may be silent before another may take the run over. The default is
// [store.Lease].
func WithLease(length time.Duration) Option { return func(l *Lab) { l.env.Lease = length } }

// WithLeaks marks the figures of test sets that show what is trained or chosen on, in the place of failing with [ErrLeaks].
func WithLeaks() Option { return func(l *Lab) { l.env.AllowLeaks = true } }

// WithMemory bounds what faces may take, in bytes: those that have no room are decoded at each use. The default is
// that of lab/source, DefaultMemory.
func WithMemory(bytes int64) Option { return func(l *Lab) { l.env.Memory = bytes } }

// Open opens the folder of runs dir, which is made when the first run needs it.
func Open(dir string, options ...Option) (*Lab, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("lab: %s is a file: give a folder for the runs", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l := &Lab{env.New(dir)}
	l.env.Data = os.Getenv(DataEnv)
	for _, option := range options {
		option(l)
	}
	return l, nil
}

// Close gives the backend back.
func (l *Lab) Close() error { return l.env.Close() }

// Faces extracts the faces of the data sets of videos under the data root that are named, or of all, into the cache of
// faces (see package extract): of the videos that are trained and tested on, or of all videos. What is in the cache is not
// extracted again.
func (l *Lab) Faces(ctx context.Context, all bool, names ...string) ([]extract.Report, error) {
	return l.env.Faces(ctx, all, names...)
}

// Doctor examines what lies under the lab's data root: which data sets there are, what they lack, what cannot be read,
// of how many videos the faces are extracted, who is seen on both sides of a split, and which face crops look nearly like
// real faces to train on. Names asks for the names of missing videos.
func (l *Lab) Doctor(ctx context.Context, names bool) (layout.Report, error) {
	return l.env.Doctor(ctx, names)
}

// Errors of [Lab.Run] that say what to do with a cell; test for them with errors.Is.
var (
	// ErrBusy tells that another live process makes the run. The error is a [BusyError], which says which.
	ErrBusy = run.ErrBusy
	// ErrLost tells that another process has taken the run over, because this one stood still for longer than its lease.
	ErrLost = run.ErrLost
	// ErrDiverged tells that loss or gradients stopped being finite. The run would diverge again.
	ErrDiverged = run.ErrDiverged
	// ErrChanged tells that a run of this spec was made, or begun, with other data or other numerics.
	ErrChanged = run.ErrChanged
	// ErrLeaks tells that a test set shows people, videos or pictures that are trained or chosen on, or a picture as real and
	// as fake: its figures would say too much.
	ErrLeaks = run.ErrLeaks
)

// BusyError is ErrBusy with the host, the process and the time of the claim.
type BusyError = run.BusyError

// StoppedError tells that a run was stopped by its context. What it has done is kept.
type StoppedError = run.StoppedError

// Run is a finished run.
type Run = run.Run

// Version is that of the release, as seelab version prints it.
const Version = env.Version

// Numerics is the version of what makes numbers. Runs are used again by releases that have the same.
const Numerics = env.Numerics

// ID is the name of the run's folder: the experiment's name and the spec's hash.
func ID(s spec.Spec) string { return run.ID(s) }

// Run does the experiment s: it trains, chooses the score on held-out real faces when the spec says so, tests, and writes
// the run folder. A run that is finished already is returned as it is. One that was interrupted goes on from its last
// checkpoint and finds what it would have found undisturbed. One whose network another finished run has trained takes that.
//
// Several processes may be told to do the same run, on one machine or on many that share the folder: one does it, for the
// others Run fails with ErrBusy. It fails with ErrChanged when a run of this spec was made, or begun, with other data or
// other numerics ([Numerics]), with ErrLeaks when it would be tested on what it is trained on ([WithLeaks]), and with
// ErrDiverged when it diverged.
func (l *Lab) Run(ctx context.Context, s spec.Spec) (*Run, error) { return run.Do(ctx, l.env, s) }

// Foresee says of which test sets of an experiment no figure can come, as Run does before it trains; see [run.Foresee].
func (l *Lab) Foresee(ctx context.Context, s spec.Spec) error { return run.Foresee(ctx, l.env, s) }

// Evaluate tests a finished run on the sets under the lab's data root. The run's folder stays as it is. It fails with
// ErrLeaks where the run was trained on what would be tested; where its training sets are not there, that is not known, and
// the figures are marked so.
func (l *Lab) Evaluate(ctx context.Context, r *Run, names ...string) (store.Record, error) {
	return run.Evaluate(ctx, l.env, r, names...)
}

// Damages says what [Lab.Robust] measures.
type Damages = assess.Damages

// Robustness is what [Lab.Robust] has found.
type Robustness = assess.Robustness

// Robust measures how a finished run's score bears damage of the test sets under the lab's data root, cell by cell; see
// [assess.Robust]. What it finds lies beside the runs, and the run's folder stays as it is.
func (l *Lab) Robust(ctx context.Context, r *Run, o Damages) (*Robustness, error) {
	return assess.Robust(ctx, l.env, r, o)
}

// Measured is how a run does on the yardstick.
type Measured = assess.Measured

// Yardstick measures finished runs on one reference of pseudo-fakes, of at most so many of their held-out faces below the lab's data
// root, and compares each with the first; see [assess.Yardstick].
func (l *Lab) Yardstick(ctx context.Context, runs []*Run, faces int) ([]*Measured, error) {
	return assess.Yardstick(ctx, l.env, runs, faces)
}

// AlarmsOptions are what [Lab.Alarms] measures.
type AlarmsOptions = assess.AlarmsOptions

// Alarms measures the false alarms of a finished run on real faces below the lab's data root, in all and by group; see [assess.Alarms].
func (l *Lab) Alarms(ctx context.Context, r *Run, o AlarmsOptions) ([]operating.Alarms, error) {
	return assess.Alarms(ctx, l.env, r, o)
}

// Reselect repeats for a finished run the choice of a score, among all of its method if score.Name is "auto", on the
// held-out real faces under the lab's data root and pseudo-fakes made of them, as score.ChooseOn says. Both are augmented as
// said: as in training with r.Spec.Augment, else to see how the scores bear other colours, for example. The record that it returns
// is the run's with the new Selection, Choice and Pseudo and the best score; the run's folder stays as it is.
func (l *Lab) Reselect(ctx context.Context, r *Run, augment spec.Augment, score spec.Score) (store.Record, error) {
	return run.Reselect(ctx, l.env, r, augment, score)
}
