package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// UnfinishedFolder is the folder below the root of the runs where those that are not finished lie:
//
//	unfinished/ID/lease/000000003                     who works on it (see [Claim])
//	unfinished/ID/attempt-000000003-NAME/result/      what will be the run folder
//	                                    /checkpoints/ the states to go on from, LAST naming the newest
//	                                    /stages/      what the stages after the training have found
//	                                    /bad-STEP/    a state whose numbers were not finite, for a look
//	                                    /failure.json why it stopped, if it failed
const UnfinishedFolder = "unfinished"

const (
	leaseFolder   = "lease"
	attemptPrefix = "attempt-"
	resultFolder  = "result"
	failureFile   = "failure.json"
)

// Cell is a run that is not finished, claimed by this process.
//
// The folder that it writes is named by its claim's fencing number. Taking a cell over renames that folder, so that
// nothing that an earlier owner still writes or commits can reach the cell any more, however long it slept.
type Cell struct {
	root, id string
	lease    *lease
	dir      string // the attempt
	ctx      context.Context
	stop     context.CancelCauseFunc
	beating  chan struct{} // closed when the beats have ended
	closed   bool
}

// Claim takes the cell id below root for this process, until [Cell.Commit] or [Cell.Close]. What earlier processes have
// done of it is there to go on with. length is how long the owner may be silent before others may take the cell over,
// 0 for [Lease]. Claim fails at once with a [BusyError] while another process is at work; when that process has been
// silent for long, Claim watches it for its lease's time first. It fails with ErrFinished when there is nothing to do.
//
// It needs nothing but a folder that all processes see, on one machine or many, where creating a file that exists fails
// and renaming a folder is atomic, as POSIX and NFS have it.
func Claim(ctx context.Context, root, id string, length time.Duration) (*Cell, error) {
	done := fmt.Errorf("%w: %s", ErrFinished, id)
	if finished(root, id) {
		if _, err := os.Stat(filepath.Join(root, UnfinishedFolder, id)); err != nil {
			return nil, done
		}
		// Its owner was killed while it tidied up; that is done below.
	}
	c, err := claimAny(ctx, root, id, length)
	if finished(root, id) {
		if err == nil {
			_ = c.remove() // the result is there: what stays besides harms nobody
		}
		return nil, done
	}
	if err != nil {
		return nil, err
	}
	if err := c.putOldAside(); err != nil {
		return nil, errors.Join(fmt.Errorf("store: claim of %s: %w", id, err), c.Close())
	}
	return c, nil
}

// claimAny claims a cell that may be finished.
func claimAny(ctx context.Context, root, id string, length time.Duration) (*Cell, error) {
	if length <= 0 {
		length = Lease
	}
	for try := 0; ; try++ {
		c, err := claim(ctx, root, id, length)
		switch {
		case try < 1000 && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)):
			// Another process was faster with a file, or with removing all of them.
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			time.Sleep(time.Millisecond)
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
			return nil, fmt.Errorf("store: cannot write in %s, where the runs are kept: %w; choose another folder", root, err)
		case err != nil && !errors.Is(err, ErrBusy):
			return nil, fmt.Errorf("store: claim of %s: %w", id, err)
		default:
			return c, err
		}
	}
}

func finished(root, id string) bool {
	_, err := os.Stat(filepath.Join(root, id, RecordFile))
	return err == nil
}

