package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/terminal"
	"github.com/seeable-lab/seeable/lab/yardstick"
)

func newYardstick() *cobra.Command {
	var s command.Surroundings
	var ids []string
	var against string
	var limit int
	var average, asJSON bool
	cmd := &cobra.Command{
		Use:   "yardstick --run ID...",
		Short: "Measure finished runs on one reference of pseudo-fakes",
		Long: `Yardstick scores the same real faces and pseudo-fakes of them with the detector of each run, whatever it was trained on, and
prints how well it tells them apart: AUC with 95 % intervals by people, for each family of pseudo-fakes and each rung of a
ladder of compressions, and by how much a run does better than the first one, or than that of --against, paired by person.
A pseudo-fake and its real face are equal outside of the blend. The trivial rivals below the figures show what needs no detector:
corners, which no blend reaches, are to be at 0.5; the middle of a fake is less sharp, as that of deepfakes is, which a detector is to beat.

The faces are of held-out people on whom the score of the run was chosen; test sets have no part in it. Runs of the same data and
seed have the same faces. Several runs in one command take little longer than one, as pictures are made once.

With --average the mean of the scores of all runs is measured as one more, on the faces that all of them have. Scores of different
detectors are brought to one scale by the run's held-out people who had no part in the choice of its score: how far from the
middle between real faces and pseudo-fakes, in deviations from there.

` + ladder() + `

The figures are written as JSON to the folder yardstick beside the runs; the run folders stay as they are. It takes an ffmpeg with libx264.`,
		Example: `  seelab yardstick --run seeable-small --run sbi-small --data DIR
  seelab yardstick --run mine-1 --run mine-2 --against sbi-small --data DIR --json
  seelab yardstick --run sbi-small --run mixed-small --average --data DIR`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				wanted := ids
				if against != "" {
					wanted = slices.Insert(slices.Clone(ids), 0, against)
				}
				var runs []*lab.Run
				for _, id := range wanted {
					r, err := l.Load(id)
					if err != nil {
						return err
					}
					if !slices.ContainsFunc(runs, func(other *lab.Run) bool { return other.Record.Run == r.Record.Run }) {
						runs = append(runs, r)
					}
				}
				found, err := l.Yardstick(cmd.Context(), runs, limit, average)
				if err != nil {
					return err
				}
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), map[string]any{"yardstick": found})
				}
				terminal.Yardstick(cmd.OutOrStdout(), found)
				return nil
			})
		},
	}
	cmd.Flags().StringArrayVar(&ids, "run", nil, "`ID` of a finished run, or a part of it that only one has; may be repeated; seelab runs lists them")
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("run")
	cmd.Flags().StringVar(&against, "against", "", "`ID` of the run to compare with; the default is the first")
	cmd.Flags().IntVar(&limit, "limit", yardstick.Most, "so many `faces`, for a quick look; figures of fewer are of another reference")
	cmd.Flags().BoolVar(&average, "average", false, "measure also the mean of the scores of all runs")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.Flags(cmd)
	return cmd
}

// ladder lists families and rungs.
func ladder() string {
	var b strings.Builder
	b.WriteString("Families:\n")
	for _, f := range yardstick.Families() {
		b.WriteString("  " + f.Name + "  " + f.Doc + "\n")
	}
	b.WriteString("Rungs:\n")
	for _, r := range yardstick.Rungs() {
		b.WriteString("  " + r.Name + "  " + r.Doc + "\n")
	}
	return strings.TrimSpace(b.String())
}
