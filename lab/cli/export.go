package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/record"
)

func newExport() *cobra.Command {
	var s command.Surroundings
	var to, id, detector, kind string
	cmd := &cobra.Command{
		Use:   "export RUN... --to DIR | --run ID --detector DIR",
		Short: "Write finished runs for TensorBoard, or a run's detector as a folder that travels",
		Long: `Export --to writes event files of TensorBoard, one folder a run: the training over its steps, the figures of the tests, the
spec as text and on the page HParams, where runs of a sweep can be compared. RUN is the ID of a finished run or a part of
it that only one has; with none, all finished runs are exported. The runs stay as they are.

Export --detector writes what scoring needs of one run into a new folder: the weights, kernels and matrices as float16, the spec,
the thresholds, the record of its figures, a card for people and digests. seelab score --detector DIR and eval --run DIR open it.`,
		Example: `  seelab export seeable-mini --to events && tensorboard --logdir events
  seelab export --to events
  seelab export --run seeable-small --detector results/detectors/seeable-small`,
		Args: command.Arguments(0, -1, "IDs of finished runs, or nothing for all"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if detector != "" {
				if len(ids) > 0 {
					return errors.New("seelab: export --detector takes its run by --run ID")
				}
				return s.Open(cmd, func(l *lab.Lab) error { return exportDetector(cmd, l, id, detector, kind) })
			}
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			runs, err := loadRuns(l, ids)
			if err != nil {
				return err
			}
			if len(runs) == 0 {
				return fmt.Errorf("seelab: %s holds no finished run to export", s.Results)
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
	cmd.Flags().StringVar(&to, "to", "", "`folder` to write event files to")
	runFlagOnly(cmd, &id)
	cmd.Flags().StringVar(&detector, "detector", "", "new `folder` to write the detector to; its name is that of the detector")
	cmd.Flags().StringVar(&kind, "kind", record.Development, "what the test sets of the run are, for the card: "+record.Development+" or "+record.Final)
	cmd.MarkFlagsOneRequired("to", "detector")
	cmd.MarkFlagsMutuallyExclusive("to", "detector")
	cmd.MarkFlagsRequiredTogether("run", "detector")
	cmd.MarkFlagsMutuallyExclusive("to", "kind")
	s.ResultsFlag(cmd)
	s.BackendFlag(cmd)
	return cmd
}

func exportDetector(cmd *cobra.Command, l *lab.Lab, id, dir, kind string) error {
	run, err := l.Load(id)
	if err != nil {
		return err
	}
	d, err := l.ExportDetector(cmd.Context(), run, dir, kind)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %.1f MB of weights\n", dir, float64(d.Bytes)/1e6)
	if d.Bytes > pack.Limit {
		fmt.Fprintf(cmd.ErrOrStderr(), "that is more than the %.1f MB that a detector may take which the lab's own seelab carries along; a smaller encoder.hidden makes it smaller\n", pack.Limit/1e6)
	}
	return nil
}
