package cli

import (
	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newFaces() *cobra.Command {
	var s command.Surroundings
	var names []string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "faces",
		Short: "Cut the faces out of the videos under a data folder, once",
		Long: `Faces finds the faces in frames of the videos that are tested and trained on, with 68 landmarks each, and keeps them in a
cache outside of the data folder, where run and eval find them. It does each video once: stopped at any moment, it goes on
where it was; several may run at a time. A video file that has changed, and other parameters, are another matter and done
anew. Videos that cannot be read are named and counted.`,
		Example: `  seelab faces --data DIR
  seelab faces --data DIR --dataset "FF++ c23" --frames 16
  seelab eval --run seeable-mini --data DIR`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				reports, err := l.Faces(cmd.Context(), all, names...)
				if err != nil {
					return err
				}
				for _, r := range reports {
					terminal.Skipped(cmd.ErrOrStderr(), r.Problems)
				}
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), reports)
				}
				terminal.PrintFaces(cmd.OutOrStdout(), reports)
				return nil
			})
		},
	}
	cmd.Flags().StringArrayVar(&names, "dataset", nil, "a data set by `name`, such as \"FF++ c40\"; may be repeated; the default is all that are found")
	cmd.Flags().BoolVar(&all, "all", false, "all videos, also those of validation parts, which are neither trained nor tested on, and fakes of training parts, on which only data.fakes trains")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was found as a JSON list")
	s.DataFlags(cmd)
	s.FacesFlags(cmd)
	return cmd
}
