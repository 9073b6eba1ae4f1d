package run

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Reselect repeats for a finished run the choice of a score, among all of its method if score.Name is "auto", on the
// held-out real faces under the data root and pseudo-fakes made of them, as score.ChooseOn says. Both are augmented as said: as
// in training with r.Spec.Augment, else to see how the scores bear other colours or another compression in the place of that of
// training, for example. The record that it returns is the run's with the new Selection, Choice and Pseudo and the best score; the
// run's folder stays as it is.
func Reselect(ctx context.Context, e *env.Env, r *Run, augment spec.Augment, score spec.Score) (store.Record, error) {
	r = &Run{Dir: r.Dir, Spec: r.Spec, Record: r.Record, files: r.files}
	r.Spec.Augment, r.Spec.Score = augment, score
	if err := r.Spec.Validate(); err != nil {
		return store.Record{}, fmt.Errorf("run: %w", err)
	}
	_, set, problems, err := e.TrainingSets(r.Spec)
	if err != nil {
		return store.Record{}, err
	}
	d, err := Detector(ctx, e, r)
	if err != nil {
		return store.Record{}, err
	}
	defer d.Close()
	held, skipped, err := prepare.Training(ctx, e, r.Spec, d.Method, "reading held-out faces", set, "")
	if err != nil {
		return store.Record{}, err
	}
	defer held.Close()
	r.Record.Selection, r.Record.Choice, r.Record.Pseudo, r.Record.Skipped = nil, nil, nil, skipped
	for _, p := range problems {
		r.Record.Skipped = append(r.Record.Skipped, p.Error())
	}
	err = chooseScore(ctx, e, r, d, held)
	return r.Record, err
}
