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
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/source"
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
// that of lab/store, Lease.
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

// Version is that of the release, as seelab version prints it.
const Version = env.Version

// Numerics is the version of what makes numbers. Runs are used again by releases that have the same.
const Numerics = env.Numerics
