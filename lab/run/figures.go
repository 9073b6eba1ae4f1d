package run

import (
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/figure/curves"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
)

// TrainingCurves shows the training of the run: loss, accuracy and strength over the steps.
func (r *Run) TrainingCurves() (curves.Training, error) {
	steps, err := store.ReadSteps(filepath.Join(r.Dir, store.TrainingFile))
	t := r.Record.Train
	return curves.Training{
		Title: "Training of " + r.Record.Name, Steps: steps,
		Chance: t.Chance, Floor: t.Floor, HeldOut: t.HeldOut, Measured: t.Measured, Synthetic: t.Synthetic,
	}, err
}

// ROC shows the ROC curve of every test set over videos, with the band that resampling the videos gives.
func (r *Run) ROC() (curves.ROC, error) {
	roc := curves.ROC{Title: "ROC of " + r.Record.Name + ", score " + r.Record.Score, Unit: "videos"}
	err := r.eachTest(func(name string, synthetic bool, scores []float64, fake []bool) error {
		curve, err := curves.NewBandedCurve(name, scores, fake, r.Spec.Seed)
		curve.Synthetic = synthetic
		roc.Curves = append(roc.Curves, curve)
		return err
	})
	return roc, err
}

// Histograms shows, for every test set, how the anomaly scores of its real and of its fake videos lie.
func (r *Run) Histograms() (all []curves.Histogram, err error) {
	err = r.eachTest(func(name string, synthetic bool, scores []float64, fake []bool) error {
		h := curves.Histogram{Title: name, Score: r.Record.Score, Unit: "videos", Synthetic: synthetic}
		for i, score := range scores {
			if fake[i] {
				h.Fake = append(h.Fake, score)
			} else {
				h.Real = append(h.Real, score)
			}
		}
		all = append(all, h)
		return nil
	})
	return all, err
}

// eachTest calls do with the scores of the videos of every test set in which both classes have some.
func (r *Run) eachTest(do func(name string, synthetic bool, scores []float64, fake []bool) error) error {
	sets, err := evaluation.Read(filepath.Join(r.Dir, store.ScoresFile), r.Record.Score)
	if err != nil {
		return err
	}
	for _, set := range sets {
		var videos metric.Videos
		for _, v := range set.Videos {
			videos = append(videos, v.Video)
		}
		scores, fake, _ := videos.Scored()
		if !slices.Contains(fake, true) || !slices.Contains(fake, false) {
			continue
		}
		synthetic := r.Record.Train.Synthetic ||
			slices.ContainsFunc(r.Record.Tests, func(t store.Test) bool { return t.Dataset == set.Name && t.Synthetic })
		name := set.Name
		if i := slices.IndexFunc(r.Record.Tests, func(t store.Test) bool { return t.Dataset == set.Name }); i >= 0 {
			name = r.Record.Tests[i].Name()
		}
		if err := do(name, synthetic, scores, fake); err != nil {
			return err
		}
	}
	return nil
}
