package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
)

// Run does the experiment s: it trains, chooses the score on held-out real faces when the spec says so, tests, and writes
// the run folder. A run that is finished already is returned as it is.
func (l *Lab) Run(ctx context.Context, s spec.Spec) (*Run, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	id := ID(s)
	dir := filepath.Join(l.dir, id)
	if record, err := store.ReadRecord(dir); err == nil {
		l.note("%s is finished already", id)
		return &Run{dir, s, record}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// What can fail early does: the test sets are looked for before an hour of training.
	start := time.Now()
	tests, problems, err := datasets.Tests(l.data, s.Data.Test, l.mode)
	if err != nil {
		return nil, err
	}
	trainSet, heldSet, trainProblems, err := datasets.Train(l.data, s.Data, s.Seed, l.mode)
	if err != nil {
		return nil, err
	}
	computer, err := l.compute(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	if err := store.WriteFile(filepath.Join(dir, store.SpecFile), []byte(s.TOML())); err != nil {
		return nil, err
	}

	r := &Run{Dir: dir, Spec: s, Record: store.Record{
		Run: id, Name: s.Name, Hash: s.Hash(), Started: start.UTC().Format(time.RFC3339),
		Versions: versions(computer.String()),
	}}
	for _, p := range append(trainProblems, problems...) {
		r.Record.Skipped = append(r.Record.Skipped, p.Error())
	}
	d, steps, held, heldItems, err := l.train(ctx, r, trainSet, heldSet)
	if err != nil {
		return nil, err
	}
	if err := l.chooseScore(ctx, r, d, held, heldItems); err != nil {
		return nil, err
	}
	if err := d.save(dir); err != nil {
		return nil, err
	}
	items, groups, err := l.test(ctx, r, d, tests)
	if err != nil {
		return nil, err
	}
	if err := store.WriteItems(filepath.Join(dir, store.ScoresFile), d.method.Scores(), items); err != nil {
		return nil, err
	}
	r.Record.Seconds = time.Since(start).Seconds()
	if err := l.writeReport(ctx, r, d, steps, items, groups, held); err != nil {
		return nil, err
	}
	return r, store.WriteRecord(dir, r.Record)
}

// train loads the real faces and trains the run's network on them.
func (l *Lab) train(ctx context.Context, r *Run, trainSet, heldSet datasets.Set) (d *detector, steps []store.Step, held []face.Face, heldItems []datasets.Item, err error) {
	s := r.Spec
	m, err := method.New(s)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	fit := method.Keep(s)
	faces, _, skipped, err := l.load(ctx, "reading faces", trainSet, fit)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	held, heldItems, heldSkipped, err := l.load(ctx, "reading held-out faces", heldSet, fit)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	r.Record.Skipped = append(append(r.Record.Skipped, skipped...), heldSkipped...)

	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, s.Seed)
	if err := l.pretrained(ctx, weights, s.Encoder); err != nil {
		return nil, nil, nil, nil, err
	}
	start := time.Now()
	err = train.Run(ctx, s, m, weights, faces, held, train.Options{
		Backend: l.computer.Backend,
		Report: func(p train.Progress) {
			steps = append(steps, store.Step{
				Step: p.Step, Loss: p.Loss, Accuracy: p.Accuracy, HeldOut: p.HeldOut,
				Rate: p.Rate, Strength: p.Strength, At: p.Elapsed.Seconds(),
			})
			l.report(Event{Stage: "training", Done: p.Step, Total: p.Steps, Training: &p})
		},
	})
	if werr := store.WriteSteps(filepath.Join(r.Dir, store.TrainingFile), steps); err == nil {
		err = werr
	}
	if err != nil {
		return nil, nil, nil, nil, err
	}
	record := &r.Record.Train
	*record = store.Training{
		Accuracy: steps[len(steps)-1].HeldOut, Chance: 1 / float64(m.Classes()), Loss: lastTenth(steps),
		Steps: s.Train.Steps, Images: s.Train.Steps * s.Train.Batch, Seconds: time.Since(start).Seconds(),
		Faces: len(faces), HeldOut: len(held), Fallback: fallbacks(faces),
		Synthetic: trainSet.Synthetic, Data: map[string]string{},
	}
	r.Record.Synthetic = trainSet.Synthetic
	if s.Method == "seeable" && s.Loss.Name == "bcr" {
		if record.Floor, err = balancedFloor(s); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	if record.Data[trainSet.Name], err = datasets.Digest(trainSet); err != nil {
		return nil, nil, nil, nil, err
	}
	d, err = newDetector(l.computer.Backend, s, m, weights)
	return d, steps, held, heldItems, err
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

// balancedFloor is BCR's least value for a batch as balanced over the classes as it can be.
func balancedFloor(s spec.Spec) (float64, error) {
	counts := make([]int, s.Discrepancy.Classes())
	for i := range s.Train.Batch {
		counts[i%len(counts)]++
	}
	return loss.Floor(counts, s.Loss.Temperature)
}

func lastTenth(steps []store.Step) float64 {
	last := steps[len(steps)-max(1, len(steps)/10):]
	total := 0.0
	for _, s := range last {
		total += s.Loss
	}
	return total / float64(len(last))
}

// test scores every set and measures it.
func (l *Lab) test(ctx context.Context, r *Run, d *detector, sets []datasets.Set) ([]store.Item, []report.Group, error) {
	var all []store.Item
	var groups []report.Group
	r.Record.Tests = nil
	for _, set := range sets {
		items, similar, fallback, skipped, err := l.scoreSet(ctx, d, r.Record.Score, set)
		if err != nil {
			return nil, nil, err
		}
		r.Record.Skipped = append(r.Record.Skipped, skipped...)
		r.Record.Synthetic = r.Record.Synthetic || set.Synthetic
		digest, err := datasets.Digest(set)
		if err != nil {
			return nil, nil, err
		}
		column := scoreColumn(d.method, r.Record.Score)
		tests, err := measure(set, items, column, fallback, r.Spec.Seed)
		if err != nil {
			return nil, nil, err
		}
		for i := range tests {
			tests[i].Digest = digest
			tests[i].Synthetic = set.Synthetic || r.Record.Train.Synthetic
		}
		r.Record.Tests = append(r.Record.Tests, tests...)
		all, groups = append(all, items...), append(groups, similar...)
	}
	return all, groups, nil
}

// scoreSet scores the faces of a set with every score of the method that the variants of score allow. Faces that could
// not be read stay, without a score.
func (l *Lab) scoreSet(ctx context.Context, d *detector, score string, set datasets.Set) (items []store.Item, groups []report.Group, fallback float64, skipped []string, err error) {
	faces, read, skipped, err := l.load(ctx, "reading "+set.Name, set, func(f face.Face) (face.Face, error) { return f, nil })
	if err != nil {
		return nil, nil, 0, nil, err
	}
	ids := make([]string, len(read))
	at := map[string]int{}
	for i, it := range read {
		ids[i] = it.ID()
		at[ids[i]] = i
	}
	// Scores that need the variants are recorded beside the chosen one only when it needs them too.
	evidence, err := l.evidence(ctx, "testing "+set.Name, d, score, faces, ids)
	if err != nil {
		return nil, nil, 0, nil, err
	}
	for _, it := range set.Items {
		item := store.Item{
			Dataset: it.Dataset, Method: it.Method, Video: it.Video, Identity: it.Identity, File: it.File,
			Frame: it.Frame, Fake: it.Fake,
		}
		i, ok := at[it.ID()]
		for _, name := range d.method.Scores() {
			value := math.NaN()
			if ok && (name == score || score != "onepass") {
				value = d.method.Score(name, evidence[i], d.calibration)
			}
			item.Scores = append(item.Scores, value)
		}
		items = append(items, item)
	}
	return items, similarityGroups(d.method, set, read, evidence), float64(fallbacks(faces)) / float64(max(1, len(faces))), skipped, nil
}

// Evaluate tests a finished run on the sets under the lab's data root. The run's folder stays as it is.
func (l *Lab) Evaluate(ctx context.Context, r *Run, names ...string) (store.Record, error) {
	sets, problems, err := datasets.Tests(l.data, names, l.mode)
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
	if _, _, err := l.test(ctx, fresh, d, sets); err != nil {
		return store.Record{}, err
	}
	fresh.Record.Seconds = time.Since(start).Seconds()
	return fresh.Record, nil
}
