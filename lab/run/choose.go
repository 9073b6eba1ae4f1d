package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// chooseScore fits the detector on real clips of one half of the held-out people and on pseudo-fakes of them and, when the spec
// leaves the score open, takes the one that best tells them apart: that of the largest mean AUC over the entries of
// score.choose_on, each of which counts alike (our choice). The other half of the people then says how well the chosen score does
// that. No deepfake is seen.
func chooseScore(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, held *source.Set) error {
	candidates := d.Method.Scores()
	if name := r.Spec.Score.Name; name != "auto" {
		candidates = []string{name}
	}
	choosing, reporting := prepare.Halves(held, r.Spec)
	if len(choosing) == 0 {
		return errors.New("run: none of the held-out faces is real: there is nothing to choose a score on; raise data.holdout")
	}
	p, err := newPanel(r.Spec, held, choosing)
	if err != nil {
		return err
	}
	samples := candidates[0]
	if len(candidates) > 1 {
		samples = method.AllScores
	}
	d.Fit = method.Fit{}
	e.Note("choosing on %d held-out real faces and %d pseudo-fakes of them", p.count(false), p.count(true))
	rows, err := d.All(ctx, p, samples)
	if err != nil {
		return err
	}
	fitter, fits := method.As[method.Fitter](d.Method)
	if fits {
		if d.Fit, err = fitter.Fit(d.Fit, p.side(rows, false), p.side(rows, true)); err != nil {
			return err
		}
	}
	var best store.Selection
	for _, name := range candidates {
		selection, people, err := p.judge(d, name, rows)
		if err != nil {
			return err
		}
		r.Record.Selection = append(r.Record.Selection, selection)
		r.Record.Choice = &store.Choice{On: p.names(), NReal: p.count(false), NFake: p.count(true), People: people}
		if best.Score == "" || selection.AUC > best.AUC {
			best = selection
		}
	}
	r.Record.Score, d.Fit.Score, d.Record.Score = best.Score, best.Score, best.Score
	if fits {
		if d.Fit, err = fitter.Fit(d.Fit, p.side(rows, false), p.side(rows, true)); err != nil {
			return err
		}
	}
	e.Note("score %s: mean AUC %.3f [%.3f, %.3f] on the pseudo-fakes that choose", best.Score, best.AUC, best.Low, best.High)
	if d.Fit.Note != "" {
		e.Note("%s", d.Fit.Note)
	}
	return reportPseudo(ctx, e, r, d, held, reporting)
}

// reportPseudo measures the chosen score on pseudo-fakes of people who had no part in the choice.
func reportPseudo(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, held *source.Set, reporting []int) error {
	r.Record.Pseudo = nil
	if len(reporting) == 0 {
		e.Note("all held-out real faces are of one person, or joined by fakes: there are no pseudo-fakes of others to report on; raise data.holdout")
		return nil
	}
	p, err := newPanel(r.Spec, held, reporting)
	if err != nil {
		return err
	}
	rows, err := d.All(ctx, p, r.Record.Score)
	if err != nil {
		return err
	}
	d.Points = &operating.Points{Score: r.Record.Score, Level: operating.Level, Fake: p.onePseudo(d, rows)}
	strata := p.strata(d, r.Record.Score, rows)
	add := func(on string, strata ...metric.Stratum) error {
		found, err := PseudoFigure(on, strata...)
		if err != nil {
			return fmt.Errorf("run: score %s on %w", r.Record.Score, err)
		}
		r.Record.Pseudo = append(r.Record.Pseudo, found)
		return nil
	}
	if err := add(store.AllPseudo, strata...); err != nil {
		return err
	}
	for i, on := range p.names() {
		if err := add(on, strata[i]); err != nil {
			return err
		}
	}
	all := &r.Record.Pseudo[0]
	all.NReal, all.NFake = p.count(false), p.count(true) // a real face counts once, whatever it is compared with
	e.Note("mean AUC %.3f [%.3f, %.3f] on pseudo-fakes of %d people who had no part in the choice", all.AUC, all.Low, all.High, all.People)
	return nil
}

// PseudoFigure is the mean AUC of some scores of real faces and pseudo-fakes; on says which these are.
func PseudoFigure(on string, strata ...metric.Stratum) (store.Pseudo, error) {
	auc, err := metric.MeanAUC(strata...)
	if err != nil {
		return store.Pseudo{}, fmt.Errorf("pseudo-fakes %s: %w", on, err)
	}
	return store.Pseudo{On: on, AUC: auc.Value, Low: auc.Low, High: auc.High, NReal: auc.Reals, NFake: auc.Fakes, People: auc.People}, nil
}

// onePseudo are the scores of one pseudo-fake of each person, drawn among all kinds and compressions.
func (p *panel) onePseudo(d *detector.Detector, rows [][]method.Row) []float64 {
	of := map[string][]float64{}
	for i, f := range p.faces {
		if f.Kind != "" {
			person := p.held.Item(f.at).Identity
			of[person] = append(of[person], d.Score(d.Record.Score, rows[i]))
		}
	}
	var scores []float64
	for person, all := range of {
		if score := all[stream.New(p.seed, "operating", "pseudo", person).IntN(len(all))]; !math.IsNaN(score) {
			scores = append(scores, score)
		}
	}
	slices.Sort(scores)
	return scores
}

// judge is how a score tells the pseudo-fakes of each cell, and how many people they show.
func (p *panel) judge(d *detector.Detector, score string, rows [][]method.Row) (store.Selection, int, error) {
	strata := p.strata(d, score, rows)
	auc, err := metric.MeanAUC(strata...)
	if err != nil {
		return store.Selection{}, 0, fmt.Errorf("run: score %s on pseudo-fakes: %w", score, err)
	}
	selection := store.Selection{Score: score, AUC: auc.Value, Low: auc.Low, High: auc.High}
	for _, s := range strata {
		one, err := metric.AUROC(s.Scores, s.Fake)
		if err != nil {
			return store.Selection{}, 0, fmt.Errorf("run: score %s on pseudo-fakes: %w", score, err)
		}
		selection.Cells = append(selection.Cells, one)
	}
	return selection, auc.People, nil
}

// strata are the scores of each cell: the pseudo-fakes of its kind and the real faces, under its compression.
func (p *panel) strata(d *detector.Detector, score string, rows [][]method.Row) []metric.Stratum {
	strata := make([]metric.Stratum, len(p.cells))
	for i, f := range p.faces {
		value, person := d.Score(score, rows[i]), p.held.Item(f.at).Identity
		for k, c := range p.cells {
			if f.Compression == c.Compression && (f.Kind == c.Kind || f.Kind == "") {
				s := &strata[k]
				s.Scores, s.Fake, s.People = append(s.Scores, value), append(s.Fake, f.Kind != ""), append(s.People, person)
			}
		}
	}
	return strata
}

// names are the cells as a record names them.
func (p *panel) names() (names []string) {
	for _, c := range p.cells {
		names = append(names, c.String())
	}
	return names
}

// side are the rows of the pseudo-fakes, or of the real faces.
func (p *panel) side(rows [][]method.Row, fake bool) (of [][]method.Row) {
	for i, f := range p.faces {
		if (f.Kind != "") == fake {
			of = append(of, rows[i])
		}
	}
	return of
}

func (p *panel) count(fake bool) int {
	all := slices.Clone(p.faces)
	return len(slices.DeleteFunc(all, func(f panelFace) bool { return (f.Kind != "") != fake }))
}
