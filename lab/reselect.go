package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/store"
)

// Reselect repeats for a finished run the choice among all scores of its method, on the held-out real faces under the
// lab's data root and pseudo-fakes made of them. The record that it returns is the run's with the new Selection and the
// best score; the run's folder stays as it is.
func (l *Lab) Reselect(ctx context.Context, r *Run) (store.Record, error) {
	_, set, problems, err := l.trainingSets(r.Spec)
	if err != nil {
		return store.Record{}, err
	}
	held, items, skipped, err := l.load(ctx, "reading held-out faces", set, method.Keep(r.Spec))
	if err != nil {
		return store.Record{}, err
	}
	d, err := l.detector(ctx, r)
	if err != nil {
		return store.Record{}, err
	}
	again := &Run{Dir: r.Dir, Spec: r.Spec, Record: r.Record}
	again.Spec.Score.Name = "auto"
	again.Record.Selection, again.Record.Skipped = nil, skipped
	for _, p := range problems {
		again.Record.Skipped = append(again.Record.Skipped, p.Error())
	}
	err = l.chooseScore(ctx, again, d, held, items)
	return again.Record, err
}
