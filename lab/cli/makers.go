package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
)

func newMakers() *cobra.Command {
	var s command.Surroundings
	var ids []string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "makers --runs ID,ID...",
		Short: "Measure which pseudo-fakes teach what",
		Long: `Makers scores pseudo-fakes of the same real faces with the detector of each run: those that the method of each run makes of its
own, and self-blended images. It prints a matrix of AUC with 95 % intervals by people: a row for what a detector was trained on, a
column for what it is tested on. On the diagonal is whether a detector has learnt what it was taught; beside it, what that is good for.

The faces are of held-out people on whom the first run reports; those pasted into them are of people whom it holds out. All have one
augmentation, whatever a run trains with: colours, neither resampled nor JPEG. Methods without pseudo-fakes of their own have a row
and no column. All runs are to have held out the same people, as those of the same data and seed have.`,
		Example: `  seelab makers --runs sbi-mini,xray-mini,pcl-mini --data DIR
  seelab makers --runs sbi-mini,fwa-mini --limit 64 --data DIR --json`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				runs, err := loadRuns(l, ids)
				if err != nil {
					return err
				}
				m, err := l.Makers(cmd.Context(), runs, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), m)
				}
				fmt.Fprintln(cmd.OutOrStdout(), m.Table().Text())
				return nil
			})
		},
	}
	cmd.Flags().StringSliceVar(&ids, "runs", nil, "`IDs` of finished runs, or parts of them that only one has each; seelab runs lists them")
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("runs")
	cmd.Flags().IntVar(&limit, "limit", lab.MakerFaces, "at most so many real `faces`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.Flags(cmd)
	return cmd
}
