package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/spec"
)

func newSpec() *cobra.Command {
	var keys bool
	var sets []string
	cmd := &cobra.Command{
		Use:   "spec [EXPERIMENT]",
		Short: "Print a spec in full, or explain its keys",
		Long: `Spec prints the spec of an experiment as TOML, with every default filled in; without an experiment it prints the defaults.
The text is a valid experiment: change it and give the file to seelab run.`,
		Example: `  seelab spec seeable-mini > mine.toml
  seelab spec demo --set train.steps=100
  seelab spec --keys`,
		Args: command.Arguments(0, 1, "the name of one experiment or none"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keys {
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, key := range spec.Keys() {
					fmt.Fprintf(w, "%s\t%s\n", key, spec.Doc(key))
				}
				return w.Flush()
			}
			s := spec.Default()
			var err error
			if len(args) == 1 {
				s, err = loadExperiment(args[0], sets)
			} else {
				for _, set := range sets {
					if err == nil {
						err = s.Set(set)
					}
				}
			}
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), s.TOML())
			return nil
		},
	}
	cmd.Flags().BoolVar(&keys, "keys", false, "list all keys with what they mean")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a `key=value` first; may be repeated")
	return cmd
}
