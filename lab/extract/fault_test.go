package extract

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

// faulty makes the disk fail at its n-th change from now on and at all after it, as at the end of a process. Half of a write
// that fails is written. It returns the number of changes so far.
func faulty(t *testing.T, n int, why error) (changes func() int) {
	t.Helper()
	whole := disk
	t.Cleanup(func() { disk = whole })
	var mu sync.Mutex
	count := 0
	fail := func() error {
		mu.Lock()
		defer mu.Unlock()
		if count++; n >= 0 && count > n {
			return why
		}
		return nil
	}
	disk.mkdir = func(path string) error {
		if err := fail(); err != nil {
			return err
		}
		return whole.mkdir(path)
	}
	disk.write = func(path string, content []byte) error {
		if err := fail(); err != nil {
			_ = os.WriteFile(path, content[:len(content)/2], 0o644)
			return err
		}
		return os.WriteFile(path, content, 0o644) // without waiting for the disk
	}
	disk.syncDir = func(string) error { return fail() }
	disk.rename = func(from, to string) error {
		if err := fail(); err != nil {
			return err
		}
		return whole.rename(from, to)
	}
	disk.removeAll = func(path string) error {
		if err := fail(); err != nil {
			return err
		}
		return whole.removeAll(path)
	}
	return func() int { return count }
}

// Stopped before any change of a file, and gone on with, an extraction finds what it finds undisturbed; what it had
// finished it does not do again.
func TestStoppedAtAnyMoment(t *testing.T) {
	d, nets := wild(t, map[string]string{"real/anna.mp4": "one", "real/ben.mp4": "garbage", "fake/swap/anna.mp4": "two"}), &fakeNets{}
	p := Params{Frames: 2, Margin: 0.5, Side: 32}
	c := cached(t, p)
	whole := disk
	changes := faulty(t, -1, nil)
	extract := func(c *Cache) (Report, error) {
		return c.Extract(t.Context(), d, d.Videos, Options{Extractor: nets.extractor(), Workers: 1})
	}
	if _, err := extract(c); err != nil {
		t.Fatal(err)
	}
	want, all := tree(t, c.dir), changes()
	for n := range all {
		disk = whole
		stopped := errors.New("stopped")
		if n%2 == 1 {
			stopped = syscall.ENOSPC
		}
		faulty(t, n, stopped)
		c := cached(t, p)
		if _, err := extract(c); !errors.Is(err, stopped) {
			t.Fatalf("stopped at change %d of %d: error %v", n, all, err)
		}
		disk = whole
		faulty(t, -1, nil)
		finished := again(t, c).Extracted(d.Videos)
		if _, _, err := again(t, c).Test(d, false, datasets.Skip); finished < 3 && !isLacking(err) {
			t.Errorf("stopped at change %d: %d of 3 videos are finished, and %v", n, finished, err)
		}
		nets.calls()
		if _, err := extract(again(t, c)); err != nil {
			t.Fatalf("after a stop at change %d: %v", n, err)
		}
		// The video that cannot be read is tried again.
		if calls := len(nets.calls()); calls > 3-finished+1 {
			t.Errorf("stopped at change %d with %d videos finished, it decodes %d", n, finished, calls)
		}
		if wrong := difference(tree(t, c.dir), want); wrong != nil {
			t.Fatalf("stopped at change %d, it ends with others than undisturbed: %v", n, wrong)
		}
	}
	if all < 15 {
		t.Errorf("only %d changes", all)
	}
}

// difference names the files that are not the same in two trees.
func difference(got, want map[string]string) (names []string) {
	for _, files := range []map[string]string{got, want} {
		for name := range files {
			if got[name] != want[name] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Files that were damaged later are made anew.
func TestDamagedEntriesAreMadeAnew(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	extracted(t, c, d, nets)
	want := tree(t, c.dir)
	entries, err := filepath.Glob(filepath.Join(c.set(d), "faces/*/*/faces.json"))
	if err != nil || len(entries) != 5 {
		t.Fatal(entries, err)
	}
	if err := os.Truncate(entries[2], 40); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Test(d, false, datasets.Strict); !isLacking(err) {
		t.Errorf("a damaged entry: %v", err)
	}
	if r := extracted(t, c, d, nets); r.Fresh != 1 {
		t.Errorf("%d made anew, want 1", r.Fresh)
	}
	if !maps.Equal(tree(t, c.dir), want) {
		t.Error("made anew, it is another")
	}
}

func FuzzReadEntry(f *testing.F) {
	d, nets := usual(f), &fakeNets{}
	c := cached(f, small)
	if _, err := c.Extract(f.Context(), d, d.Videos, Options{Extractor: nets.extractor()}); err != nil {
		f.Fatal(err)
	}
	entries, _ := filepath.Glob(filepath.Join(c.set(d), "faces/*/*/faces.json"))
	text, err := os.ReadFile(entries[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(strings.Replace(string(text), "000000-0.jpg", "../../x.jpg", 1))
	f.Add(`{"video":"a","frames":[{"index":-1,"faces":[{"file":"","landmarks":[]}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, entryFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, ok := readEntry(dir)
		if !ok {
			return
		}
		for _, row := range testedRows(d.Videos[0], "faces/x/y", e) {
			if len(row) != len(testedHeader) {
				t.Fatalf("a row of %d fields", len(row))
			}
			if file := row[0]; file != "" && filepath.ToSlash(filepath.Dir(file)) != "faces/x/y" {
				t.Fatalf("file %q leaves its folder", file)
			}
		}
		for _, row := range trainedRows(d.Videos[0], "faces/x/y", e) {
			if len(row) != len(c.trained(false).header) {
				t.Fatalf("a row of %d fields", len(row))
			}
		}
	})
}
