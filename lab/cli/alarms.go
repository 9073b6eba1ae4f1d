package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/table"
)

func newAlarms() *cobra.Command {
	var s command.Surroundings
	var id string
	var asJSON bool
	o := lab.AlarmsOptions{Rate: operating.Default.FalseAlarms}
	cmd := &cobra.Command{
		Use:   "alarms --run ID [SET...]",
		Short: "Measure the false alarms of a run on real faces, by group",
		Long: `Alarms scores real faces and tells which share is flagged at the run's threshold, in all and by group, with 95 % intervals by
people, and names the worst group. SET is a folder of real faces below the data folder, as real/helen, or a test set, whose
real faces are taken; none of its people may be one that the run was trained on. Without SET it is the held-out people of the
run's training sets who neither trained nor chose. As the threshold is calibrated on these, their rate in all is the one asked
for: what they show is how groups differ.

Groups are by age, gender and race, where the columns of manifest.csv or the names of UTKFace's files say them, and by
thirds of sharpness and brightness of the middle of the picture. --by names other columns, of --labels or manifest.csv; numbers
of more than 12 values are cut in thirds, ages in bands. Groups of fewer than 20 people are counted and not shown. The worst of
many groups is partly so by chance.`,
		Example: `  seelab alarms --run seeable-plus-mini --data DIR
  seelab alarms --run seeable-plus-mini --data DIR real/helen real/afw --false-alarms 0.01
  seelab alarms --run seeable-plus-mini --data DIR real/mebeauty --labels origins.csv --by origin --json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, sets []string) error {
			if len(sets) > 0 {
				o.Sets = sets
			}
			return s.Open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				all, err := l.Alarms(cmd.Context(), run, o)
				if err != nil {
					return err
				}
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), map[string]any{"run": run.Record.Run, "synthetic": run.Record.Train.Synthetic, "alarms": all})
				}
				if run.Record.Train.Synthetic {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s was trained on synthetic faces: its scores say nothing about photographs\n", run.Record.Run)
				}
				for _, a := range all {
					fmt.Fprintln(cmd.OutOrStdout(), table.Subgroups(run.Record.Name, a).Text())
				}
				return nil
			})
		},
	}
	runFlag(cmd, &id)
	falseAlarmsFlag(cmd, &o.Rate)
	cmd.Flags().StringSliceVar(&o.By, "by", nil, "`columns` that group the faces; the default is age, gender, race as far as they are known, sharpness and brightness")
	cmd.Flags().StringVar(&o.Labels, "labels", "", "`FILE.csv` with the column file and those that group; the default is manifest.csv of the set")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.Flags(cmd)
	s.LeaksFlag(cmd)
	return cmd
}

func falseAlarmsFlag(cmd *cobra.Command, rate *float64) {
	cmd.Flags().Float64Var(rate, "false-alarms", *rate, "`share` of real faces that may be flagged")
}
