package cli

import (
	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/spec"
)

func newRun() *cobra.Command {
	var s command.Surroundings
	var sets []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "run EXPERIMENT",
		Short: "Train, choose the score on real faces, test; or show a run that is finished",
		Long: `Run does an experiment: it trains on real faces, chooses the anomaly score on held-out real faces, tests on every set
the spec names (all that are found under the data folder, if it names none) and writes the run folder. EXPERIMENT is
one of seelab list, or the path of a .toml file. A run that is finished is shown again at once.

Of videos in the layouts of their authors it takes the faces that seelab faces has cut: to test on, where there are no
crops of the data set, and to train on, where the spec names the data set, as in --set data.train="FF++ c23".

Test sets of one class, or of which nothing can be read, are named before the training; they get scores, and rows that say
why there is no figure. Whatever a test set holds and has no score is named with the reason.`,
		Example: `  seelab run seeable-mini --data DIR
  seelab run seeable-mini --data DIR --set seed=2 --set train.steps=3000
  seelab run mine.toml --data DIR --json`,
		Args: command.Arguments(1, 1, "the name of one experiment or the path of a .toml file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			experiment, err := loadExperiment(args[0], sets)
			if err != nil {
				return err
			}
			return s.Open(cmd, func(l *lab.Lab) error {
				run, err := l.Run(cmd.Context(), experiment)
				if err != nil {
					return err
				}
				return command.Show(cmd, run, run.Record, asJSON)
			})
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a `key=value` of the spec; may be repeated; seelab spec --keys lists them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the run's record as one JSON object")
	s.Flags(cmd)
	s.LeaksFlag(cmd)
	s.DevicesFlag(cmd)
	return cmd
}

// loadExperiment loads a spec and changes some of its keys.
func loadExperiment(name string, sets []string) (spec.Spec, error) {
	s, err := experiments.Load(name)
	for _, set := range sets {
		if err != nil {
			break
		}
		err = s.Set(set)
	}
	return s, err
}
