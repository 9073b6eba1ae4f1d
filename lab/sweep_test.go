package lab_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// sweepOf has a cell for each seed, on data that are not there.
func sweepOf(seeds ...any) spec.Sweep {
	base := spec.Default()
	base.Name = "toy"
	return spec.Sweep{Name: "toys", Base: base, Axes: []spec.Axis{spec.Vary("seed", seeds...)}}
}

// finish writes the folder of a finished run.
func finish(t *testing.T, runs string, s spec.Spec) {
	t.Helper()
	dir := filepath.Join(runs, lab.ID(s))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(
		store.WriteFile(filepath.Join(dir, store.SpecFile), []byte(s.TOML())),
		store.WriteRecord(dir, store.Record{Run: lab.ID(s), Name: s.Name, Hash: s.Hash(), Network: s.Training().Hash(), Score: "norm"}),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// Cells come in order; one that fails, here for lack of data, stops none of the others.
func TestSweep(t *testing.T) {
	runs := t.TempDir()
	l, err := lab.Open(runs, lab.WithData(filepath.Join(runs, "none")))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := sweepOf(1, 2, 3)
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	finish(t, runs, cells[1].Spec)
	var outcome []string
	for run, err := range l.Sweep(t.Context(), w) {
		failure, failed := errors.AsType[*lab.CellError](err)
		switch {
		case failed && run == nil && strings.Contains(err.Error(), "none"):
			outcome = append(outcome, "failed "+failure.Cell.Label)
		case err == nil:
			outcome = append(outcome, "finished "+run.Record.Run)
		default:
			t.Errorf("run %v, error %v", run, err)
		}
	}
	want := []string{"failed seed=1", "finished " + lab.ID(cells[1].Spec), "failed seed=3"}
	if strings.Join(outcome, ", ") != strings.Join(want, ", ") {
		t.Errorf("found %q, want %q", outcome, want)
	}
}

func TestSweepEnds(t *testing.T) {
	l, err := lab.Open(t.TempDir(), lab.WithData("none"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	count := func(ctx context.Context, w spec.Sweep, each func() bool) (n int, last error) {
		for _, err := range l.Sweep(ctx, w) {
			n++
			last = err
			if !each() {
				break
			}
		}
		return n, last
	}
	ctx, cancel := context.WithCancel(t.Context())
	if n, _ := count(ctx, sweepOf(1, 2, 3), func() bool { cancel(); return true }); n != 1 {
		t.Errorf("%d cells, want the end with the context after 1", n)
	}
	if n, _ := count(t.Context(), sweepOf(1, 2, 3), func() bool { return false }); n != 1 {
		t.Errorf("%d cells after a break in the first", n)
	}
	n, err := count(t.Context(), sweepOf(1, 1), func() bool { return true })
	if _, isCell := errors.AsType[*lab.CellError](err); n != 1 || isCell || err == nil || !strings.Contains(err.Error(), "same experiment") {
		t.Errorf("%d results and %v, want one error on the sweep", n, err)
	}
}

func TestRunWhenFreeWaits(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	runs := t.TempDir()
	s := spec.Default()
	s.Name, s.Data.Train, s.Data.Test, s.Data.Exclude = "toy", []string{"synthetic"}, []string{"synthetic"}, nil
	cell, err := store.Claim(t.Context(), runs, lab.ID(s), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer cell.Close()
	waits := make(chan string, 1)
	l, err := lab.Open(runs, lab.WithReport(func(e lab.Event) {
		if strings.HasPrefix(e.Note, "waiting") {
			waits <- e.Note
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// The process at work, this one, finishes while the other waits.
	go func() {
		if note := <-waits; !strings.Contains(note, lab.ID(s)) {
			t.Errorf("the note %q does not name the run", note)
		}
		finish(t, runs, s)
	}()
	run, err := l.RunWhenFree(t.Context(), s)
	if err == nil && run.Record.Run == lab.ID(s) || errors.Is(err, lab.ErrChanged) {
		return // finished; the record, made by hand, lacks the digests of the data
	}
	t.Errorf("run %v, error %v", run, err)
}
