package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
)

func newEval() *cobra.Command {
	var s command.Surroundings
	var id, scores, against string
	var tests []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --run ID | --scores FILE.csv",
		Short: "Test a finished run on the sets under a data folder, or measure the scores of another tool",
		Long: `Eval tests the detector of a finished run, or one that seelab export has written, on every test set found under the data folder, or on those that --test names.
Of videos it takes the faces that seelab faces has cut, where there are no crops of the data set. It prints what run
prints and leaves the run folder as it is. A set of one class, or of which nothing can be read, has no figure and its row
says why; what has no score is named with the reason. It is an error if all that --test names are such.

Where the method has maps and a set has masks, as FaceForensics++ has in METHOD/masks/videos and DeepfakeBench in masks beside frames,
it also prints pixel AUC and IoU of the maps of one face of each fake video, of 256 at most, beside those of the mean mask of the
other people; fakes without a mask of use are counted. The row of pseudo-fakes, one self-blended image of each held-out person who
had no part in the choice of the score, is that of the run, or measured now where the run has none and its held-out people are there.`,
		Example: `  seelab eval --run seeable-mini --data DIR
  seelab eval --run seeable-mini --data DIR --test "FF++ c40" --json
  seelab eval --run demo --test synthetic
  seelab eval --run results/detectors/seeable-small --data DIR
  seelab eval --scores theirs.csv --against seeable-mini`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("scores") {
				return evalScores(cmd, s, scores, against, asJSON)
			}
			return s.Open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				record, err := l.Evaluate(cmd.Context(), run, tests...)
				if err != nil {
					return err
				}
				return command.Show(cmd, run, record, asJSON)
			})
		},
	}
	cmd.Long += "\n\n" + scoresHelp
	runFlagOnly(cmd, &id)
	cmd.Flags().StringArrayVar(&tests, "test", nil, "a test set by `name`, such as \"FF++ c40\"; may be repeated; the default is all that are found")
	s.DataFlags(cmd)
	s.LeaksFlag(cmd)
	s.FacesFlags(cmd)
	s.MemoryFlag(cmd, command.OneMemory)
	s.BackendFlag(cmd)
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
	s.ResultsFlag(cmd)
	return cmd
}

func runFlag(cmd *cobra.Command, id *string) {
	runFlagOnly(cmd, id)
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("run")
}

// runFlagOnly is runFlag of a command that can do without.
func runFlagOnly(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "run", "", "`ID` of a finished run, or a part of it that only one has (seelab runs lists them); or the path of its folder, or of that of a detector")
}
