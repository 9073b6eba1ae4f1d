package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Runs lists the ids of the finished runs, sorted.
func (l *Lab) Runs() ([]string, error) { return store.List(l.dir) }

// List lists the runs of any state by id; see [store.Scan].
func (l *Lab) List() ([]store.Entry, error) { return store.Scan(l.dir) }

// Load returns a finished run of this lab by its id, or by a part of the id that only one run has.
func (l *Lab) Load(id string) (*Run, error) {
	ids, err := store.List(l.dir)
	if err != nil {
		return nil, err
	}
	if id, err = l.match(id, ids, "finished run"); err != nil {
		return nil, err
	}
	dir := filepath.Join(l.dir, id)
	record, err := store.ReadRecord(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, store.SpecFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	s, err := spec.ParseStored(path, text)
	if err != nil {
		return nil, err
	}
	return &Run{dir, s, record}, nil
}

// Find returns what is known of a run of any state by its id, or by a part of the id that only one run has.
func (l *Lab) Find(id string) (store.Entry, error) {
	entries, err := store.Scan(l.dir)
	if err != nil {
		return store.Entry{}, err
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	if id, err = l.match(id, ids, "run"); err != nil {
		return store.Entry{}, err
	}
	return entries[slices.Index(ids, id)], nil
}

// match finds the one of ids that is wanted or that alone has wanted in it. what says what they are.
func (l *Lab) match(wanted string, ids []string, what string) (string, error) {
	if slices.Contains(ids, wanted) {
		return wanted, nil
	}
	var found []string
	for _, id := range ids {
		if wanted != "" && strings.Contains(id, wanted) {
			found = append(found, id)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("lab: run %q is one of several: %s", wanted, some(found))
	case len(ids) == 0:
		return "", fmt.Errorf("lab: no run %q: %s holds no %s yet; make one with seelab run", wanted, l.dir, what)
	}
	return "", fmt.Errorf("lab: no run %q in %s; there are %s", wanted, l.dir, some(ids))
}

// some lists the first of many names.
func some(names []string) string {
	const shown = 20
	if n := len(names); n > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), n-shown)
	}
	return strings.Join(names, ", ")
}

// Remove removes a run of any state by its id, weights and all. It fails with a [BusyError] while a process makes it.
func (l *Lab) Remove(ctx context.Context, id string) error { return store.Remove(ctx, l.dir, id) }

// Verify compares the files of a run with the digests that were written with them: those of the run folder if it is
// finished, else of its checkpoints. It fails with [store.ErrDamaged], naming the files that are not as they were.
func (l *Lab) Verify(id string) error { return store.VerifyRun(l.dir, id) }
