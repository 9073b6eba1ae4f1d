package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
)

func newRm() *cobra.Command {
	var s command.Surroundings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rm ID ...",
		Short: "Remove runs for good, weights and all",
		Long: `Rm removes runs of any state, except those that a process is making. ID is that of seelab runs, or a part of it that only
one run has. If one of several IDs is wrong, nothing is removed.`,
		Example: `  seelab rm seeable-mini-4a0813471368a4d8`,
		Args:    command.Arguments(1, -1, "the IDs of the runs to remove"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			ids := []string{}
			for _, arg := range args {
				entry, err := l.Find(arg)
				if err != nil {
					return err
				}
				ids = append(ids, entry.ID)
			}
			for _, id := range ids {
				if err := l.Remove(cmd.Context(), id); err != nil {
					return err
				}
				if !asJSON {
					fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", id)
				}
			}
			if asJSON {
				return command.PrintJSON(cmd.OutOrStdout(), map[string][]string{"removed": ids})
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the removed runs as one JSON object")
	s.ResultsFlag(cmd)
	return cmd
}
