package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

func newEval() *cobra.Command {
	var s surroundings
	var id, scores, against string
	var tests []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --run ID | --scores FILE.csv",
		Short: "Test a finished run on the sets under a data folder, or measure the scores of another tool",
		Long: `Eval tests the detector of a finished run on every test set found under the data folder, or on those that --test names.
Of videos it takes the faces that seelab faces has cut, where there are no crops of the data set. It prints what run
prints and leaves the run folder as it is.

With --scores it measures what another tool has scored, in the same way, and needs no data. --against compares it with a
finished run, on the videos that both have scored. FILE.csv has a header, a row for each face, frame or video, and these
columns in any order, divided by commas or semicolons:

  dataset   the test set as runs call it, such as FF++ c40; several may be in one file
  method    what made the fake, such as Deepfakes; of a real video its kind, such as original
  video     name of the video within data set and method
  fake      1 or true for a fake, 0 or false for a real video
  score     a finite number, larger for what is rather fake; empty or NaN where the tool gave none
  frame     optional: number of the frame, from 0; empty or -1 where it is unknown
  file      optional: name of the face, wanted only where a frame has several
  identity  optional: the person who is seen; one for a video
  source    optional: the person whose face was put in; one for a video, and in no figure yet

A frame has the largest score of its rows, a video the mean over its frames with a score; a video without any counts in
coverage. A tool that scores whole videos needs one row for each, without a frame. For --against, dataset, method and
video are written as in the scores.csv of the run's folder.`,
		Example: `  seelab eval --run seeable-mini --data DIR
  seelab eval --run seeable-mini --data DIR --test "FF++ c40" --json
  seelab eval --run demo --test synthetic
  seelab eval --scores theirs.csv --against seeable-mini`,
		Args: arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("scores") {
				return evalScores(cmd, s, scores, against, asJSON)
			}
			return s.open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				record, err := l.Evaluate(cmd.Context(), run, tests...)
				if err != nil {
					return err
				}
				return show(cmd, run, record, asJSON)
			})
		},
	}
	runFlagOnly(cmd, &id)
	cmd.Flags().StringArrayVar(&tests, "test", nil, "a test set by `name`, such as \"FF++ c40\"; may be repeated; the default is all that are found")
	s.dataFlags(cmd)
	s.facesFlags(cmd)
	s.memoryFlag(cmd, oneMemory)
	s.backendFlag(cmd)
	// What a detector is tested with has no part in scores that are there.
	cmd.Flags().StringVar(&scores, "scores", "", "`FILE.csv` of the scores of another tool, to measure in the place of a run")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "scores" {
			cmd.MarkFlagsMutuallyExclusive("scores", f.Name)
		}
	})
	cmd.MarkFlagsOneRequired("run", "scores")
	cmd.Flags().StringVar(&against, "against", "", "`ID` of a finished run to compare the scores with")
	cmd.MarkFlagsMutuallyExclusive("run", "against")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the record as one JSON object, with --against the comparison too")
	s.resultsFlag(cmd)
	return cmd
}

// evalScores prints what the scores of another tool say, alone and against a run.
func evalScores(cmd *cobra.Command, s surroundings, scores, against string, asJSON bool) error {
	f, err := lab.ReadForeign(scores)
	if err != nil {
		return err
	}
	whole := struct {
		store.Record
		Against string     `json:"against,omitempty"` // id of the run of Pairs
		Pairs   []lab.Pair `json:"pairs,omitempty"`
	}{Record: f.Record}
	if against != "" {
		l, err := lab.Open(s.results)
		if err != nil {
			return err
		}
		run, err := l.Load(against)
		if err != nil {
			return err
		}
		if whole.Pairs, err = lab.Pairs(f, run); err != nil {
			return err
		}
		whole.Against = run.Record.Run
	}
	out := cmd.OutOrStdout()
	if asJSON {
		return printJSON(out, whole)
	}
	fmt.Fprintln(out, table.Tests(f.Record).Text())
	if against != "" {
		fmt.Fprintln(out, table.Pairs(f.Record.Name, whole.Against, whole.Pairs).Text())
	}
	_, err = fmt.Fprintf(out, "%s: scores of another tool, measured with version %s of the metrics.\n", f.Record.Run, f.Record.Versions["metric"])
	return err
}

func runFlag(cmd *cobra.Command, id *string) {
	runFlagOnly(cmd, id)
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("run")
}

// runFlagOnly is runFlag of a command that can do without.
func runFlagOnly(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "run", "", "`ID` of a finished run, or a part of it that only one has; seelab runs lists them")
}
