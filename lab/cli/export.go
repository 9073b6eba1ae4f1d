package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
)

func newExport() *cobra.Command {
	var s surroundings
	var to string
	cmd := &cobra.Command{
		Use:   "export RUN... --to DIR",
		Short: "Write finished runs for TensorBoard",
		Long: `Export writes event files of TensorBoard, one folder a run: the training over its steps, the figures of the tests, the
spec as text and on the page HParams, where runs of a sweep can be compared. RUN is the ID of a finished run or a part of
it that only one has; with none, all finished runs are exported. The runs stay as they are.`,
		Example: `  seelab export seeable-mini --to events && tensorboard --logdir events
  seelab export --to events`,
		Args: arguments(0, -1, "IDs of finished runs, or nothing for all"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			l, err := lab.Open(s.results)
			if err != nil {
				return err
			}
			runs, err := loadRuns(l, ids)
			if err != nil {
				return err
			}
			if len(runs) == 0 {
				return fmt.Errorf("seelab: %s holds no finished run to export", s.results)
			}
			for _, run := range runs {
				path, err := lab.Export(run, to)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "`folder` to write to")
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("to")
	s.resultsFlag(cmd)
	return cmd
}
