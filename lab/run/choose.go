package run

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// chooseFaces bounds the held-out faces that choose and calibrate a score: enough for an AUC to within 0.03.
const chooseFaces = 256

// chooseScore calibrates the detector on held-out real faces and, when the spec leaves the score open, takes the one that
// best tells those faces from pseudo-fakes made of them. The same faces choose the variants, where few shall be made. No
// deepfake is seen.
func chooseScore(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, held []face.Face, items []datasets.Item) error {
	candidates := d.Method.Scores()
	if name := r.Spec.Score.Name; name != "auto" {
		candidates = []string{name}
	}
	calibrator, calibrates := d.Method.(interface {
		Calibrate([][][]float32) *method.Calibration
	})
	if len(candidates) == 1 && candidates[0] == "onepass" {
		// One pass over a face has no variants to calibrate.
		calibrates = false
	}
	// Faces of one person lie side by side; a stride takes as many people as there are.
	stride := max(1, len(held)/chooseFaces)
	var reals, fakes []face.Face
	var ids, identities []string
	sampler := d.Method.Sampler()
	for i := 0; i < len(held) && len(reals) < chooseFaces; i += stride {
		// The same draws for both, so that only the blending tells them apart.
		fake, err := d.Method.Fake(sampler, held[i], stream.New(r.Spec.Seed, "choose", i))
		if err != nil {
			return fmt.Errorf("lab: pseudo-fake of %s: %w", items[i].ID(), err)
		}
		real, err := d.Method.Real(sampler, held[i], stream.New(r.Spec.Seed, "choose", i))
		if err != nil {
			return fmt.Errorf("lab: %s: %w", items[i].ID(), err)
		}
		reals, fakes = append(reals, real), append(fakes, fake)
		ids, identities = append(ids, items[i].ID()), append(identities, items[i].Identity)
	}
	d.Few = nil
	variants := candidates[0]
	if len(candidates) > 1 {
		variants = detector.AllVariants
	}
	realEvidence, err := d.Evidence(ctx, e, "scoring held-out faces", variants, reals, ids)
	if err != nil {
		return err
	}
	fakeEvidence, err := d.Evidence(ctx, e, "scoring pseudo-fakes", variants, fakes, ids)
	if err != nil {
		return err
	}
	if calibrates {
		d.Calibration = calibrator.Calibrate(realEvidence)
	}
	var best store.Selection
	for _, name := range candidates {
		var scores []float64
		var fake []bool
		for i := range reals {
			scores = append(scores, d.Method.Score(name, realEvidence[i], d.Calibration), d.Method.Score(name, fakeEvidence[i], d.Calibration))
			fake = append(fake, false, true)
		}
		auc, err := metric.Bootstrap(scores, fake, (*metric.Ranking).AUROC, metric.Resampling{
			Groups: double(identities), Scheme: metric.Clustered, Seed: r.Spec.Seed,
		})
		if err != nil {
			return fmt.Errorf("lab: score %s on pseudo-fakes: %w", name, err)
		}
		selection := store.Selection{Score: name, AUC: auc.Value, Low: auc.Low, High: auc.High}
		r.Record.Selection = append(r.Record.Selection, selection)
		if best.Score == "" || selection.AUC > best.AUC {
			best = selection
		}
	}
	r.Record.Score = best.Score
	told, err := d.Choose(best.Score, append(realEvidence, fakeEvidence...))
	if err != nil {
		return err
	}
	e.Note("score %s: AUC %.3f [%.3f, %.3f] on pseudo-fakes of %d held-out real faces", best.Score, best.AUC, best.Low, best.High, len(reals))
	if d.Few != nil {
		e.Note("variants %v stand for all: correlation %.3f with the score of all on those faces", d.Few.Variants, told)
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
