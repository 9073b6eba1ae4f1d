package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// TableOption says what [Lab.Table] shows.
type TableOption func(*tableRequest)

type tableRequest struct {
	table.Options
	runs    []*Run
	cells   []spec.Cell
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

// PaperRows puts the rows of a published table, "cross-dataset" or "cross-manipulation", below the measured ones, and
// chooses its columns.
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
	return table.Run{Record: r.Record, Spec: r.Spec, Sets: sets}, nil
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
