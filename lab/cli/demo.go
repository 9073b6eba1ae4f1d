package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
)

func newDemo() *cobra.Command {
	var s command.Surroundings
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Everything once, on drawn faces: needs no data",
		Long: `Demo runs the experiment "demo": a small detector trains on faces drawn by code and is tested on drawn manipulations.
Every figure it prints is synthetic: it shows that the machine works and says nothing about deepfakes.`,
		Example: `  seelab demo
  seelab demo --results results/runs`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			experiment, err := experiments.Load("demo")
			if err != nil {
				return err
			}
			return s.Open(cmd, func(l *lab.Lab) error {
				run, err := l.Run(cmd.Context(), experiment)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprint(out, "SYNTHETIC: trained and tested on faces drawn by code; the figures say nothing about deepfakes.\n\n")
				if err := command.Show(cmd, run, run.Record, false); err != nil {
					return err
				}
				where := ""
				if cmd.Flags().Changed("results") {
					where = fmt.Sprintf(" --results %q", s.Results)
				}
				fmt.Fprintln(out, "\nNext; seelab stands for go run ./lab/cmd/seelab unless it is installed:")
				next := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
				fmt.Fprintf(next, "  seelab score --run %s%s FACE.png\tscore a picture of a face\n", run.Record.Run, where)
				fmt.Fprintf(next, "  seelab select-score --run %s%s\thow the anomaly score was chosen\n", run.Record.Run, where)
				fmt.Fprintf(next, "  seelab run demo%s --set seed=2\tthe same with other random numbers\n", where)
				fmt.Fprintf(next, "  seelab run seeable-mini --data DIR\tthe real thing: train on photographs, test on deepfakes\n")
				fmt.Fprintf(next, "  seelab list\tall experiments\n")
				return next.Flush()
			})
		},
	}
	s.ResultsFlag(cmd)
	s.MemoryFlag(cmd, command.OneMemory)
	s.BackendFlag(cmd)
	return cmd
}
