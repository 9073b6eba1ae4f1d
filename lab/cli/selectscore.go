package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newSelectScore() *cobra.Command {
	var s command.Surroundings
	var id string
	var asJSON bool
	var sets []string
	cmd := &cobra.Command{
		Use:   "select-score --run ID",
		Short: "Repeat the choice of a run's anomaly score, on real faces only",
		Long: `Select-score takes the real faces that the run held out, makes pseudo-fakes of one half of the people, and measures how well
each anomaly score of the method tells the two apart, on the kinds and compressions of score.choose_on. How well the best one
does that is then measured on the other half. No deepfake is seen. The run stays as it is; to use another score, run the
experiment with --set score.name=NAME. With --set 'score.choose_on=["poisson/low"]' other pseudo-fakes choose, and with --set
augment.KEY=VALUE the faces and the pseudo-fakes are augmented in another way than in training.`,
		Example: `  seelab select-score --run seeable-mini --data DIR
  seelab select-score --run demo
  seelab select-score --run seeable-small --data DIR --set 'score.choose_on=["selfblend/low", "selfblend/lowest"]'`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				other := run.Spec
				other.Score.Name = "auto"
				for _, set := range sets {
					if !strings.HasPrefix(set, "augment.") && !strings.HasPrefix(set, "score.") {
						return fmt.Errorf("--set %s: only keys augment.* and score.* can be other ones than the run's", set)
					}
					if err := other.Set(set); err != nil {
						return err
					}
				}
				record, err := l.Reselect(cmd.Context(), run, other.Augment, other.Score)
				if err != nil {
					return err
				}
				terminal.Skipped(cmd.ErrOrStderr(), record.Skipped)
				out := cmd.OutOrStdout()
				if asJSON {
					return command.PrintJSON(out, map[string]any{
						"run": record.Run, "used": run.Record.Score, "best": record.Score, "selection": record.Selection, "choice": record.Choice, "pseudo": record.Pseudo,
					})
				}
				fmt.Fprintln(out, table.Selection(record).Text())
				if record.Pseudo != nil {
					fmt.Fprintln(out, table.Pseudo(record).Text())
				}
				fmt.Fprintf(out, "Best here: %s. The run uses %s.\n", record.Score, run.Record.Score)
				return nil
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change an augment or score `key=value` for this choice; may be repeated; seelab spec --keys lists them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.Flags(cmd)
	return cmd
}
