package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/operating"
)

// Damages says what [Lab.Robust] measures.
type Damages = assess.Damages

// Robustness is what [Lab.Robust] has found.
type Robustness = assess.Robustness

// Robust measures how a finished run's score bears damage of the test sets under the lab's data root, cell by cell; see
// [assess.Robust]. What it finds lies beside the runs, and the run's folder stays as it is.
func (l *Lab) Robust(ctx context.Context, r *Run, o Damages) (*Robustness, error) {
	return assess.Robust(ctx, l.env, r, o)
}

// Measured is how a run does on the yardstick.
type Measured = assess.Measured

// Yardstick measures finished runs on one reference of pseudo-fakes, of at most so many of their held-out faces below the lab's data
// root, and compares each with the first, with average also the mean of their scores; see [assess.Yardstick].
func (l *Lab) Yardstick(ctx context.Context, runs []*Run, faces int, average bool) ([]*Measured, error) {
	return assess.Yardstick(ctx, l.env, runs, faces, average)
}

// MakerMatrix is how well detectors tell real faces from the pseudo-fakes of several makers.
type MakerMatrix = assess.MakerMatrix

// MakerFaces is how many faces [Lab.Makers] looks at unless there is reason for fewer.
const MakerFaces = assess.MakerFaces

// Makers measures which pseudo-fakes teach what: the detectors of finished runs on the pseudo-fakes of each of their methods, of at
// most so many faces of held-out people below the lab's data root; see [assess.Makers].
func (l *Lab) Makers(ctx context.Context, runs []*Run, faces int) (*MakerMatrix, error) {
	return assess.Makers(ctx, l.env, runs, faces)
}

// MakerPicture is a real face, or a pseudo-fake of it.
type MakerPicture = assess.MakerPicture

// MakerPictures are at most n of the faces of [Lab.Makers], each with the pseudo-fakes of all makers; see [assess.MakerPictures].
func (l *Lab) MakerPictures(ctx context.Context, runs []*Run, n, side int) ([][]MakerPicture, error) {
	return assess.MakerPictures(ctx, l.env, runs, n, side)
}

// AlarmsOptions are what [Lab.Alarms] measures.
type AlarmsOptions = assess.AlarmsOptions

// Alarms measures the false alarms of a finished run on real faces below the lab's data root, in all and by group; see [assess.Alarms].
func (l *Lab) Alarms(ctx context.Context, r *Run, o AlarmsOptions) ([]operating.Alarms, error) {
	return assess.Alarms(ctx, l.env, r, o)
}