// claim is claimAny once. fs.ErrExist and fs.ErrNotExist ask for another time.
func claim(ctx context.Context, root, id string, length time.Duration) (*Cell, error) {
	home := filepath.Join(root, UnfinishedFolder, id)
	leases := filepath.Join(home, leaseFolder)
	if err := mkdirs(leases); err != nil {
		return nil, err
	}
	last, err := lastLease(leases)
	if err != nil {
		return nil, err
	}
	if last > 0 {
		path := filepath.Join(leases, leaseName(last))
		owner, state, err := look(path, length)
		if err == nil && state == leaseQuiet {
			var dead bool
			if dead, err = watch(ctx, path, length); !dead {
				state = leaseLive
			}
		}
		if err != nil {
			return nil, err
		}
		if state == leaseLive {
			return nil, &BusyError{id, owner}
		}
	}
	l, err := takeLease(leases, last+1, length)
	if err != nil {
		return nil, err
	}
	c := &Cell{root: root, id: id, lease: l, beating: make(chan struct{})}
	c.dir = filepath.Join(home, fmt.Sprintf("%s%s-%s", attemptPrefix, leaseName(l.fence), l.owner.Name[:8]))
	c.ctx, c.stop = context.WithCancelCause(ctx)
	go c.beat(length)
	if err := c.adopt(home); err != nil {
		c.stop(nil)
		<-c.beating
		return nil, errors.Join(err, l.release())
	}
	return c, nil
}

// beat renews the lease until the cell is closed, and ends the cell's context when it was lost.
func (c *Cell) beat(length time.Duration) {
	defer close(c.beating)
	ticker := time.NewTicker(length / 6)
	defer ticker.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-ticker.C:
		}
		// A beat that cannot be written is tried again; if that goes on, others take the cell over and held tells.
		_ = c.lease.renew()
		if err := c.lease.held(); errors.Is(err, ErrLost) {
			c.stop(err)
			return
		}
	}
}

// adopt makes the work of the owner before, if any, this owner's.
func (c *Cell) adopt(home string) error {
	leases := filepath.Dir(c.lease.path)
	for {
		if err := c.lease.held(); err != nil {
			return err
		}
		attempts, err := attempts(home)
		if err != nil {
			return err
		}
		if len(attempts) == 0 {
			if err := disk.Mkdir(c.dir); err != nil {
				return err
			}
			break
		}
		if err := disk.Rename(attempts[0], c.dir); errors.Is(err, fs.ErrNotExist) {
			continue // an owner between this and that one has just renamed it
		} else if err != nil {
			return err
		}
		for _, older := range attempts[1:] {
			if err := disk.RemoveAll(older); err != nil {
				return err
			}
		}
		break
	}
	if err := disk.Mkdir(c.Dir()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for fence := c.lease.fence - 1; fence > 0; fence-- {
		if err := disk.Remove(filepath.Join(leases, leaseName(fence))); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
	}
	return nil
}

// putOldAside moves a folder of the run's name out of the way: it has no record, so it is an unfinished run of version 0.1.0.
func (c *Cell) putOldAside() error {
	err := disk.Rename(filepath.Join(c.root, c.id), c.Path("before-"+c.lease.owner.Name[:8]))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// attempts lists the folders of a cell's owners, the newest first.
func attempts(home string) ([]string, error) {
	entries, err := os.ReadDir(home)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), attemptPrefix) {
			found = append(found, filepath.Join(home, entry.Name()))
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(fenceOf(b), fenceOf(a)) })
	return found, nil
}

func fenceOf(attempt string) int {
	number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(attempt), attemptPrefix), "-")
	fence, _ := strconv.Atoi(number)
	return fence
}

// Dir is the folder whose files become the run folder. Its files of earlier processes are still there.
func (c *Cell) Dir() string { return filepath.Join(c.dir, resultFolder) }

// Path is where a file of the unfinished run that will not be part of the run folder lies.
func (c *Cell) Path(name string) string { return filepath.Join(c.dir, name) }

// Fence is the claim's number: every claim of a cell has a greater one than those before.
func (c *Cell) Fence() int { return c.lease.fence }

// Context ends when the one given to Claim does, with ErrLost as its cause when the cell was taken over, and when the cell
// is closed.
func (c *Cell) Context() context.Context { return c.ctx }

// Check returns ErrLost when another process has taken the cell over.
func (c *Cell) Check() error {
	if err := c.lease.held(); err != nil {
		return fmt.Errorf("%s: %w", c.id, err)
	}
	return nil
}

// lost turns an error about a missing file into ErrLost where that is why.
func (c *Cell) lost(err error) error {
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if lost := c.Check(); lost != nil {
		return lost
	}
	return err
}

