package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// Runs lists the ids of the finished runs, sorted.
func (l *Lab) Runs() ([]string, error) { return store.List(l.env.Results) }

// List lists the runs of any state by id; see [store.Scan].
func (l *Lab) List() ([]store.Entry, error) { return store.Scan(l.env.Results) }

// Load returns a finished run of this lab by its id, or by a part of the id that only one run has; or the run, or the packed
// detector, whose folder lies at the path id, which has a separator in it.
func (l *Lab) Load(id string) (*Run, error) { return run.Load(l.env.Results, id) }

// Find returns what is known of a run of any state by its id, or by a part of the id that only one run has.
func (l *Lab) Find(id string) (store.Entry, error) { return run.Find(l.env.Results, id) }

// Remove removes a run of any state by its id, weights and all. It fails with a [BusyError] while a process makes it.
func (l *Lab) Remove(ctx context.Context, id string) error {
	return store.Remove(ctx, l.env.Results, id)
}

// Verify compares the files of a run with the digests that were written with them: those of the run folder if it is
// finished, else of its checkpoints. It fails with [store.ErrDamaged], naming the files that are not as they were.
func (l *Lab) Verify(id string) error { return store.VerifyRun(l.env.Results, id) }

// TableOption says what [Lab.Table] shows.
type TableOption func(*tableRequest)

type tableRequest struct {
	table.Options
	runs    []*Run
	cells   []spec.Cell
	foreign []table.Run
	against *Run
}

// Runs makes finished runs rows, in this order.
func Runs(runs ...*Run) TableOption {
	return func(t *tableRequest) { t.runs = append(t.runs, runs...) }
}

// Cells makes the finished cells of a sweep rows, in their order and by their labels; the others are named below the table.
func Cells(cells ...spec.Cell) TableOption {
	return func(t *tableRequest) { t.cells = append(t.cells, cells...) }
}

// PaperRows puts the rows of a published table, "cross-dataset" or "cross-manipulation", above the measured ones of the same system
// and the others at the foot, and chooses its columns.
func PaperRows(name string) TableOption {
	return func(t *tableRequest) { t.Paper, t.Columns = name, name }
}

// Columns chooses what the columns are: table.CrossDataset, which is the default, or table.CrossManipulation.
func Columns(name string) TableOption { return func(t *tableRequest) { t.Columns = name } }

// OverSeeds makes one row of runs that differ in nothing but the seed.
func OverSeeds() TableOption { return func(t *tableRequest) { t.Options.OverSeeds = true } }

// Against tests the rows against a run, video by video.
func Against(run *Run) TableOption { return func(t *tableRequest) { t.against = run } }

// Remeasured takes runs that were measured with another version of the metrics too; all rows are measured anew anyway.
func Remeasured() TableOption { return func(t *tableRequest) { t.Options.Remeasured = true } }

// Titled gives the table a title.
func Titled(title string) TableOption { return func(t *tableRequest) { t.Title = title } }

// Table sets runs side by side, measured from the scores of their faces. It prints as Markdown, LaTeX, CSV, HTML and text.
//
//	t, err := l.Table(lab.Runs(run), lab.PaperRows("cross-dataset"))
//	fmt.Print(t.Markdown())
func (l *Lab) Table(options ...TableOption) (*table.Comparison, error) {
	var request tableRequest
	for _, option := range options {
		option(&request)
	}
	var rows []table.Run
	for _, run := range request.runs {
		row, err := tableRow(run)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	var missing []string
	for _, cell := range request.cells {
		run := &Run{Dir: filepath.Join(l.env.Results, ID(cell.Spec)), Spec: cell.Spec}
		var err error
		if run.Record, err = store.ReadRecord(run.Dir); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, cell.Label)
			continue
		} else if err != nil {
			return nil, err
		}
		row, err := tableRow(run)
		if err != nil {
			return nil, err
		}
		row.Label = withoutSeed(cell)
		rows = append(rows, row)
	}
	rows = append(rows, request.foreign...)
	if len(rows) == 0 && len(missing) > 0 && request.Paper == "" {
		return nil, fmt.Errorf("lab: none of the %d cells is finished in %s: run the sweep first", len(missing), l.env.Results)
	}
	if request.against != nil {
		row, err := tableRow(request.against)
		if err != nil {
			return nil, err
		}
		request.Options.Against = &row
	}
	t, err := table.Compare(rows, request.Options)
	if err != nil {
		return nil, err
	}
	if n := len(missing); n > 0 {
		if n > 6 {
			missing = append(missing[:6], "...")
		}
		t.Notes = append(t.Notes, fmt.Sprintf("Not finished: %d of %d cells (%s).", n, len(request.cells), strings.Join(missing, "; ")))
	}
	return t, nil
}

