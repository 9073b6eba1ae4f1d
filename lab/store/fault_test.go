package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var errStopped = errors.New("the process has ended")

// faulty is a disk on which every change of a file is counted, and which goes wrong at one of them.
type faulty struct {
	osDisk
	mu   sync.Mutex
	n    int // changes so far
	stop int // the change at which it goes wrong, −1 for none
	how  fault
	dead bool
	// Content that was not forced to the disk, by path: lost when the power goes.
	unsynced map[string]bool
}

type fault int

const (
	killed    fault = iota // the change and all after it do not happen
	torn                   // the same, but half of a write does
	powerless              // the same, and what was not forced to the disk is cut in half
	full                   // from then on nothing can be written, until the test makes room
)

func newFaulty(stop int, how fault) *faulty {
	return &faulty{stop: stop, how: how, unsynced: map[string]bool{}}
}

// use makes d the disk until the test is over.
func use(t testing.TB, d filesystem) {
	before := disk
	disk = d
	t.Cleanup(func() { disk = before })
}

// change counts one change and tells whether it may happen. half tells that half of it does.
func (d *faulty) change(writes bool) (half bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return false, errStopped
	}
	now := d.n == d.stop
	d.n++
	if d.how == full {
		if d.stop >= 0 && d.n > d.stop && writes {
			return now, syscall.ENOSPC
		}
		return false, nil
	}
	if !now {
		return false, nil
	}
	d.dead = true
	if d.how == powerless {
		for path := range d.unsynced {
			if info, err := os.Stat(path); err == nil {
				_ = os.Truncate(path, info.Size()/2)
			}
		}
	}
	return d.how == torn, errStopped
}

// moved keeps the books of unsynced files when one or a folder of them gets another name.
func (d *faulty) moved(from, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path := range d.unsynced {
		if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == filepath.Separator) {
			delete(d.unsynced, path)
			d.unsynced[to+rest] = true
		}
	}
}

func (d *faulty) Mkdir(path string) error {
	if _, err := d.change(true); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return d.osDisk.Mkdir(path)
}

func (d *faulty) Rename(from, to string) error {
	if _, err := d.change(false); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	err := d.osDisk.Rename(from, to)
	if err == nil {
		d.moved(from, to)
	}
	return err
}

func (d *faulty) Remove(path string) error {
	if _, err := d.change(false); err != nil {
		return &fs.PathError{Op: "remove", Path: path, Err: err}
	}
	return d.osDisk.Remove(path)
}