// Write puts a file of the unfinished run in its place at once; the folders above it are made.
func (c *Cell) Write(name string, data []byte) error {
	path := c.Path(name)
	err := WriteFile(path, data)
	// Only below the attempt: that itself is never made anew, as it may be gone for a reason.
	if dir := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && dir != c.dir {
		if err := disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return c.lost(err)
		}
		err = WriteFile(path, data)
	}
	return c.lost(err)
}

// Commit completes the run folder with its record and digests and renames it into place, where it is all there or not
// at all. Then the cell is closed. It returns ErrLost, and changes nothing, if the cell was taken over.
func (c *Cell) Commit(r Record) error {
	if err := c.commit(r); err != nil {
		return c.lost(err)
	}
	// The run is safe. What is left over of its making is removed now, or by the next claim.
	_ = c.remove()
	return nil
}

func (c *Cell) commit(r Record) error {
	if err := c.Check(); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.Dir())
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), partPrefix) { // of a write that was cut off
			if err := disk.Remove(filepath.Join(c.Dir(), entry.Name())); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	if err := WriteRecord(c.Dir(), r); err != nil {
		return err
	}
	if err := WriteSums(c.Dir()); err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	final := filepath.Join(c.root, c.id)
	if err := disk.Rename(c.Dir(), final); err != nil {
		return fmt.Errorf("store: commit of %s: %w", c.id, err)
	}
	if err := disk.SyncFolder(c.root); err != nil {
		return fmt.Errorf("store: commit of %s: %w", c.id, err)
	}
	return nil
}

// Failure tells why an unfinished run stopped.
type Failure struct {
	Kind  string `json:"kind"` // "failed" or "diverged"
	Step  int    `json:"step,omitempty"`
	Error string `json:"error"`
	When  string `json:"when"` // RFC 3339
}

// The kinds of a failure. A diverged run would diverge again.
const (
	KindFailed   = "failed"
	KindDiverged = "diverged"
)

// Fail notes why the run stopped, for [Scan] and the next claim.
func (c *Cell) Fail(f Failure) error {
	f.When = now().UTC().Format(time.RFC3339)
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return c.Write(failureFile, append(text, '\n'))
}

// Failure returns why the run stopped, nil if no process before has noted that.
func (c *Cell) Failure() *Failure { return readFailure(c.dir) }

// Retry forgets the failure.
func (c *Cell) Retry() error {
	if err := disk.Remove(c.Path(failureFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func readFailure(attempt string) *Failure {
	text, err := os.ReadFile(filepath.Join(attempt, failureFile))
	var f Failure
	if err != nil || json.Unmarshal(text, &f) != nil {
		return nil
	}
	return &f
}

// Close gives the cell back as it is; the next claim goes on from there at once. It does nothing after Commit.
func (c *Cell) Close() error {
	if !c.end() {
		return nil
	}
	if err := c.lease.release(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// end stops the beats; it tells whether that was still to do.
func (c *Cell) end() bool {
	if c.closed {
		return false
	}
	c.closed = true
	c.stop(nil)
	<-c.beating
	return true
}

// remove closes the cell and removes all of it but a finished run.
func (c *Cell) remove() error {
	if !c.end() {
		return nil
	}
	home := filepath.Join(c.root, UnfinishedFolder, c.id)
	// At once out of the way, so that a new claim of the same run does not meet half of it.
	gone := c.gone()
	err := disk.Rename(home, gone)
	// Those too that a crash has left behind.
	all, _ := filepath.Glob(filepath.Join(filepath.Dir(gone), removedPrefix+"*"))
	for _, path := range all {
		err = errors.Join(err, disk.RemoveAll(path))
	}
	// It goes if it is empty.
	_ = disk.Remove(filepath.Dir(home))
	return errors.Join(err, c.lease.drop())
}

// gone is a new name for what is to be removed.
func (c *Cell) gone() string {
	return filepath.Join(c.root, UnfinishedFolder, removedPrefix+rand.Text())
}

// removedPrefix begins the names of folders on their way out.
const removedPrefix = ".removed-"
