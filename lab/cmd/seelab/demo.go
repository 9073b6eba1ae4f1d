package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
)

func newDemo() *cobra.Command {
	var s surroundings
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Everything once, on drawn faces: needs no data",
		Long: `Demo runs the experiment "demo": a small detector trains on faces drawn by code and is tested on drawn manipulations.
Every figure it prints is synthetic: it shows that the machine works and says nothing about deepfakes.`,
		Example: `  seelab demo
  seelab demo --results results/runs`,
		Args: arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			experiment, err := experiments.Load("demo")
			if err != nil {
				return err
			}
			return s.open(cmd, func(l *lab.Lab) error {
				run, err := l.Run(cmd.Context(), experiment)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprint(out, "SYNTHETIC: trained and tested on faces drawn by code; the figures say nothing about deepfakes.\n\n")
				if err := show(cmd, run, run.Record, false); err != nil {
					return err
				}
				where := ""
				if cmd.Flags().Changed("results") {
					where = fmt.Sprintf(" --results %q", s.results)
				}
				fmt.Fprintf(out, `
Next:
  seelab score --run %[1]s%[2]s FACE.png       score a picture of a face
  seelab select-score --run %[1]s%[2]s         how the anomaly score was chosen
  seelab run demo%[2]s --set seed=2            the same with other random numbers
  seelab run seeable-mini --data DIR           the real thing: train on photographs, test on deepfakes
  seelab list                                  all experiments
`, run.Record.Run, where)
				return nil
			})
		},
	}
	s.resultsFlag(cmd)
	s.backendFlag(cmd)
	return cmd
}
