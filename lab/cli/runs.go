package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newRuns() *cobra.Command {
	var s command.Surroundings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs: finished, running, interrupted, failed",
		Long: `Runs lists the runs of a folder with their state, their time, the AUC over the videos of each test set, and what in their
spec differs from the experiment of their name (from most runs of their name, if there is no such experiment).`,
		Example: `  seelab runs
  seelab runs --results results/runs --json`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			entries, err := l.List()
			if err != nil {
				return err
			}
			lines := terminal.Describe(entries)
			if asJSON {
				return command.PrintJSON(cmd.OutOrStdout(), lines)
			}
			if len(lines) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s holds no run; seelab demo makes one\n", s.Results)
				return nil
			}
			return terminal.PrintRuns(cmd.OutOrStdout(), lines)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the runs as a JSON array")
	s.ResultsFlag(cmd)
	return cmd
}
