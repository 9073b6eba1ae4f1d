// Package run makes runs: it looks for the data of an experiment, trains, chooses the score, tests, reports and commits the
// run folder; and it reads finished runs and tests them again.
package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/heatmap"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
	"github.com/seeable-lab/seeable/lab/version"
)

// Errors of [Do] that say what to do with a cell; test for them with errors.Is.
var (
	// ErrBusy tells that another live process makes the run. The error is a [BusyError], which says which.
	ErrBusy = store.ErrBusy
	// ErrLost tells that another process has taken the run over, because this one stood still for longer than its lease.
	ErrLost = store.ErrLost
	// ErrDiverged tells that loss or gradients stopped being finite. The run would diverge again.
	ErrDiverged = train.ErrDiverged
	// ErrChanged tells that a run of this spec was made, or begun, with other data or other numerics.
	ErrChanged = errors.New("run: changed")
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
	return fmt.Sprintf("run: %s stopped after step %d of %d; run it again to go on from there", e.Run, e.Done, e.Steps)
}

// Unwrap returns Err.
func (e *StoppedError) Unwrap() error { return e.Err }

// Run is a finished run, or what is left of one in a packed detector (package pack).
type Run struct {
	Dir    string // "" where it is not a folder on disk
	Spec   spec.Spec
	Record store.Record

	files fs.FS // what Files returns, if not those of Dir
}

