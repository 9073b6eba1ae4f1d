package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
)

func newRuns() *cobra.Command {
	var s surroundings
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the finished runs",
		Example: `  seelab runs
  seelab runs --results results/runs`,
		Args: arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open(s.results)
			if err != nil {
				return err
			}
			ids, err := l.Runs()
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s holds no finished run; seelab demo makes one\n", s.results)
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "run\tstarted\tseconds\theld-out accuracy\tscore\tfaces")
			for _, id := range ids {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				r, faces := run.Record, "photographs"
				if r.Synthetic {
					faces = "synthetic"
				}
				fmt.Fprintf(w, "%s\t%s\t%.0f\t%.3f\t%s\t%s\n", r.Run, r.Started, r.Seconds, r.Train.Accuracy, r.Score, faces)
			}
			return w.Flush()
		},
	}
	s.resultsFlag(cmd)
	return cmd
}
