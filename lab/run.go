package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Errors of [Lab.Run] that say what to do with a cell; test for them with errors.Is.
var (
	// ErrBusy tells that another live process makes the run. The error is a [BusyError], which says which.
	ErrBusy = run.ErrBusy
	// ErrLost tells that another process has taken the run over, because this one stood still for longer than its lease.
	ErrLost = run.ErrLost
	// ErrDiverged tells that loss or gradients stopped being finite. The run would diverge again.
	ErrDiverged = run.ErrDiverged
	// ErrChanged tells that a run of this spec was made, or begun, with other data or other numerics.
	ErrChanged = run.ErrChanged
	// ErrLeaks tells that a test set shows people, videos or pictures that are trained or chosen on, or a picture as real and
	// as fake: its figures would say too much.
	ErrLeaks = run.ErrLeaks
)

// BusyError is ErrBusy with the host, the process and the time of the claim.
type BusyError = run.BusyError

// StoppedError tells that a run was stopped by its context. What it has done is kept.
type StoppedError = run.StoppedError

// Run is a finished run.
type Run = run.Run

// ID is the name of the run's folder: the experiment's name and the spec's hash.
func ID(s spec.Spec) string { return run.ID(s) }

// Run does the experiment s: it trains, chooses the score on held-out real faces when the spec says so, tests, and writes
// the run folder. A run that is finished already is returned as it is. One that was interrupted goes on from its last
// checkpoint and finds what it would have found undisturbed. One whose network another finished run has trained takes that.
//
// Several processes may be told to do the same run, on one machine or on many that share the folder: one does it, for the
// others Run fails with ErrBusy. It fails with ErrChanged when a run of this spec was made, or begun, with other data or
// other numerics ([Numerics]), with ErrLeaks when it would be tested on what it is trained on ([WithLeaks]), and with
// ErrDiverged when it diverged.
func (l *Lab) Run(ctx context.Context, s spec.Spec) (*Run, error) { return run.Do(ctx, l.env, s) }

// Foresee says of which test sets of an experiment no figure can come, as Run does before it trains; see [run.Foresee].
func (l *Lab) Foresee(ctx context.Context, s spec.Spec) error { return run.Foresee(ctx, l.env, s) }

// Evaluate tests a finished run on the sets under the lab's data root. The run's folder stays as it is. It fails with
// ErrLeaks where the run was trained on what would be tested; where its training sets are not there, that is not known, and
// the figures are marked so.
func (l *Lab) Evaluate(ctx context.Context, r *Run, names ...string) (store.Record, error) {
	return run.Evaluate(ctx, l.env, r, names...)
}

// Reselect repeats for a finished run the choice of a score, among all of its method if score.Name is "auto", on the
// held-out real faces under the lab's data root and pseudo-fakes made of them, as score.ChooseOn says. Both are augmented as
// said: as in training with r.Spec.Augment, else to see how the scores bear other colours, for example. The record that it returns
// is the run's with the new Selection, Choice and Pseudo and the best score; the run's folder stays as it is.
func (l *Lab) Reselect(ctx context.Context, r *Run, augment spec.Augment, score spec.Score) (store.Record, error) {
	return run.Reselect(ctx, l.env, r, augment, score)
}
