package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Run does the experiment s: it trains, chooses the score on held-out real faces when the spec says so, tests, and writes
// the run folder. A run that is finished already is returned as it is. One that was interrupted goes on from its last
// checkpoint and finds what it would have found undisturbed. One whose network another finished run has trained takes that.
//
// Several processes may be told to do the same run, on one machine or on many that share the folder: one does it, for the
// others Run fails with ErrBusy. It fails with ErrChanged when a run of this spec was made, or begun, with other data or
// another version of the lab, and with ErrDiverged when it diverged.
func (l *Lab) Run(ctx context.Context, s spec.Spec) (*Run, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	id := ID(s)
	dir := filepath.Join(l.dir, id)
	in, missing := l.inputs(s)
	record, err := store.ReadRecord(dir)
	if errors.Is(err, fs.ErrNotExist) && missing == nil {
		var cell *store.Cell
		if cell, err = store.Claim(ctx, l.dir, id, l.lease); err == nil {
			return l.work(id, s, in, cell)
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
	return l.finished(id, s, record, in, missing)
}

// work makes a run in a claimed cell and gives the cell back.
func (l *Lab) work(id string, s spec.Spec, in inputs, cell *store.Cell) (*Run, error) {
	w := &work{Lab: l, cell: cell, in: in, run: &Run{Dir: cell.Dir(), Spec: s}}
	w.run.Record = store.Record{Run: id, Name: s.Name, Hash: s.Hash(), Network: s.Training().Hash()}
	err := w.do(cell.Context())
	if err == nil {
		w.run.Dir = filepath.Join(l.dir, id)
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

// pretrained puts the weights that the spec names into the store of a new network.
func (l *Lab) pretrained(ctx context.Context, weights *model.Store, cfg spec.Encoder) error {
	path := cfg.Weights
	if path == "" {
		return nil
	}
	if path == "imagenet" {
		var err error
		if path, err = encoder.ImageNet(ctx, cfg, noteWriter{l}); err != nil {
			return err
		}
	}
	file, err := safetensors.Read(path)
	if err != nil {
		return err
	}
	return encoder.Load(weights.Scope("/net/backbone"), cfg, file)
}

// balancedFloor is the loss's least value for a batch as balanced over the classes as it can be.
func balancedFloor(s spec.Spec, floor loss.FloorFunc) (float64, error) {
	counts := make([]int, s.Discrepancy.Classes())
	for i := range s.Train.Batch {
		counts[i%len(counts)]++
	}
	return floor(counts, s.Loss.Temperature)
}

func lastTenth(steps []store.Step) float64 {
	last := steps[len(steps)-max(1, len(steps)/10):]
	total := 0.0
	for _, s := range last {
		total += s.Loss
	}
	return total / float64(len(last))
}

// test scores every set and measures it. What is kept of a set is used, and what is found is kept, if keep is not nil.
func (l *Lab) test(ctx context.Context, r *Run, d *detector, sets []datasets.Set, keep *work) ([]store.Item, []report.Group, error) {
	var all []store.Item
	var groups []report.Group
	r.Record.Tests = nil
	for _, set := range sets {
		digest, err := digest(set)
		if err != nil {
			return nil, nil, err
		}
		found, ok := keep.tested(set, digest)
		if !ok {
			if found, err = l.scoreSet(ctx, d, r.Record.Score, set); err != nil {
				return nil, nil, err
			}
			if err := keep.keepTested(digest, d.method, found); err != nil {
				return nil, nil, err
			}
		}
		r.Record.Skipped = append(r.Record.Skipped, found.Skipped...)
		r.Record.Synthetic = r.Record.Synthetic || set.Synthetic
		column := scoreColumn(d.method, r.Record.Score)
		tests, err := measure(set, found.items, column, found.Fallback, r.Spec.Seed)
		if err != nil {
			return nil, nil, err
		}
		for i := range tests {
			tests[i].Digest = digest
			tests[i].Synthetic = set.Synthetic || r.Record.Train.Synthetic
			tests[i].Partial = set.Partial
		}
		r.Record.Tests = append(r.Record.Tests, tests...)
		all, groups = append(all, found.items...), append(groups, found.Groups...)
	}
	r.Record.AUC = store.Headline(r.Record.Tests)
	return all, groups, nil
}

// scoredSet is what the faces of a test set got.
type scoredSet struct {
	items    []store.Item
	Groups   []report.Group `json:"groups"`
	Fallback float64        `json:"fallback"`
	Skipped  []string       `json:"skipped"`
}

// scorePart is how many faces are in memory at once when a set is scored.
const scorePart = 64

// scoreSet scores the faces of a set with every score of the method that the variants of score allow. Faces that could
// not be read stay, without a score.
func (l *Lab) scoreSet(ctx context.Context, d *detector, score string, set datasets.Set) (found scoredSet, err error) {
	var read []datasets.Item
	var evidence [][][]float32
	fallback := 0
	// A part at a time, so that memory does not grow with the number of faces.
	done, quiet := 0, l.quietly()
	for items := range slices.Chunk(set.Items, scorePart) {
		part := datasets.Set{Name: set.Name, Items: items}
		faces, kept, skipped, err := quiet.read(ctx, "", part, func(f face.Face) (face.Face, error) { return f, nil })
		if err != nil {
			return scoredSet{}, err
		}
		ids := make([]string, len(kept))
		for i, it := range kept {
			ids[i] = it.ID()
		}
		// Scores that need the variants are recorded beside the chosen one only when it needs them too.
		outputs, err := quiet.evidence(ctx, "", d, score, faces, ids)
		if err != nil {
			return scoredSet{}, err
		}
		read, evidence, fallback = append(read, kept...), append(evidence, outputs...), fallback+fallbacks(faces)
		found.Skipped = append(found.Skipped, skipped...)
		done += len(items)
		l.report(Event{Stage: "testing " + set.Name, Done: done, Total: len(set.Items)})
	}
	if err := someRead(set, len(read), found.Skipped); err != nil {
		return scoredSet{}, err
	}
	at := map[string]int{}
	for i, it := range read {
		at[it.ID()] = i
	}
	for _, it := range set.Items {
		item := store.Item{
			Dataset: it.Dataset, Method: it.Method, Video: it.Video, Identity: it.Identity, File: it.File,
			Frame: it.Frame, Fake: it.Fake,
		}
		i, ok := at[it.ID()]
		for _, name := range d.method.Scores() {
			value := math.NaN()
			if ok && d.scored(name, score) {
				value = d.score(name, evidence[i])
			}
			item.Scores = append(item.Scores, value)
		}
		found.items = append(found.items, item)
	}
	if d.few == nil {
		found.Groups = similarityGroups(d.method, set, read, evidence)
	}
	found.Fallback = float64(fallback) / float64(max(1, len(read)))
	return found, nil
}

// Evaluate tests a finished run on the sets under the lab's data root. The run's folder stays as it is.
func (l *Lab) Evaluate(ctx context.Context, r *Run, names ...string) (store.Record, error) {
	sets, problems, err := l.testSets(names, r.Spec.Data.Train)
	if err != nil {
		return store.Record{}, err
	}
	d, err := l.detector(ctx, r)
	if err != nil {
		return store.Record{}, err
	}
	start := time.Now()
	fresh := &Run{Dir: r.Dir, Spec: r.Spec, Record: r.Record}
	fresh.Record.Skipped = nil
	fresh.Record.Versions = maps.Clone(r.Record.Versions)
	for _, p := range problems {
		fresh.Record.Skipped = append(fresh.Record.Skipped, p.Error())
	}
	if _, _, err := l.test(ctx, fresh, d, sets, nil); err != nil {
		return store.Record{}, err
	}
	fresh.Record.Seconds = time.Since(start).Seconds()
	return fresh.Record, nil
}
