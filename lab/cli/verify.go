package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newVerify() *cobra.Command {
	var s command.Surroundings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [ID ...]",
		Short: "Tell whether the files of runs are as they were written",
		Long: `Verify compares every file of the run folders, and of the checkpoints of runs that are not finished, with the SHA-256
that was written with it. It fails if a byte was changed, or if a file was added or removed. Without an ID it looks at
all runs. Runs of version 0.1.0 have no digests, and count as failed.`,
		Example: `  seelab verify
  seelab verify seeable-mini --json`,
		Args: command.Arguments(0, -1, "the IDs of runs, or none for all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open(s.Results)
			if err != nil {
				return err
			}
			var ids []string
			for _, arg := range args {
				entry, err := l.Find(arg)
				if err != nil {
					return err
				}
				ids = append(ids, entry.ID)
			}
			if len(args) == 0 {
				entries, err := l.List()
				if err != nil {
					return err
				}
				for _, e := range entries {
					ids = append(ids, e.ID)
				}
			}
			type result struct {
				Run   string `json:"run"`
				State string `json:"state"` // "as written", "damaged" or "no digests"
				Error string `json:"error,omitempty"`
			}
			results, bad := []result{}, 0
			for _, id := range ids {
				r := result{Run: id, State: "as written"}
				if err := l.Verify(id); err != nil {
					bad++
					r.State, r.Error = "damaged", terminal.OneLine(err)
					if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, store.ErrDamaged) {
						r.State = "no digests"
					}
				}
				results = append(results, r)
				if !asJSON {
					fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSuffix(fmt.Sprintf("%s: %s: %s", r.Run, r.State, r.Error), ": "))
				}
			}
			if asJSON {
				if err := command.PrintJSON(cmd.OutOrStdout(), results); err != nil {
					return err
				}
			}
			if bad > 0 {
				return fmt.Errorf("verify: %d of %d runs are not known to be as they were written", bad, len(ids))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the results as a JSON array")
	s.ResultsFlag(cmd)
	return cmd
}
