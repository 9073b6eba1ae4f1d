package sweeps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/results"
)

// ErrTryAgain is the error of a cell that stopped before it was done and is to be started again.
var ErrTryAgain = errors.New("not done; start it again to continue")

// NewCell makes the command cell.
func NewCell() *cobra.Command {
	var s command.Surroundings
	var sets []string
	var asJSON, child bool
	cmd := &cobra.Command{
		Use:   "cell SWEEP INDEX",
		Short: "Run one cell of a sweep: what a job of a cluster does",
		Long: `Cell runs one cell of a sweep, counted from 0 as seelab sweep --list does. If another process is at work on it, it waits.
Told to stop by SIGINT, SIGTERM or SIGUSR1, it saves its work and ends with exit code 75; started again, here or on
another machine with the same results folder, it goes on from there.`,
		Example: `  seelab cell ablate-lambda-mini 2 --data DIR
  seelab cell mine.toml "$SLURM_ARRAY_TASK_ID" --data DIR`,
		Args: command.Arguments(2, 2, "a sweep and the index of one of its cells"),
		RunE: func(cmd *cobra.Command, args []string) error {
			// First of all: the scheduler may send it at any time.
			ctx, stop := untilWarned(cmd.Context())
			defer stop()
			_, cells, err := Load(args[0], sets)
			if err != nil {
				return err
			}
			index, err := strconv.Atoi(args[1])
			if err != nil || index < 0 || index >= len(cells) {
				return fmt.Errorf("seelab: cell %q: want an index from 0 to %d, as %s has %d cells", args[1], len(cells)-1, args[0], len(cells))
			}
			if child {
				ctx = untilEnd(ctx, cmd.InOrStdin())
				messages := json.NewEncoder(cmd.OutOrStdout())
				err = s.OpenReporting(reporter(messages), func(l *lab.Lab) error {
					run, err := l.Run(ctx, cells[index].Spec)
					switch {
					case errors.Is(err, lab.ErrBusy), errors.Is(err, lab.ErrLost):
						return errors.Join(messages.Encode(cluster.Message{Busy: true, Note: err.Error()}), ErrTryAgain)
					case err == nil:
						err = messages.Encode(cluster.Message{Record: &run.Record})
					}
					return err
				})
			} else {
				err = s.Open(cmd, func(l *lab.Lab) error {
					run, err := l.RunWhenFree(ctx, cells[index].Spec)
					if err != nil {
						return err
					}
					return command.Show(cmd, run, run.Record, asJSON)
				})
			}
			if err != nil && ctx.Err() != nil {
				return fmt.Errorf("%s, cell %d (%s): %w", args[0], index, cells[index].Label, ErrTryAgain)
			}
			return err
		},
	}
	SetFlag(cmd, &sets)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the run's record as one JSON object")
	cmd.Flags().BoolVar(&child, "child", false, "talk to seelab sweep")
	// No way to call it by hand.
	_ = cmd.Flags().MarkHidden("child")
	s.Flags(cmd)
	s.LeaksFlag(cmd)
	s.DevicesFlag(cmd)
	return cmd
}

// SetFlag adds the flag that changes keys in all cells.
func SetFlag(cmd *cobra.Command, sets *[]string) {
	cmd.Flags().StringArrayVar(sets, "set", nil, "change a `key=value` in all cells; may be repeated; seelab spec --keys lists them")
}

// Load loads a sweep, changes some keys in all its cells, and expands it.
func Load(name string, sets []string) (spec.Sweep, []spec.Cell, error) {
	w, err := experiments.LoadSweep(name)
	for _, set := range sets {
		if err == nil {
			err = w.Set(set)
		}
	}
	if err != nil {
		return spec.Sweep{}, nil, err
	}
	if w.Table != "" {
		paper, err := results.Published()
		if err == nil {
			_, err = paper.Table(w.Table)
		}
		if err != nil {
			return spec.Sweep{}, nil, fmt.Errorf("seelab: sweep.table of %s: %w", w.Name, err)
		}
	}
	cells, err := w.Cells()
	return w, cells, err
}

// untilEnd is a context that ends with ctx or with the input: then the process that started this one is gone, or wants it
// to stop.
func untilEnd(ctx context.Context, input io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		// An error is an end, too.
		_, _ = io.Copy(io.Discard, input)
		cancel()
	}()
	return ctx
}

// messageEvery keeps a child from flooding its parent.
const messageEvery = 500 * time.Millisecond

// reporter passes on what a lab does.
func reporter(messages *json.Encoder) func(lab.Event) {
	var last time.Time
	stage := ""
	return func(e lab.Event) {
		m := cluster.Message{Stage: e.Stage, Done: e.Done, Total: e.Total, Note: e.Note}
		if e.Note == "" {
			if e.Stage == stage && time.Since(last) < messageEvery {
				return
			}
			stage, last = e.Stage, time.Now()
		}
		if t := e.Training; t != nil {
			m.Loss = t.Loss
		}
		// A parent that is gone shows at the end of stdin.
		_ = messages.Encode(m)
	}
}
