package lab

import (
	"context"
	"io/fs"

	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/run"
)

// ExportDetector packs what scoring needs of a finished run into the folder dir, which must not be there yet (see package pack), and
// returns what it has written. kind says what the run's test sets are, [record.Development] or [record.Final].
func (l *Lab) ExportDetector(ctx context.Context, r *Run, dir, kind string) (pack.Detector, error) {
	small, err := record.New(r.Record, r.Spec, kind)
	if err != nil {
		return pack.Detector{}, err
	}
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return pack.Detector{}, err
	}
	defer d.Close()
	weights, err := d.Tensors()
	if err != nil {
		return pack.Detector{}, err
	}
	return pack.Write(dir, small, r.Spec, weights, d.Points)
}

// OpenRun is [Lab.Load] for the folder of a run or of a packed detector that is a file system, such as one that is embedded in a
// program.
func OpenRun(files fs.FS) (*Run, error) { return run.Open(files) }
