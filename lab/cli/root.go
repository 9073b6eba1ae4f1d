package cli

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab/cli/sweeps"
)

// newRoot makes the command; detectors are the folders of packed ones that the program carries along.
func newRoot(detectors ...fs.FS) *cobra.Command {
	root := &cobra.Command{
		Use:   "seelab",
		Short: "SeeABLE Lab: deepfake detectors that learn from real faces only",
		Long: `SeeABLE Lab trains deepfake detectors on real faces only, tests them on deepfakes, and shows what they saw.
Every run is a folder with its spec, scores, figures, weights and a report that opens in a browser.`,
		Example: `  seelab demo                                          everything once, on drawn faces, without any data
  seelab run seeable-mini --data DIR                   train on real faces, test on the deepfakes found in DIR
  seelab eval --run seeable-mini --data OTHER          test a finished run on other sets
  seelab score face.png                                score a picture by the best detector that comes with seelab
  seelab score --run seeable-mini face.png             the same by a run of one's own
  seelab notebook                                      the same in notebooks`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))
			}
			return fmt.Errorf("unknown command %q", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2 // letters that may be wrong
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newDemo(), newRun(), newEval(), newScore(detectors), newDetectors(detectors), newAlarms(), newFaces(), newRobust(), newYardstick(), newMakers(), newSelectScore(), newBench(),
		newDoctor(), sweeps.New(), sweeps.NewCell(), newList(), newSpec(), newRuns(), newShow(), newRm(), newVerify(), newTable(), newRecord(), newExport(),
		newNotebook(), newWeights(), newVersion())
	for _, cmd := range root.Commands() {
		tellFailures(cmd)
	}
	return root
}

// tellFailures marks the errors of a command and of those below it as failures of commands that were called rightly.
func tellFailures(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return failure{err}
			}
			return nil
		}
	}
	for _, below := range cmd.Commands() {
		tellFailures(below)
	}
}
