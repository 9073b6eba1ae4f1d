package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Status is how far a run is.
type Status string

// The values of Status.
const (
	Finished   Status = "finished"
	Running    Status = "running"    // a process works on it
	HalfDone   Status = "half done"  // interrupted; it goes on from its last checkpoint
	Diverged   Status = "diverged"   // its numbers stopped being finite
	Failed     Status = "failed"     // stopped by an error; it can go on
	Unreadable Status = "unreadable" // its files are damaged, or of no version that is known
)

// Entry is a run in a folder of runs.
type Entry struct {
	ID      string
	Status  Status
	Head    Record   // of a finished run: its record as far as AUC
	Spec    string   // text of spec.toml, "" if there is none yet
	Step    int      // of the newest checkpoint of an unfinished run
	Owner   *Owner   // of a running run
	Failure *Failure // of a diverged or failed run
	Err     error    // of an unreadable run: what is wrong with it
}

// Scan lists the runs under root by id, whatever their state; none where root does not exist. A run that cannot be read
// is in the list with the reason.
func Scan(root string) ([]Entry, error) {
	names, err := folders(root)
	if err != nil {
		return nil, err
	}
	unfinished, err := folders(filepath.Join(root, UnfinishedFolder))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range append(names, unfinished...) {
		if id != UnfinishedFolder && !strings.HasPrefix(id, ".") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	entries := make([]Entry, len(ids))
	var wait sync.WaitGroup
	workers := 2 * runtime.GOMAXPROCS(0) // half of the time is spent waiting for files
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(ids); i += workers {
				entries[i] = Look(root, ids[i])
			}
		})
	}
	wait.Wait()
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Status == "" }), nil
}

// folders lists the names of the folders in dir; none where it does not exist.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Look tells what is known of one run. Its status is empty if there is no such run.
func Look(root, id string) Entry {
	e := Entry{ID: id}
	dir := filepath.Join(root, id)
	r, err := readHead(dir)
	if err == nil {
		e.Status, e.Head = Finished, r
		return e.withSpec(dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		e.Status, e.Err = Unreadable, err
		return e.withSpec(dir)
	}
	home := filepath.Join(root, UnfinishedFolder, id)
	if _, err := os.Stat(home); err != nil {
		if _, err := os.Stat(filepath.Join(dir, SpecFile)); err == nil {
			// An unfinished run as version 0.1.0 left it: without checkpoints.
			e.Status = HalfDone
			return e.withSpec(dir)
		}
		return e
	}
	e.Status = HalfDone
	leases := filepath.Join(home, leaseFolder)
	if last, err := lastLease(leases); err == nil && last > 0 {
		if owner, state, err := look(filepath.Join(leases, leaseName(last)), Lease); err == nil && state == leaseLive {
			e.Status, e.Owner = Running, &owner
		}
	}
	found, err := attempts(home)
	if err != nil || len(found) == 0 {
		return e
	}
	if steps, err := checkpoints(found[0]); err == nil && len(steps) > 0 {
		e.Step = steps[0]
	}
	if f := readFailure(found[0]); f != nil && e.Status != Running {
		e.Failure, e.Status = f, Failed
		if f.Kind == KindDiverged {
			e.Status = Diverged
		}
	}
	return e.withSpec(filepath.Join(found[0], resultFolder))
}

func (e Entry) withSpec(dir string) Entry {
	text, err := os.ReadFile(filepath.Join(dir, SpecFile))
	if err == nil {
		e.Spec = string(text)
	} else if e.Status == Finished {
		e.Status, e.Err = Unreadable, fmt.Errorf("store: %w", err)
	}
	return e
}

// VerifyRun verifies a run, finished or not: the files of a finished one, the checkpoints of another. See [Verify] for the errors.
func VerifyRun(root, id string) error {
	dir := filepath.Join(root, id)
	home := filepath.Join(root, UnfinishedFolder, id)
	if _, err := os.Stat(home); err != nil || finished(root, id) {
		return Verify(dir)
	}
	found, err := attempts(home)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	var wrong []error
	for _, attempt := range found {
		steps, err := checkpoints(attempt)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for _, step := range steps {
			wrong = append(wrong, Verify(filepath.Join(attempt, checkpointFolder, checkpointName(step))))
		}
	}
	return errors.Join(wrong...)
}

// Remove removes a run, finished or not. It fails with a [BusyError] while a process works on it, and with fs.ErrNotExist
// if there is none.
func Remove(ctx context.Context, root, id string) error {
	if id == "" || id == UnfinishedFolder || filepath.Base(id) != id || strings.HasPrefix(id, ".") {
		return fmt.Errorf("store: %q is no run: %w", id, fs.ErrNotExist)
	}
	dir := filepath.Join(root, id)
	_, err := os.Stat(dir)
	_, err2 := os.Stat(filepath.Join(root, UnfinishedFolder, id))
	if err != nil && err2 != nil {
		return fmt.Errorf("store: no run %s in %s: %w", id, root, fs.ErrNotExist)
	}
	// Claimed, so that nobody begins it meanwhile.
	c, err := claimAny(ctx, root, id, 0)
	if err != nil {
		return err
	}
	if err := disk.Rename(dir, c.gone()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("store: %w", err), c.Close())
	}
	return c.remove()
}
