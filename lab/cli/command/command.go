// Package command is what the commands of seelab share: the flags that say where a run finds things and what it may take, the
// check of how many arguments there are, and how a record is printed.
package command

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// Arguments demands between low and high arguments, high < 0 meaning any number; want says which.
func Arguments(low, high int, want string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < low || high >= 0 && len(args) > high {
			return fmt.Errorf("found %d arguments, want %s", len(args), want)
		}
		return nil
	}
}

// Show prints the record of a run or of another test of it.
func Show(cmd *cobra.Command, run *lab.Run, r store.Record, asJSON bool) error {
	terminal.Skipped(cmd.ErrOrStderr(), r.Skipped)
	if asJSON {
		return PrintJSON(cmd.OutOrStdout(), r)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, table.Tests(r).Text())
	if alarms := table.Alarms(r); len(alarms.Rows) > 0 {
		fmt.Fprintln(out, alarms.Text())
	} else if r.NoAlarms != "" {
		fmt.Fprintf(out, "No operating point: %s.\n", r.NoAlarms)
	}
	if maps := table.Localisation(r); len(maps.Rows) > 0 {
		fmt.Fprintln(out, maps.Text())
	}
	held := fmt.Sprintf("Held-out %s %.3f", r.Train.Held(), r.Train.HeldOutLoss)
	if r.Train.Classified() {
		held = fmt.Sprintf("Accuracy on held-out faces %.3f, by guessing %.3f", r.Train.Accuracy, r.Train.Chance)
	}
	terminal.Coverage(out, r.Coverage)
	terminal.Made(out, r)
	fmt.Fprintf(out, "%s, %.0f s. %s.\n", r.Run, r.Seconds, held)
	if len(r.Skipped) > 0 {
		fmt.Fprintf(out, "Skipped: %d bad images or manifest rows.\n", len(r.Skipped))
	}
	fmt.Fprintf(out, "Report: %s\n", filepath.Join(run.Dir, store.ReportFile))
	return nil
}

// PrintJSON prints a value as indented JSON.
func PrintJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
