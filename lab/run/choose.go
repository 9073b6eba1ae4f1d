package run

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// chooseFaces bounds the held-out faces that choose and calibrate a score: enough for an AUC to within 0.03.
const chooseFaces = 256

// chooseScore fits the detector on held-out real clips and pseudo-fakes of them and, when the spec leaves the score open, takes
// the one that best tells them apart. No deepfake is seen.
func chooseScore(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, held source.Source) error {
	candidates := d.Method.Scores()
	if name := r.Spec.Score.Name; name != "auto" {
		candidates = []string{name}
	}
	pseudo, err := method.NewPseudo(r.Spec, d.Method)
	if err != nil {
		return err
	}
	var genuine []int
	for i := range held.Len() {
		if !held.Info(i).Fake {
			genuine = append(genuine, i)
		}
	}
	// Clips of one person lie side by side; a stride takes as many people as there are.
	stride := max(1, len(genuine)/chooseFaces)
	var reals, fakes source.Clips
	var identities []string
	w := method.NewWorker(d.Method.Layout())
	for at := 0; at < len(genuine) && len(reals) < chooseFaces; at += stride {
		i := genuine[at]
		info := held.Info(i)
		c, err := held.Clip(ctx, i)
		if err != nil {
			return err
		}
		// The same draws for both, so that only the manipulation tells them apart.
		fake, err := pseudo.Fake(w, c, stream.New(r.Spec.Seed, "choose", i))
		if err != nil {
			return fmt.Errorf("run: pseudo-fake of %s: %w", info.ID, err)
		}
		real, err := pseudo.Real(w, c, stream.New(r.Spec.Seed, "choose", i))
		if err != nil {
			return fmt.Errorf("run: %s: %w", info.ID, err)
		}
		reals, fakes = append(reals, real), append(fakes, fake)
		identities = append(identities, info.Person)
	}
	samples := candidates[0]
	if len(candidates) > 1 {
		samples = method.AllScores
	}
	d.Fit = method.Fit{}
	e.Note("scoring %d held-out faces and pseudo-fakes of them", len(reals))
	realRows, err := d.All(ctx, reals, samples)
	if err != nil {
		return err
	}
	fakeRows, err := d.All(ctx, fakes, samples)
	if err != nil {
		return err
	}
	fitter, fits := method.As[method.Fitter](d.Method)
	if fits {
		if d.Fit, err = fitter.Fit(d.Fit, realRows, fakeRows); err != nil {
			return err
		}
	}
	var best store.Selection
	for _, name := range candidates {
		var scores []float64
		var fake []bool
		for i := range reals {
			scores = append(scores, d.Score(name, realRows[i]), d.Score(name, fakeRows[i]))
			fake = append(fake, false, true)
		}
		auc, err := metric.Bootstrap(scores, fake, (*metric.Ranking).AUROC, metric.Resampling{
			Groups: double(identities), Scheme: metric.Clustered, Seed: r.Spec.Seed,
		})
		if err != nil {
			return fmt.Errorf("run: score %s on pseudo-fakes: %w", name, err)
		}
		selection := store.Selection{Score: name, AUC: auc.Value, Low: auc.Low, High: auc.High}
		r.Record.Selection = append(r.Record.Selection, selection)
		if best.Score == "" || selection.AUC > best.AUC {
			best = selection
		}
	}
	r.Record.Score, d.Fit.Score, d.Record.Score = best.Score, best.Score, best.Score
	if fits {
		if d.Fit, err = fitter.Fit(d.Fit, realRows, fakeRows); err != nil {
			return err
		}
	}
	e.Note("score %s: AUC %.3f [%.3f, %.3f] on pseudo-fakes of %d held-out real faces", best.Score, best.AUC, best.Low, best.High, len(reals))
	if d.Fit.Note != "" {
		e.Note("%s", d.Fit.Note)
	}
	return nil
}

// double repeats each name, for the real face and its fake.
func double(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, name, name)
	}
	return out
}
