package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
)

func newList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the experiments and the sweeps with what they are for",
		Example: `  seelab list`,
		Args:    arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := func(title string, names []string) {
				fmt.Fprintln(cmd.OutOrStdout(), title)
				for _, name := range names {
					fmt.Fprintln(cmd.OutOrStdout(), name)
					for line := range strings.Lines(experiments.About(name)) {
						fmt.Fprintln(cmd.OutOrStdout(), "    "+strings.TrimRight(line, "\n"))
					}
				}
			}
			list("Experiments, for seelab run", experiments.Names())
			list("Sweeps, for seelab sweep", experiments.Sweeps())
			return nil
		},
	}
}
