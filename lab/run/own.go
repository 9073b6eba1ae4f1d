package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
)

// ownOn is the entry of score.choose_on of a method's own pseudo-fakes, augmented as in training.
const ownOn = "own/training"

// measureOwn measures what the run's network and score know of the method's own pseudo-fakes of people who had no part in the choice
// of the score: whether it has learnt what it was taught. It chooses nothing.
func measureOwn(ctx context.Context, e *env.Env, backend compute.Backend, r *Run, d *detector.Detector, held *source.Set, reporting []int) error {
	s := r.Spec
	s.Score.ChooseOn = []string{ownOn}
	p, err := newPanel(s, held, reporting)
	if err != nil {
		return err
	}
	rows, err := d.All(ctx, p, r.Record.Score)
	if err != nil {
		return err
	}
	own, err := PseudoFigure(p.names()[0], p.strata(d, r.Record.Score, rows)...)
	if err != nil {
		return fmt.Errorf("run: score %s on %w", r.Record.Score, err)
	}
	r.Record.Train.Own = &own
	e.Note("AUC %.3f [%.3f, %.3f] on %s of %d people who had no part in the choice", own.AUC, own.Low, own.High, own.On, own.People)
	clips := prepare.Spread(reporting, panelFaces)
	g, measured, err := method.MeasureGauge(ctx, backend, d.Weights, d.Method, r.Spec.Seed, held, clips)
	if errors.Is(err, method.ErrNoGauge) {
		e.Note("%v", err) // no reason to lose a training
		return nil
	}
	if err != nil || !measured {
		return err
	}
	people := map[string]bool{}
	for _, at := range clips {
		people[held.Item(at).Identity] = true
	}
	r.Record.Train.Gauge = &store.Gauge{Name: g.Name, Value: g.Value, Blind: g.Blind, N: g.N, People: len(people)}
	e.Note("%s %.3f on %d of its samples; the best that is the same for all of them: %.3f", g.Name, g.Value, g.N, g.Blind)
	return nil
}
