package lab

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// SweepResults reads what is finished of a sweep; command, if there is one, is what made it. Its Figures are those of its
// report.
func (l *Lab) SweepResults(w spec.Sweep, command string) (report.Sweep, error) {
	cells, err := w.Cells()
	if err != nil {
		return report.Sweep{}, err
	}
	s := report.Sweep{Sweep: w, Command: command, Records: make([]*store.Record, len(cells))}
	finished := 0
	for i, cell := range cells {
		record, err := store.ReadRecord(filepath.Join(l.env.Results, ID(cell.Spec)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return report.Sweep{}, err
		}
		s.Records[i] = &record
		finished++
	}
	if finished > 0 {
		s.Table, err = l.Table(Cells(cells...))
	}
	return s, err
}

// WriteSweepReport writes the report of what is finished of a sweep, and returns its path: NAME.report.html beside the runs.
func (l *Lab) WriteSweepReport(w spec.Sweep, command string) (path string, err error) {
	s, err := l.SweepResults(w, command)
	if err != nil {
		return "", err
	}
	path = filepath.Join(l.env.Results, w.Name+"."+store.ReportFile)
	return path, report.WriteSweep(path, s)
}
