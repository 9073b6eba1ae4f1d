package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/cli/sweeps"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// formats are what a table can be printed as.
var formats = map[string]func(*table.Comparison) string{
	"text": (*table.Comparison).Text, "markdown": (*table.Comparison).Markdown, "latex": (*table.Comparison).LaTeX,
	"csv": (*table.Comparison).CSV, "html": (*table.Comparison).HTML,
}

func newTable() *cobra.Command {
	var s command.Surroundings
	var runs, sets, scores []string
	var columns, against, format, out, title string
	var paper, overSeeds, remeasured bool
	cmd := &cobra.Command{
		Use:   "table [SWEEP]",
		Short: "Set runs side by side: AUC with interval, n and coverage, beside published figures",
		Long: `Table measures finished runs anew from the scores of their faces and sets them side by side, over videos. Rows are the
finished cells of SWEEP, one of seelab list or the path of a .toml file; or the runs that --runs names; or all finished
runs. The same scores give the same bytes.

Columns are the test sets (cross-dataset), or the manipulations of each test set that has several (cross-manipulation).
Every figure has its 95 % interval by people, its n and its coverage; drawn faces, parts of official test sets and leaks are
marked. --paper adds the published rows, each with its source and protocol: above the measured ones of the same system, the others at
the foot; a sweep that names a published table (sweep.table) has them without. --against compares every row with one run on the
videos that both have scored: the difference with its interval and p, by people. --over-seeds makes one row of the runs that
differ in the seed alone: mean and standard deviation over the seeds, and the interval of this mean by people. --scores makes
the scores of another tool a row below the runs; seelab eval --help says how they are written. Runs measured with another
version of the metrics are refused; rows that differ from the first in what is in no label say so: versions of numerics and
training, backend and plugin, how faces were cut.`,
		Example: `  seelab table                                                      all finished runs
  seelab table cross-dataset --paper --over-seeds --format latex --out cross-dataset.tex
  seelab table cross-manipulation --paper --format markdown
  seelab table --runs seeable-mini,sbi-mini --against sbi-mini
  seelab table --runs seeable-mini --scores theirs=theirs.csv --against seeable-mini
  seelab table ablate-lambda-mini --format csv --out ablate-lambda-mini.csv`,
		Args: command.Arguments(0, 1, "the name of one sweep or the path of a .toml file, or nothing"),
		RunE: func(cmd *cobra.Command, args []string) error {
			render, known := formats[format]
			if !known {
				return fmt.Errorf("seelab: --format %s: want text, markdown, latex, csv or html", format)
			}
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			var cells []spec.Cell
			if len(args) > 0 && len(runs) == 0 {
				var w spec.Sweep
				if w, cells, err = sweeps.Load(args[0], sets); err != nil {
					return err
				}
				paper = paper || w.Table != "" && (columns == "" || columns == w.Table)
				columns = cmp.Or(columns, w.Table)
			}
			if columns == "" {
				columns = table.CrossDataset
				if len(args) > 0 && strings.HasPrefix(args[0], table.CrossManipulation) {
					columns = table.CrossManipulation
				}
			}
			options := []lab.TableOption{lab.Columns(columns), lab.Titled(title)}
			switch {
			case len(runs) > 0 || len(args) == 0:
				if len(sets) > 0 {
					return fmt.Errorf("seelab: --set changes the cells of a sweep: name one, and no --runs")
				}
				rows, err := loadRuns(l, runs)
				if err != nil {
					return err
				}
				options = append(options, lab.Runs(rows...))
			default:
				options = append(options, lab.Cells(cells...))
			}
			for _, text := range scores {
				name, path, divided := strings.Cut(text, "=")
				if !divided || name == "" || path == "" {
					return fmt.Errorf("seelab: --scores %s: want NAME=FILE.csv", text)
				}
				f, err := lab.ReadForeign(path)
				if err != nil {
					return err
				}
				options = append(options, lab.ForeignRow(name, f))
			}
			if paper {
				options = append(options, lab.PaperRows(columns))
			}
			if overSeeds {
				options = append(options, lab.OverSeeds())
			}
			if remeasured {
				options = append(options, lab.Remeasured())
			}
			if against != "" {
				run, err := l.Load(against)
				if err != nil {
					return err
				}
				options = append(options, lab.Against(run))
			}
			t, err := l.Table(options...)
			if err != nil {
				return err
			}
			if out != "" {
				return store.WriteFile(out, []byte(render(t)))
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), render(t))
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&runs, "runs", nil, "rows: `IDs` of finished runs or parts of them, divided by commas; with SWEEP they replace its cells")
	sweeps.SetFlag(cmd, &sets)
	flags.StringVar(&columns, "columns", "", "`what` the columns are: cross-dataset or cross-manipulation; the default is cross-dataset, or as SWEEP is called")
	flags.BoolVar(&paper, "paper", false, "add the published rows")
	flags.StringArrayVar(&scores, "scores", nil, "a row of this name from the scores of another tool, `NAME=FILE.csv`; may be repeated")
	flags.BoolVar(&overSeeds, "over-seeds", false, "make one row of runs that differ in nothing but the seed")
	flags.StringVar(&against, "against", "", "`ID` of the run to test the rows against")
	flags.BoolVar(&remeasured, "remeasure", false, "take runs that were measured with another version of the metrics too")
	flags.StringVar(&title, "title", "", "`title` of the table")
	flags.StringVar(&format, "format", "text", "`form`: text, markdown, latex (wants the package booktabs), csv (one line a figure) or html")
	flags.StringVar(&out, "out", "", "`file` to write instead of printing")
	s.ResultsFlag(cmd)
	return cmd
}

// loadRuns loads runs by id, all finished ones if none is named.
func loadRuns(l *lab.Lab, ids []string) ([]*lab.Run, error) {
	if len(ids) == 0 {
		var err error
		if ids, err = l.Runs(); err != nil {
			return nil, err
		}
	}
	var runs []*lab.Run
	for _, id := range ids {
		run, err := l.Load(id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(runs, func(r *lab.Run) bool { return r.Dir == run.Dir }) {
			runs = append(runs, run)
		}
	}
	return runs, nil
}
