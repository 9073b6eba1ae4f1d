package cli

import (
	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
)

func newEval() *cobra.Command {
	var s surroundings
	var id string
	var tests []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --run ID",
		Short: "Test a finished run on the sets under a data folder",
		Long: `Eval tests the detector of a finished run on every test set found under the data folder, or on those that --test names.
Of videos it takes the faces that seelab faces has cut, where there are no crops of the data set. It prints what run
prints and leaves the run folder as it is. A set of one class, or of which nothing can be read, has no figure and its row
says why; what has no score is named with the reason. It is an error if all that --test names are such.`,
		Example: `  seelab eval --run seeable-mini --data DIR
  seelab eval --run seeable-mini --data DIR --test "FF++ c40" --json
  seelab eval --run demo --test synthetic`,
		Args: arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				record, err := l.Evaluate(cmd.Context(), run, tests...)
				if err != nil {
					return err
				}
				return show(cmd, run, record, asJSON)
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().StringArrayVar(&tests, "test", nil, "a test set by `name`, such as \"FF++ c40\"; may be repeated; the default is all that are found")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the record as one JSON object")
	s.resultsFlag(cmd)
	s.dataFlags(cmd)
	s.facesFlags(cmd)
	s.memoryFlag(cmd, oneMemory)
	s.backendFlag(cmd)
	return cmd
}

func runFlag(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "run", "", "`ID` of a finished run, or a part of it that only one has; seelab runs lists them")
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("run")
}
