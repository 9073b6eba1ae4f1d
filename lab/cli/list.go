package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/spec"
)

func newList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the experiments and the sweeps with what they are for, and the methods, encoders and losses",
		Example: `  seelab list`,
		Args:    command.Arguments(0, 0, "none"),
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
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "Methods, and their scores")
			for _, info := range spec.Methods() {
				fmt.Fprintf(w, "%s\t%s\n", info.Name, info.Doc)
				for _, score := range info.Scores {
					fmt.Fprintf(w, "  %s\t%s\n", score.Name, score.Doc)
				}
			}
			fmt.Fprintln(w, "Encoders")
			for _, info := range spec.Encoders() {
				fmt.Fprintf(w, "%s\t%s\n", info.Name, info.Doc)
			}
			fmt.Fprintln(w, "Embedding losses")
			for _, info := range spec.Losses() {
				fmt.Fprintf(w, "%s\t%s\n", info.Name, info.Doc)
			}
			return w.Flush()
		},
	}
}