// tableRow reads the scores of a run.
func tableRow(r *Run) (table.Run, error) {
	sets, err := evaluation.Read(filepath.Join(r.Dir, store.ScoresFile), r.Record.Score)
	if err != nil {
		return table.Run{}, err
	}
	rivals, err := evaluation.ReadRivals(filepath.Join(r.Dir, store.ScoresFile))
	if err != nil {
		return table.Run{}, err
	}
	return table.Run{Record: r.Record, Spec: r.Spec, Sets: sets, Rivals: rivals}, nil
}

// withoutSeed is the label of a cell without its seed, which tables show apart.
func withoutSeed(c spec.Cell) string {
	seed := fmt.Sprintf("seed=%d", c.Spec.Seed)
	parts := slices.DeleteFunc(strings.Split(c.Label, ", "), func(part string) bool { return part == seed })
	if len(parts) == 0 {
		return c.Spec.Name
	}
	return strings.Join(parts, ", ")
}

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

// WriteSweepTables writes the finished cells of a sweep beside the published table that it names (spec.Sweep.Table): as text, Markdown,
// CSV and LaTeX, which it returns the paths of, the text first. None where the sweep names no table.
func (l *Lab) WriteSweepTables(w spec.Sweep) (paths []string, err error) {
	if w.Table == "" {
		return nil, nil
	}
	cells, err := w.Cells()
	if err != nil {
		return nil, err
	}
	c, err := l.Table(Cells(cells...), PaperRows(w.Table))
	if err != nil {
		return nil, err
	}
	for _, form := range []struct{ ext, text string }{{"txt", c.Text()}, {"md", c.Markdown()}, {"csv", c.CSV()}, {"tex", c.LaTeX()}} {
		path := filepath.Join(l.env.Results, w.Name+".table."+form.ext)
		if err := store.WriteFile(path, []byte(form.text)); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Record is what figures need of a finished run, to be committed; kind says what its test sets are, [record.Development] or
// [record.Final]. It is compared by video, with all fakes of each test set, with the other runs, itself apart.
func (l *Lab) Record(r *Run, kind string, against ...*Run) (record.Record, error) {
	small, err := record.New(r.Record, r.Spec, kind)
	if err != nil {
		return record.Record{}, err
	}
	for _, other := range against {
		if other.Record.Run == r.Record.Run {
			continue
		}
		row, err := tableRow(r)
		if err != nil {
			return record.Record{}, err
		}
		others, err := tableRow(other)
		if err != nil {
			return record.Record{}, err
		}
		pairs, err := evaluation.Pairs(row.Sets, others.Sets)
		if err != nil {
			return record.Record{}, fmt.Errorf("lab: %s against %s: %w", r.Record.Run, other.Record.Run, err)
		}
		pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return p.Method != evaluation.All })
		small.Against = append(small.Against, record.Comparison{Run: other.Record.Run, Name: other.Record.Name, Pairs: pairs})
	}
	return small, nil
}

// Foreign is what the scores of another tool say.
type Foreign = evaluation.Foreign

// Pair is how two detectors did on the videos that both have scored.
type Pair = evaluation.Pair

// ReadForeign reads and measures the scores of another tool; the columns are those of [evaluation.ReadForeign].
func ReadForeign(path string) (*Foreign, error) { return evaluation.ReadForeign(path) }

// Pairs compares the scores of another tool with a finished run, video by video.
func Pairs(f *Foreign, r *Run) ([]Pair, error) {
	row, err := tableRow(r)
	if err != nil {
		return nil, err
	}
	return evaluation.Pairs(f.Sets, row.Sets)
}

// ForeignRow makes the scores of another tool a row of this name, below the runs.
func ForeignRow(name string, f *Foreign) TableOption {
	return func(t *tableRequest) {
		t.foreign = append(t.foreign, table.Run{Label: name, Record: f.Record, Sets: f.Sets})
	}
}
