package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/record"
)

func newRecord() *cobra.Command {
	var s command.Surroundings
	var kind, out string
	var against []string
	cmd := &cobra.Command{
		Use:   "record RUN...",
		Short: "Write what figures need of finished runs as small files to commit",
		Long: `Record writes for each finished run a file RUN.json: its spec, versions, training, choice of the score and tests, without rows
or names of faces, pictures and paths, at most 20 kB. What shows figures of runs is made from such files, so that every figure
has a source that is committed; in the lab's own repository that is go run ./lab/cmd/render.

--kind says what the test sets are: development sets, looked at while methods are made, or final ones, opened once in the end.
--against compares each run with others by video, which needs the scores of the faces and so is done here.`,
		Example: `  seelab record seeable-mini --kind development
  seelab record seeable-small --kind development --against sbi-mini --out results/records`,
		Args: command.Arguments(1, 1<<16, "IDs of finished runs, or parts of them that only one has"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			runs, err := loadRuns(l, args)
			if err != nil {
				return err
			}
			var others []*lab.Run
			if len(against) > 0 {
				if others, err = loadRuns(l, against); err != nil {
					return err
				}
			}
			for _, run := range runs {
				r, err := l.Record(run, kind, others...)
				if err != nil {
					return err
				}
				path, err := r.Write(out)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", "what the test sets are: "+record.Development+" or "+record.Final)
	// The flag is defined one line above.
	_ = cmd.MarkFlagRequired("kind")
	flags.StringSliceVar(&against, "against", nil, "`IDs` of finished runs to compare with, divided by commas")
	flags.StringVar(&out, "out", "results/records", "`folder` to write into")
	s.ResultsFlag(cmd)
	return cmd
}
