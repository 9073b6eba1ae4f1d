package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newShow() *cobra.Command {
	var s command.Surroundings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a run of any state",
		Long: `Show prints what is known of a run: the figures of a finished one, how far another is and why it stopped. ID is that of
seelab runs, or a part of it that only one run has.`,
		Example: `  seelab show seeable-mini
  seelab show seeable-mini-4a0813471368a4d8 --json`,
		Args: command.Arguments(1, 1, "the ID of one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			entry, err := l.Find(args[0])
			if err != nil {
				return err
			}
			// Beside the others, as it is compared with them.
			entries, err := l.List()
			if err != nil {
				return err
			}
			var line terminal.RunLine
			for _, r := range terminal.Describe(entries) {
				if r.Run == entry.ID {
					line = r
				}
			}
			var run *lab.Run
			if entry.Status == store.Finished {
				if run, err = l.Load(entry.ID); err != nil {
					return err
				}
			}
			if asJSON {
				whole := struct {
					terminal.RunLine
					Record *store.Record `json:"record,omitempty"`
				}{RunLine: line}
				if run != nil {
					whole.Record = &run.Record
				}
				return command.PrintJSON(cmd.OutOrStdout(), whole)
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s: %s\n", line.Run, line.Status)
			if len(line.Differences) > 0 {
				fmt.Fprintf(out, "Differs in %s.\n", strings.Join(line.Differences, " "))
			}
			if run != nil {
				return command.Show(cmd, run, run.Record, false)
			}
			fmt.Fprintln(out, line.Figures())
			if line.Status != store.HalfDone && line.Steps != "" {
				fmt.Fprintf(out, "Saved after step %d of %s.\n", line.Step, line.Steps)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as one JSON object, a finished run with its record")
	s.ResultsFlag(cmd)
	return cmd
}
