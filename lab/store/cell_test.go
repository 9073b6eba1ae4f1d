package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// elsewhere makes this process one of another host for a claim, whose locks nobody here sees.
func elsewhere(t *testing.T, root, id string, lease time.Duration) *Cell {
	t.Helper()
	here := thisHost
	thisHost = func() (name, boot string) { return "elsewhere", "another kernel" }
	defer func() { thisHost = here }()
	c, err := Claim(t.Context(), root, id, lease)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// die ends a cell as the end of its process does.
func (c *Cell) die() {
	c.end()
	_ = c.lease.drop()
}

// setBeat moves the time of a cell's last beat.
func setBeat(t *testing.T, c *Cell, distance time.Duration) {
	t.Helper()
	at := time.Now().Add(distance)
	if err := os.Chtimes(c.lease.path, at, at); err != nil {
		t.Fatal(err)
	}
}

// Whose claim holds, and when it ends.
func TestClaim(t *testing.T) {
	const lease = 150 * time.Millisecond
	t.Run("live owner here", func(t *testing.T) {
		root := t.TempDir()
		c, err := Claim(t.Context(), root, "run", lease)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = Claim(t.Context(), root, "run", lease)
		busy, ok := errors.AsType[*BusyError](err)
		host, _ := thisHost()
		if !ok || !errors.Is(err, ErrBusy) || busy.Run != "run" || busy.Owner.PID != os.Getpid() || busy.Owner.Host != host || busy.Owner.Started == "" {
			t.Errorf("%v, %+v", err, busy)
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("process %d on %s since ", os.Getpid(), host)) {
			t.Errorf("error %q does not say who", err)
		}
	})
	t.Run("given back", func(t *testing.T) {
		root := t.TempDir()
		for fence := range 5 {
			c, err := Claim(t.Context(), root, "run", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if c.Fence() != fence+1 {
				t.Errorf("fencing number %d, want %d", c.Fence(), fence+1)
			}
			if err := errors.Join(c.Close(), c.Close()); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("dead owner here", func(t *testing.T) {
		root := t.TempDir()
		c, err := Claim(t.Context(), root, "run", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		c.die()
		start := time.Now()
		if c, err = Claim(t.Context(), root, "run", time.Hour); err != nil || c.Fence() != 2 {
			t.Fatalf("the lock of a dead process holds the run: %v", err)
		}
		if time.Since(start) > time.Minute {
			t.Errorf("%v to see that", time.Since(start))
		}
		c.Close()
	})
	t.Run("live owner elsewhere", func(t *testing.T) {
		root := t.TempDir()
		c := elsewhere(t, root, "run", lease)
		defer c.Close()
		for end := time.Now().Add(4 * lease); time.Now().Before(end); time.Sleep(lease / 10) {
			if other, err := Claim(t.Context(), root, "run", lease); !errors.Is(err, ErrBusy) {
				t.Fatalf("claim beside an owner that renews its lease: %v %v", other, err)
			}
		}
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	})
	t.Run("dead owner elsewhere", func(t *testing.T) {
		root := t.TempDir()
		elsewhere(t, root, "run", lease).die()
		start := time.Now()
		for {
			c, err := Claim(t.Context(), root, "run", lease)
			if err == nil {
				c.Close()
				break
			}
			if !errors.Is(err, ErrBusy) {
				t.Fatal(err)
			}
			time.Sleep(lease / 10)
		}
		if waited := time.Since(start); waited < lease {
			t.Errorf("taken over after %v, less than the lease", waited)
		}
	})
	// Clocks set back or forth by any of the hosts: a live owner keeps its run, a dead one loses it.
	for _, distance := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		t.Run(fmt.Sprint("live owner elsewhere whose clock is off by ", distance), func(t *testing.T) {
			root := t.TempDir()
			c := elsewhere(t, root, "run", lease)
			defer c.Close()
			for range 3 {
				setBeat(t, c, distance)
				if other, err := Claim(t.Context(), root, "run", lease); !errors.Is(err, ErrBusy) {
					t.Fatalf("claim beside a live owner: %v %v", other, err)
				}
			}
			if err := c.Check(); err != nil {
				t.Error(err)
			}
		})
		t.Run(fmt.Sprint("dead owner elsewhere whose clock was off by ", distance), func(t *testing.T) {
			root := t.TempDir()
			c := elsewhere(t, root, "run", lease)
			c.die()
			setBeat(t, c, distance)
			start := time.Now()
			c, err := Claim(t.Context(), root, "run", lease)
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
			if waited := time.Since(start); waited < lease {
				t.Errorf("taken over after %v, less than the lease", waited)
			}
		})
		t.Run(fmt.Sprint("our clock set by ", distance), func(t *testing.T) {
			root := t.TempDir()
			c := elsewhere(t, root, "run", lease)
			defer c.Close()
			now = func() time.Time { return time.Now().Add(distance) }
			defer func() { now = time.Now }()
			if other, err := Claim(t.Context(), root, "run", lease); !errors.Is(err, ErrBusy) {
				t.Fatalf("claim beside a live owner: %v %v", other, err)
			}
		})
	}
	t.Run("cancelled while it watches", func(t *testing.T) {
		root := t.TempDir()
		c := elsewhere(t, root, "run", time.Hour)
		c.die()
		setBeat(t, c, -24*time.Hour)
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		if _, err := Claim(ctx, root, "run", lease); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("root is a file", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(root, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Claim(t.Context(), root, "run", lease); err == nil || !strings.HasPrefix(err.Error(), "store: ") {
			t.Errorf("error %v", err)
		}
	})
}

// An owner that was taken over learns it: its context ends with ErrLost, and whatever it writes or commits is refused.
func TestLost(t *testing.T) {
	const lease = 100 * time.Millisecond
	root := t.TempDir()
	c := elsewhere(t, root, "run", lease)
	// It falls silent, but its process goes on. It stops in its next beat until the other has written its name.
	c.lease.mu.Lock()
	quiet := c.lease.file
	c.lease.file = nil
	defer quiet.Close()
	var other *Cell
	for other == nil {
		var err error
		if other, err = Claim(t.Context(), root, "run", lease); err != nil && !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
	}
	c.lease.mu.Unlock()
	select {
	case <-c.Context().Done():
	case <-time.After(20 * time.Second):
		t.Error("the owner before does not learn that it lost the run")
	}
	if cause := context.Cause(c.Context()); !errors.Is(cause, ErrLost) || !strings.Contains(cause.Error(), "taken over by process") {
		t.Errorf("cause %v", cause)
	}
	files := map[string][]byte{"x": nil}
	for what, err := range map[string]error{
		"check": c.Check(), "write": c.Write("file", nil), "write below": c.Write("folder/file", nil), "commit": c.Commit(Record{}),
		"checkpoint": c.SaveCheckpoint(Checkpoint{1, files}), "keep": c.Keep("stage", map[string]func(io.Writer) error{"file": Bytes(nil)}), "fail": c.Fail(Failure{}),
		"quarantine": c.Quarantine(Checkpoint{1, files}, ""), "commit without a look": c.lost(c.commitBlind()),
	} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s: error %v, want ErrLost", what, err)
		}
	}
	if err := other.Check(); err != nil {
		t.Error(err)
	}
	if err := other.Commit(Record{Run: "run"}); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if e := Look(root, "run"); e.Head.Run != "run" {
		t.Errorf("%+v", e)
	}
}

// commitBlind renames the result into place without asking whether the cell is still held: the last thing that an owner
// does that was stopped just before.
func (c *Cell) commitBlind() error { return disk.Rename(c.Dir(), filepath.Join(c.root, c.id)) }

// Failures are there for the next claim until it retries, and in the list.
func TestFail(t *testing.T) {
	root := t.TempDir()
	c, err := Claim(t.Context(), root, "run", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Fail(Failure{Kind: KindFailed, Step: 4, Error: "no room"}), c.Close()); err != nil {
		t.Fatal(err)
	}
	e := Look(root, "run")
	if e.Status != Failed || e.Failure.Error != "no room" || e.Failure.When == "" {
		t.Errorf("%+v", e)
	}
	if c, err = Claim(t.Context(), root, "run", 0); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if f := c.Failure(); f == nil || !reflect.DeepEqual(f, e.Failure) {
		t.Errorf("failure %+v, want %+v", f, e.Failure)
	}
	if err := errors.Join(c.Retry(), c.Retry()); err != nil || c.Failure() != nil {
		t.Errorf("failure %+v, error %v after Retry", c.Failure(), err)
	}
}

// List of runs in every state, of this version and others.
func TestScan(t *testing.T) {
	use(t, newFaulty(-1, killed))
	root := t.TempDir()
	if found, err := Scan(filepath.Join(root, "none")); err != nil || len(found) > 0 {
		t.Errorf("%v, error %v where there is no folder", found, err)
	}
	text := func(path, content string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	newToy(root, "finished").finish(t)
	text("old/metrics.json", `{"run": "old", "seconds": 3}`)
	text("old/spec.toml", "name = \"old\"\n")
	text("old-open/spec.toml", "name = \"old-open\"\n")
	text("torn/metrics.json", `{"run": "to`)
	text("no-spec/metrics.json", `{}`)
	text("notes/readme.txt", "no run")
	text("file", "no run either")
	for id, do := range map[string]func(*Cell) error{
		"running": func(*Cell) error { return nil },
		"open": func(c *Cell) error {
			return errors.Join(WriteFile(filepath.Join(c.Dir(), SpecFile), []byte("name = \"open\"\n")), c.SaveCheckpoint(Checkpoint{12, nil}), c.Close())
		},
		"failed":   func(c *Cell) error { return errors.Join(c.Fail(Failure{Kind: KindFailed, Error: "why"}), c.Close()) },
		"diverged": func(c *Cell) error { return errors.Join(c.Quarantine(Checkpoint{7, nil}, "NaN"), c.Close()) },
	} {
		c, err := Claim(t.Context(), root, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := do(c); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Scan(root)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range found {
		got = append(got, fmt.Sprintf("%s: %s %d", e.ID, e.Status, e.Step))
		switch {
		case (e.Status == Unreadable) != (e.Err != nil), (e.Status == Running) != (e.Owner != nil), (e.Status == Failed || e.Status == Diverged) != (e.Failure != nil):
			t.Errorf("%+v", e)
		case e.ID == "open" && e.Spec != "name = \"open\"\n", e.ID == "finished" && e.Spec != "name = \"toy\"\n":
			t.Errorf("%s has the spec %q", e.ID, e.Spec)
		case e.ID == "torn" && !strings.Contains(e.Err.Error(), filepath.Join("torn", RecordFile)):
			t.Errorf("torn: %v", e.Err)
		}
	}
	want := []string{
		"diverged: diverged 0", "failed: failed 0", "finished: finished 0", "no-spec: unreadable 0", "old: finished 0",
		"old-open: half done 0", "open: half done 12", "running: running 0", "torn: unreadable 0",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	t.Run("verify", func(t *testing.T) {
		for id, want := range map[string]error{"finished": nil, "open": nil, "old": fs.ErrNotExist, "none": fs.ErrNotExist} {
			if err := VerifyRun(root, id); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", id, err, want)
			}
		}
	})
	t.Run("remove", func(t *testing.T) {
		for id, want := range map[string]error{
			"running": ErrBusy, "nothing": fs.ErrNotExist, UnfinishedFolder: fs.ErrNotExist, "": fs.ErrNotExist, "../x": fs.ErrNotExist,
			"finished": nil, "old": nil, "old-open": nil, "open": nil, "failed": nil, "torn": nil,
		} {
			if err := Remove(t.Context(), root, id); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", id, err, want)
			}
		}
		found, err := Scan(root)
		ids := ""
		for _, e := range found {
			ids += e.ID + " "
		}
		if err != nil || ids != "diverged no-spec running " {
			t.Errorf("there are still %s, error %v", ids, err)
		}
		if _, err := os.Stat(filepath.Join(root, "notes", "readme.txt")); err != nil {
			t.Error(err)
		}
	})
}

// An unfinished run of version 0.1.0 is no obstacle: it is put aside.
func TestClaimOfOldFolder(t *testing.T) {
	use(t, newFaulty(-1, killed))
	r := newToy(t.TempDir(), "toy")
	old := filepath.Join(r.root, r.id)
	if err := errors.Join(os.Mkdir(old, 0o755), os.WriteFile(filepath.Join(old, SpecFile), []byte("old"), 0o644)); err != nil {
		t.Fatal(err)
	}
	r.finish(t)
}

// Verify sees every byte of every file, and files that come or go.
func TestVerify(t *testing.T) {
	use(t, newFaulty(-1, killed))
	r := newToy(t.TempDir(), "toy")
	r.finish(t)
	dir := filepath.Join(r.root, r.id)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(what, name string) {
		t.Helper()
		if err := Verify(dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			if testing.Short() && i%11 != 0 {
				continue
			}
			whole[i] ^= 1
			if err := os.WriteFile(path, whole, 0o644); err != nil {
				t.Fatal(err)
			}
			name := entry.Name()
			if name == SumsFile {
				name = ""
			}
			damaged(fmt.Sprintf("byte %d of %s", i, entry.Name()), name)
			whole[i] ^= 1
		}
		if err := os.WriteFile(path, append(whole, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		damaged("a line more in "+entry.Name(), "")
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		if entry.Name() == SumsFile {
			continue
		}
		if err := os.Rename(path, path+"x"); err != nil {
			t.Fatal(err)
		}
		damaged("another name of "+entry.Name(), entry.Name()+" is missing, "+entry.Name()+"x was added")
		if err := os.Rename(path+"x", path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	damaged("a folder", "folder was added")
	if err := os.Remove(filepath.Join(dir, "folder")); err != nil {
		t.Fatal(err)
	}
	if err := Verify(dir); err != nil {
		t.Error(err)
	}
}

// A log is read while it is written: its last line may lack any part.
func TestStepsTorn(t *testing.T) {
	steps := []Step{{Step: 1, Loss: 0.1, HeldOut: -1, Rate: 1e-3, At: 12.25}, {Step: 2, Loss: 1. / 3, HeldOut: 0.5, At: 20}}
	text, err := FormatSteps(steps)
	if err != nil {
		t.Fatal(err)
	}
	one := strings.LastIndex(strings.TrimSuffix(string(text), "\n"), "\n") + 1
	for end := one; end < len(text); end++ {
		got, err := ParseSteps("log", text[:end])
		if err != nil || !reflect.DeepEqual(got, steps[:1]) {
			t.Errorf("of %q %+v is read, error %v", text[one:end], got, err)
		}
	}
	path := filepath.Join(t.TempDir(), TrainingFile)
	log, err := NewStepLog(path, steps[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Append(steps[1]), log.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadSteps(path); err != nil || !reflect.DeepEqual(got, steps) {
		t.Errorf("%+v, error %v, want %+v", got, err, steps)
	}
}

// BenchmarkScan lists 10,000 runs with records of the size that five test sets give.
func BenchmarkScan(b *testing.B) {
	root := b.TempDir()
	r := Record{Versions: map[string]string{"seelab": "0.1.0", "backend": "xla:cpu"}, Train: Training{Data: map[string]string{"real": strings.Repeat("a", 64)}}}
	r.AUC = map[string]float64{"FF++ c40": 0.5, "FF++ c23": 0.5, "Celeb-DF v2": 0.5, "DFDC": 0.5}
	for i := range 40 {
		r.Tests = append(r.Tests, Test{Dataset: "FF++ c40", Method: fmt.Sprint(i), Level: "video", AUC: 1 / float64(i+1), Digest: strings.Repeat("b", 64)})
	}
	const runs = 10_000
	for i := range runs {
		dir := filepath.Join(root, fmt.Sprintf("run-%05d", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		r.Run = filepath.Base(dir)
		text := []byte(strings.Repeat("key = \"value of the usual length\"\n", 80))
		if err := errors.Join(os.WriteFile(filepath.Join(dir, RecordFile), record(b, r), 0o644), os.WriteFile(filepath.Join(dir, SpecFile), text, 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if found, err := Scan(root); err != nil || len(found) != runs {
			b.Fatal(len(found), err)
		}
	}
}

func record(b *testing.B, r Record) []byte {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		b.Fatal(err)
	}
	return text
}