// RemoveAll removes entry by entry, and may stop between two.
func (d *faulty) RemoveAll(path string) error {
	entries, err := os.ReadDir(path)
	if err == nil {
		for _, entry := range entries {
			if err := d.RemoveAll(filepath.Join(path, entry.Name())); err != nil {
				return err
			}
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err = d.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SyncFolder and Sync change nothing but the books: the tests would spend their time waiting for the disk.
func (d *faulty) SyncFolder(path string) error {
	_, err := d.change(false)
	return err
}

func (d *faulty) Open(path string, flag int) (file, error) {
	if _, err := d.change(flag&os.O_CREATE != 0); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

type faultyFile struct {
	*os.File
	disk *faulty
}

func (f *faultyFile) written(err error) {
	if err == nil {
		f.disk.mu.Lock()
		f.disk.unsynced[f.Name()] = true
		f.disk.mu.Unlock()
	}
}

func (f *faultyFile) Write(p []byte) (int, error) {
	half, err := f.disk.change(true)
	if err == nil {
		n, err := f.File.Write(p)
		f.written(err)
		return n, err
	}
	n := 0
	if half {
		n, _ = f.File.Write(p[:len(p)/2])
	}
	return n, &fs.PathError{Op: "write", Path: f.Name(), Err: err}
}

func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	// In place, so that a full disk has room for it.
	if _, err := f.disk.change(false); err != nil {
		return 0, &fs.PathError{Op: "write", Path: f.Name(), Err: err}
	}
	return f.File.WriteAt(p, at)
}

func (f *faultyFile) Sync() error {
	if _, err := f.disk.change(false); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	delete(f.disk.unsynced, f.Name())
	return nil
}

// The run is stopped at its n-th change of a file, for every n, in four ways; then another process goes on. Nothing is lost
// but the work since the last checkpoint, and what is found in the end is what an undisturbed run finds.
func TestStoppedAtEveryChange(t *testing.T) {
	undisturbed := newFaulty(-1, killed)
	use(t, undisturbed)
	r := newToy(t.TempDir(), "undisturbed")
	r.lease = time.Hour // no beats among the changes
	r.finish(t)
	changes := undisturbed.n
	if changes < 100 {
		t.Fatalf("%d changes: the disk does not see them", changes)
	}
	stride := 1
	if testing.Short() {
		stride = 17
	}
	for how, name := range map[fault]string{killed: "killed", torn: "torn", powerless: "powerless", full: "full"} {
		t.Run(name, func(t *testing.T) {
			stopped := 0
			for n := int(how); n < changes; n += stride {
				d := newFaulty(n, how)
				disk = d
				r := newToy(t.TempDir(), fmt.Sprintf("toy-%d", n))
				r.lease = time.Hour
				_, err := r.run(t.Context())
				if err != nil {
					stopped++
					if how == full && !errors.Is(err, syscall.ENOSPC) || how != full && !errors.Is(err, errStopped) {
						t.Fatalf("change %d: %v", n, err)
					}
				} else if how != full {
					// Tidying up after the commit may fail: the run is there.
					if !d.dead {
						t.Fatalf("change %d of %d was never made", n, changes)
					}
				}
				was := progressOf(r)
				disk = newFaulty(-1, killed)
				// A lease that was cut off in its first write names nobody: it holds until nothing has been heard for its time.
				r.lease = 20 * time.Millisecond
				r.finish(t)
				if was < 0 {
					t.Fatalf("change %d: the finished run was gone for a moment", n)
				}
				if t.Failed() {
					t.Fatalf("stopped at change %d of %d", n, changes)
				}
			}
			if stopped < changes/stride/2 {
				t.Errorf("%d runs of %d were stopped: the faults do not reach them", stopped, changes/stride)
			}
		})
	}
}

// progressOf is the step that a stopped run would go on from; it must be at least that of the newest whole checkpoint.
func progressOf(r toy) int {
	e := Look(r.root, r.id)
	if e.Status == Finished && Verify(filepath.Join(r.root, r.id)) != nil {
		return -1
	}
	return e.Step
}

// A checkpoint that was cut off or changed is not used: the run goes on from the one before, and says so.
func TestDamagedCheckpoints(t *testing.T) {
	use(t, newFaulty(-1, killed))
	// half is a run of which the checkpoints after steps 3 and 6 are there.
	half := func(t *testing.T) (toy, string) {
		r := newToy(t.TempDir(), "toy")
		ctx, stop := context.WithCancel(t.Context())
		r.at = func(step int) {
			if step == 7 {
				stop()
			}
		}
		if _, err := r.run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		r.at = nil
		found, err := attempts(filepath.Join(r.root, UnfinishedFolder, r.id))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		last, err := os.ReadFile(filepath.Join(found[0], checkpointFolder, LastFile))
		if err != nil || string(last) != "step-000000006\n" {
			t.Fatalf("LAST is %q, error %v", last, err)
		}
		return r, filepath.Join(found[0], checkpointFolder, checkpointName(6))
	}
	damage := func(t *testing.T, name string, change func(text []byte) []byte) {
		r, newest := half(t)
		path := filepath.Join(newest, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(bytes.Clone(text)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := VerifyRun(r.root, r.id); !errors.Is(err, ErrDamaged) {
			t.Errorf("verify says %v", err)
		}
		first := -1
		r.at = func(step int) {
			if first < 0 {
				first = step
			}
		}
		notes := r.finish(t)
		if first != 3 {
			t.Errorf("went on after step %d, want 3", first)
		}
		if len(notes) != 1 || !errors.Is(notes[0], ErrDamaged) || !strings.Contains(notes[0].Error(), "step-000000006") {
			t.Errorf("notes %v", notes)
		}
	}
	for _, name := range []string{"state.json", TrainingFile, SumsFile} {
		for part := range 16 {
			if testing.Short() && part%7 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s cut at %d of 16", name, part), func(t *testing.T) {
				damage(t, name, func(text []byte) []byte { return text[:len(text)*part/16] })
			})
			t.Run(fmt.Sprintf("%s bit flipped at %d of 16", name, part), func(t *testing.T) {
				damage(t, name, func(text []byte) []byte {
					text[len(text)*part/16] ^= 1 << (part % 8)
					return text
				})
			})
		}
	}
	t.Run("undamaged", func(t *testing.T) {
		r, _ := half(t)
		first := -1
		r.at = func(step int) {
			if first < 0 {
				first = step
			}
		}
		if notes := r.finish(t); len(notes) > 0 || first != 6 {
			t.Errorf("went on after step %d, want 6; notes %v", first, notes)
		}
	})
	t.Run("missing file", func(t *testing.T) {
		r, newest := half(t)
		if err := os.Remove(filepath.Join(newest, "state.json")); err != nil {
			t.Fatal(err)
		}
		if notes := r.finish(t); len(notes) != 1 {
			t.Errorf("notes %v", notes)
		}
	})
	t.Run("both", func(t *testing.T) {
		r, newest := half(t)
		for _, dir := range []string{newest, filepath.Join(filepath.Dir(newest), checkpointName(3))} {
			if err := os.Truncate(filepath.Join(dir, SumsFile), 10); err != nil {
				t.Fatal(err)
			}
		}
		if notes := r.finish(t); len(notes) != 2 {
			t.Errorf("notes %v", notes)
		}
	})
}

// A stage whose files were changed is done anew.
func TestDamagedStage(t *testing.T) {
	use(t, newFaulty(-1, killed))
	c, err := Claim(t.Context(), t.TempDir(), "toy", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Kept("stage") != nil {
		t.Error("a stage that was never done")
	}
	for _, text := range []string{"one", "two"} {
		if err := c.Keep("stage", map[string]func(io.Writer) error{"file": Bytes([]byte(text))}); err != nil {
			t.Fatal(err)
		}
		if got := keptText(t, c, "stage", "file"); got != text {
			t.Errorf("kept %q, want %q", got, text)
		}
	}
	if err := os.WriteFile(c.Path("stages/stage/file"), []byte("2wo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c.Kept("stage") != nil {
		t.Error("a changed file is taken")
	}
}

// A state that is not finite is put aside and marks the run, which nobody goes on with by mistake.
func TestQuarantine(t *testing.T) {
	root := t.TempDir()
	r := newToy(root, "toy")
	c, err := Claim(t.Context(), root, r.id, r.lease)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SaveCheckpoint(Checkpoint{3, map[string][]byte{"state.json": []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Quarantine(Checkpoint{5, map[string][]byte{"state.json": fmt.Append(nil, math.NaN())}}, "loss NaN at step 5"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	e := Look(root, r.id)
	if e.Status != Diverged || e.Failure == nil || e.Failure.Step != 5 || e.Failure.Error != "loss NaN at step 5" || e.Step != 3 {
		t.Errorf("%+v, %+v", e, e.Failure)
	}
	if c, err = Claim(t.Context(), root, r.id, r.lease); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if f := c.Failure(); f == nil || f.Kind != KindDiverged {
		t.Errorf("the next claim finds %+v", f)
	}
	if p, _, err := c.Checkpoint(); err != nil || p == nil || p.Step != 3 {
		t.Errorf("checkpoint %+v, error %v, want that before the NaN", p, err)
	}
	if bad, err := os.ReadFile(c.Path("bad-5/state.json")); err != nil || string(bad) != "NaN" {
		t.Errorf("%q, error %v", bad, err)
	}
}

// readOnly is a disk on which nothing can be changed.
type readOnly struct{ osDisk }

func (readOnly) Mkdir(path string) error {
	return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.EROFS}
}
func (readOnly) Rename(from, _ string) error {
	return &fs.PathError{Op: "rename", Path: from, Err: syscall.EROFS}
}
func (readOnly) Remove(path string) error {
	return &fs.PathError{Op: "remove", Path: path, Err: syscall.EROFS}
}
func (readOnly) RemoveAll(path string) error {
	return &fs.PathError{Op: "remove", Path: path, Err: syscall.EROFS}
}
func (readOnly) Open(path string, _ int) (file, error) {
	return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EROFS}
}

// In a folder that is read-only, finished runs are there as ever, and another claim says what is wrong.
func TestReadOnly(t *testing.T) {
	root := t.TempDir()
	done, open := newToy(root, "done"), newToy(root, "open")
	use(t, newFaulty(-1, killed))
	done.finish(t)
	c, err := Claim(t.Context(), root, open.id, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		for _, id := range []string{"open", "new"} {
			_, err := Claim(t.Context(), root, id, 20*time.Millisecond)
			if err == nil || !strings.HasPrefix(err.Error(), "store: cannot write in "+root) {
				t.Errorf("%s: claim of %s: %v", what, id, err)
			}
		}
		if _, err := Claim(t.Context(), root, done.id, 0); !errors.Is(err, ErrFinished) {
			t.Errorf("%s: claim of a finished run: %v", what, err)
		}
		done.check(t)
		if err := Remove(t.Context(), root, done.id); err == nil {
			t.Errorf("%s: no error of Remove", what)
		}
		done.check(t)
	}
	disk = readOnly{}
	check("read-only file system")
	disk = osDisk{}
	if os.Geteuid() == 0 {
		t.Log("this user may write anywhere: the folder's mode is not tested")
		return
	}
	for _, dir := range []string{filepath.Join(root, UnfinishedFolder, open.id, leaseFolder), filepath.Join(root, UnfinishedFolder), root} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	}
	check("folder without permission")
}

// keptText is the text of a file that was kept, "" if there is none.
func keptText(t *testing.T, c *Cell, stage, file string) string {
	t.Helper()
	kept := c.Kept(stage)
	if kept == nil {
		return ""
	}
	text, err := fs.ReadFile(kept, file)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}
