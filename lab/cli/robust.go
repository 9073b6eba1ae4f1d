package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newRobust() *cobra.Command {
	var s command.Surroundings
	var id string
	var asJSON bool
	var o lab.Damages
	var names []string
	for _, k := range robust.Kinds() {
		names = append(names, k.Name)
	}
	cmd := &cobra.Command{
		Use:   "robust --run ID",
		Short: "Measure how a finished run bears damaged faces",
		Long: `Robust damages every test face in the seven kinds of DeeperForensics-1.0 at five levels each, and by JPEG and another size, and
scores it again with the score of the run. Of videos whose faces seelab faces has cut, the frames are damaged and the faces found
again on them, but for another size, which faces get; those faces stay in the folder of faces. Else the stored crops are
damaged. The column "applied" says which; figures of frames and of crops are not to be compared.

It prints the AUC over videos with its interval by people, and by how much it drops against the clean faces, paired by
video; figures and all numbers as JSON are written to the folder robust beside the runs, also the scores of each set, kind
and level. What is there is not computed again: a command that was stopped goes on, and several at once, on one machine or
many that share the folder, share the work. The run folder stays as it is.

Kinds: ` + strings.Join(names, ", ") + `. H.264 takes an ffmpeg with libx264.`,
		Example: `  seelab robust --run seeable-mini --data DIR
  seelab robust --run seeable-mini --data DIR --sets DFDC --kinds blur,jpeg,noise --json
  seelab robust --run demo --sets synthetic --levels 1,3,5 --limit 100`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				r, err := l.Load(id)
				if err != nil {
					return err
				}
				found, err := l.Robust(cmd.Context(), r, o)
				if err != nil {
					return err
				}
				if asJSON {
					return command.PrintJSON(cmd.OutOrStdout(), found)
				}
				terminal.Robust(cmd.OutOrStdout(), r.Record.Name, found)
				return nil
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().StringSliceVar(&o.Sets, "sets", nil, "test `sets` by name, such as \"FF++ c40\", divided by commas; may be repeated; the default is all that are found")
	cmd.Flags().StringSliceVar(&o.Kinds, "kinds", nil, "`kinds` of damage, divided by commas; the default is all")
	cmd.Flags().IntSliceVar(&o.Levels, "levels", nil, "`levels` of damage, from 1 to 5, divided by commas; the default is all")
	cmd.Flags().IntVar(&o.Limit, "limit", 0, "so many `videos` of each class of a set, for a quick look; 0 takes all")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "`seed` of what is drawn at random")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.Flags(cmd)
	s.LeaksFlag(cmd)
	return cmd
}