// Files are those of the run's folder.
func (r *Run) Files() fs.FS {
	if r.files != nil {
		return r.files
	}
	return os.DirFS(r.Dir)
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

// Do does the experiment s: it trains, chooses the score on held-out real faces when the spec says so, tests, and writes
// the run folder. A run that is finished already is returned as it is. One that was interrupted goes on from its last
// checkpoint and finds what it would have found undisturbed. One whose network another finished run has trained takes that.
// Test sets of one class, or of which nothing can be read, are named before the training, and give scores but no figure; it
// is an error if the spec names no others and there is training left.
//
// Several processes may be told to do the same run, on one machine or on many that share the folder: one does it, for the
// others Do fails with ErrBusy. It fails with ErrChanged when a run of this spec was made, or begun, with other data or
// other numerics, with ErrLeaks when it would be tested on what it is trained on, and with ErrDiverged when it diverged.
func Do(ctx context.Context, e *env.Env, s spec.Spec) (*Run, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	id := ID(s)
	dir := filepath.Join(e.Results, id)
	in, missing := look(e, s)
	record, err := store.ReadRecord(dir)
	if errors.Is(err, fs.ErrNotExist) && missing == nil {
		if err := in.findLeaks(ctx, e, s, true); err != nil {
			return nil, err
		}
		var cell *store.Cell
		if cell, err = store.Claim(ctx, e.Results, id, e.Lease); err == nil {
			return workOn(e, id, s, in, cell)
		}
		if errors.Is(err, store.ErrFinished) { // a moment ago
			record, err = store.ReadRecord(dir)
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		err = missing
	}
	if err != nil {
		return nil, err
	}
	return finished(ctx, e, id, s, record, in, missing)
}

// workOn makes a run in a claimed cell and gives the cell back.
func workOn(e *env.Env, id string, s spec.Spec, in inputs, cell *store.Cell) (*Run, error) {
	w := &work{Env: e, cell: cell, in: in, run: &Run{Dir: cell.Dir(), Spec: s}}
	w.run.Record = store.Record{Run: id, Name: s.Name, Hash: s.Hash(), Network: s.Training().Hash()}
	err := w.do(cell.Context())
	if err == nil {
		w.run.Dir = filepath.Join(e.Results, id)
		return w.run, nil
	}
	switch cause := context.Cause(cell.Context()); {
	case errors.Is(cause, ErrLost):
		err = cause
	case cause != nil:
		err = &StoppedError{id, w.done, s.Train.Steps, err}
	case errors.Is(err, ErrLost), errors.Is(err, ErrDiverged), errors.Is(err, ErrChanged):
	default:
		err = errors.Join(err, cell.Fail(store.Failure{Kind: store.KindFailed, Step: w.done, Error: err.Error()}))
	}
	return nil, errors.Join(err, cell.Close())
}

// Detector loads the detector of a finished run.
func Detector(ctx context.Context, e *env.Env, r *Run) (*detector.Detector, error) {
	return detector.Load(ctx, e, r.Files(), r.Dir, r.Spec, r.Record)
}

func lastTenth(steps []store.Step) float64 {
	last := steps[len(steps)-max(1, len(steps)/10):]
	total := 0.0
	for _, s := range last {
		total += s.Loss
	}
	return total / float64(len(last))
}

// test scores every test set and measures it. What is kept of a set is used, and what is found is kept, if keep is not nil.
func test(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, in inputs, keep *work) (iter.Seq[store.Item], []report.Group, error) {
	var all []scoredSet
	var groups []report.Group
	var cut, names []string
	r.Record.Tests, r.Record.Rivals, r.Record.Alarms, r.Record.Coverage, r.Record.Faces = nil, nil, nil, nil, nil
	r.Record.NoAlarms = ""
	if d.Points != nil {
		r.Record.NoAlarms = d.Points.Limits(operating.Default).NoAlarm
	}
	for _, set := range in.tests {
		digest, err := source.Digest(set)
		if err != nil {
			return nil, nil, err
		}
		found, ok := keep.tested(set, d.Method, digest)
		if !ok {
			if found, err = scoreSet(ctx, e, d, r.Record.Score, set); err != nil {
				return nil, nil, err
			}
			if err := keep.keepTested(digest, d.Method, found); err != nil {
				return nil, nil, err
			}
		}
		r.Record.Skipped = append(r.Record.Skipped, found.Skipped...)
		r.Record.Synthetic = r.Record.Synthetic || set.Synthetic
		column := scoreColumn(d.Method, r.Record.Score)
		tests, err := measure(set, found.items(), column, found.Fallback)
		if err != nil {
			return nil, nil, err
		}
		for i := range tests {
			tests[i].Digest = digest
			tests[i].Synthetic = set.Synthetic || r.Record.Train.Synthetic
			tests[i].Partial = set.Partial
		}
		r.Record.Tests = append(r.Record.Tests, tests...)
		rivals, err := measureRivals(found.items(), d.Method, column)
		if err != nil {
			return nil, nil, err
		}
		r.Record.Rivals = append(r.Record.Rivals, rivals...)
		alarms, err := measureAlarms(found.items(), column, d.Points)
		if err != nil {
			return nil, nil, err
		}
		r.Record.Alarms = append(r.Record.Alarms, alarms...)
		r.Record.Coverage = append(r.Record.Coverage, coverage(set, found, column, d.Method.Layout().Count(), r.Spec.Data.Landmarks))
		cut, names = append(cut, set.Cut...), append(names, set.Name)
		all, groups = append(all, found), append(groups, found.Groups...)
	}
	r.Record.Faces = made(e, cut, names, r.Spec)
	mark(&r.Record, in.leaks)
	r.Record.AUC = store.Headline(r.Record.Tests)
	return func(yield func(store.Item) bool) {
		for _, set := range all {
			for it := range set.items() {
				if !yield(it) {
					return
				}
			}
		}
	}, groups, nil
}

// made tells of the sets that did not come ready-made how their faces came about; cut are those that are cut out of videos.
// Nil if there are none.
func made(e *env.Env, cut, sets []string, s spec.Spec) map[string]store.Faces {
	var all map[string]store.Faces
	for _, name := range sets {
		f := e.Made(slices.Contains(cut, name), s.Data.Landmarks)
		if f == (store.Faces{}) {
			continue
		}
		if all == nil {
			all = map[string]store.Faces{}
		}
		all[name] = f
	}
	return all
}

// scoredSet is what the faces of a test set got.
type scoredSet struct {
	faces    []datasets.Item
	scores   []float64      // of all faces, one behind the other, in the order of columns; NaN where one has none
	Groups   []report.Group `json:"groups"`
	Fallback float64        `json:"fallback"`
	Skipped  []string       `json:"skipped"`
}

// items are the faces with their scores.
func (s scoredSet) items() iter.Seq[store.Item] {
	return func(yield func(store.Item) bool) {
		width := len(s.scores) / max(1, len(s.faces))
		for i, it := range s.faces {
			if !yield(Row(it, s.scores[i*width:(i+1)*width:(i+1)*width])) {
				return
			}
		}
	}
}

// Row is the row of a face in scores.csv.
func Row(it datasets.Item, scores []float64) store.Item {
	return store.Item{
		Dataset: it.Dataset, Method: it.Method, Video: it.Video, Identity: it.Identity, File: it.File,
		Frame: it.Frame, Track: it.Track, Fake: it.Fake, Source: it.Source, Scores: scores,
	}
}

// scoreSet scores the faces of a set with every score of the method that the samples for score suffice for, and with the trivial
// rivals. Faces that could not be read stay, without a score; it may be all of them.
func scoreSet(ctx context.Context, e *env.Env, d *detector.Detector, score string, set datasets.Set) (found scoredSet, err error) {
	names, profile := d.Method.Scores(), newProfile(d.Method, set)
	width := len(columns(d.Method))
	found.faces, found.scores = set.Items, slices.Repeat([]float64{math.NaN()}, len(set.Items)*width)
	if frames := d.Method.Layout().Count(); frames > 1 && e.Mode == datasets.Skip {
		if _, err := set.Clips(frames, frames); err != nil {
			found.Skipped = []string{err.Error()}
			return found, nil
		}
	}
	clips, skipped, err := prepare.Test(ctx, e, d.Spec, d.Method, set)
	if err != nil {
		return scoredSet{}, err
	}
	defer clips.Close()
	found.Skipped = skipped
	read, fallback := 0, 0
	var gone *fs.PathError
	// Scores that need other samples than score does are recorded only where its samples suffice.
	err = eachReading(ctx, e, d, clips, score, "testing "+set.Name, func(i int, r detector.Reading, look [rival.Count]float64) error {
		if r.Err != nil {
			if e.Mode == datasets.Strict {
				return r.Err
			}
			found.Skipped = append(found.Skipped, r.Err.Error())
			errors.As(r.Err, &gone)
			return nil
		}
		read++
		if r.Fallback {
			fallback++
		}
		at := clips.Index(i) * width
		for k, name := range names {
			found.scores[at+k] = d.Score(name, r.Rows)
		}
		copy(found.scores[at+len(names):], look[:])
		profile.add(clips.Item(i).Fake, r.Rows)
		return nil
	})
	if err != nil {
		return scoredSet{}, err
	}
	if read == 0 && gone != nil {
		// It is the disk that fails and not the faces: the run can go on when it is back.
		return scoredSet{}, fmt.Errorf("run: none of the %d faces of %s can be opened: %w", clips.Len(), set.Name, gone)
	}
	found.Groups = profile.groups()
	found.Fallback = float64(fallback) / float64(max(1, read))
	return found, nil
}

// eachReading is [detector.Detector.Each] with what rivals see in each clip.
func eachReading(ctx context.Context, e *env.Env, d *detector.Detector, clips *source.Set, score, stage string,
	do func(i int, r detector.Reading, look [rival.Count]float64) error) error {
	seen := watched{clips, make([][rival.Count]float64, detector.Part)}
	return d.Each(ctx, seen, detector.Part, score, func(i int, r detector.Reading) error {
		return do(i, r, *seen.look(i))
	}, func(read int) {
		e.Report(env.Event{Stage: stage, Done: read, Total: clips.Len()})
	})
}

// Evaluate tests a finished run on the sets under the data root, or on those that are named. A set of one class, or of which
// nothing can be read, gives rows without a figure; it is an error if all that are named are such. The run's folder stays as it is.
// It fails with ErrLeaks where the run was trained on what would be tested; where its training sets are not there, that is not
// known, and the figures are marked so.
func Evaluate(ctx context.Context, e *env.Env, r *Run, names ...string) (store.Record, error) {
	sets, problems, err := e.TestSets(names, r.Spec.Data.Train)
	if err != nil {
		return store.Record{}, err
	}
	in := inputs{tests: sets}
	if err := in.known(ctx, e, r); err != nil {
		return store.Record{}, err
	}
	d, err := Detector(ctx, e, r)
	if err != nil {
		return store.Record{}, err
	}
	defer d.Close()
	if err := foresee(ctx, e, d.Method, sets, len(names) > 0); err != nil {
		return store.Record{}, err
	}
	start := time.Now()
	fresh := &Run{Dir: r.Dir, Spec: r.Spec, Record: r.Record, files: r.files}
	fresh.Record.Skipped = nil
	computer, err := e.Compute(ctx, false)
	if err != nil {
		return store.Record{}, err
	}
	fresh.Record.Versions = version.Tested(r.Record.Versions, env.Versions(computer.String(), computer.Plugin()))
	for _, p := range problems {
		fresh.Record.Skipped = append(fresh.Record.Skipped, p.Error())
	}
	if _, _, err := test(ctx, e, fresh, d, in, nil); err != nil {
		return store.Record{}, err
	}
	if err := evaluateMaps(ctx, e, fresh, d, in); err != nil {
		return store.Record{}, err
	}
	fresh.Record.Seconds = time.Since(start).Seconds()
	return fresh.Record, nil
}

// evaluateMaps is [heatmap.Measure] of a finished run: the figures on pseudo-fakes are those of its record, but where it has none, as one of
// a version before 0.6, and the held-out people are at hand as they were in training.
func evaluateMaps(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, in inputs) (err error) {
	known := slices.ContainsFunc(r.Record.Localisation, func(l store.Localisation) bool { return l.On == store.PseudoFakes })
	var held *source.Set
	if !known && len(in.held.Items) > 0 && heatmap.Measurable(d.Method) {
		digest, err := source.Digest(in.held)
		if err != nil {
			return err
		}
		if digest == r.Record.Train.Data[in.held.Name] {
			if held, _, err = prepare.Training(ctx, e, r.Spec, d.Method, "reading held-out faces", in.held, digest); err != nil {
				return err
			}
			defer held.Close()
		}
	}
	_, err = heatmap.Measure(ctx, e, d, &r.Record, held, in.tests)
	return err
}
