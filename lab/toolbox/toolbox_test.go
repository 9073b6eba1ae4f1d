package toolbox_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// childEnv makes this test binary a program that fetches the probe of its environment.
const childEnv = "SEEABLE_TOOLBOX_CHILD"

func TestMain(m *testing.M) {
	wheel := os.Getenv(childEnv)
	if wheel == "" {
		os.Exit(m.Run())
	}
	a, err := probeIn(wheel)
	if err == nil {
		var cache *toolbox.Cache
		if cache, err = toolbox.OpenCache(); err == nil {
			var path string
			if path, err = cache.Fetch(context.Background(), a, os.Stderr); err == nil {
				fmt.Print(path)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	wheelName = "seeable_probe-1.0-py3-none-any.whl"
	member    = "seeable_probe/data/probe.bin"
)

// content is what the probe's file holds: 1 MB that does not repeat.
var content = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 1_000_000; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		b.Write(sum[:])
	}
	return b.Bytes()
})

// probe writes a wheel that pip takes and returns its path and pins.
func probe(t *testing.T) (wheel string, a toolbox.Artifact) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		body []byte
	}{
		{"seeable_probe/__init__.py", nil},
		{member, content()},
		{"seeable_probe-1.0.dist-info/METADATA", []byte("Metadata-Version: 2.1\nName: seeable-probe\nVersion: 1.0\n")},
		{"seeable_probe-1.0.dist-info/WHEEL", []byte("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")},
		{"seeable_probe-1.0.dist-info/RECORD", nil},
	} {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = w.Write(f.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	wheel = filepath.Join(t.TempDir(), wheelName)
	if err := os.WriteFile(wheel, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := probeIn(wheel)
	if err != nil {
		t.Fatal(err)
	}
	return wheel, a
}

// probeIn pins the wheel as it is.
func probeIn(wheel string) (toolbox.Artifact, error) {
	b, err := os.ReadFile(wheel)
	return toolbox.Artifact{
		Name: "probe", Package: "seeable-probe", Version: "1.0",
		WheelSHA256: digest(b), WheelSize: int64(len(b)),
		Member: member, MemberSHA256: digest(content()), MemberSize: int64(len(content())),
	}, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// fakePip puts a python3 first on PATH that runs script, a shell script in which $dest is pip's
// --dest, and returns the file in which it counts its runs.
func fakePip(t *testing.T, script string) (runs string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake python3 is a shell script")
	}
	dir := t.TempDir()
	runs = filepath.Join(dir, "runs")
	text := fmt.Sprintf(`#!/bin/sh
echo "$@" >>'%s'
while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done
%s
`, runs, script)
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return runs
}

func count(t *testing.T, runs string) int {
	t.Helper()
	b, err := os.ReadFile(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

// newCache opens an empty cache.
func newCache(t *testing.T) *toolbox.Cache {
	t.Helper()
	t.Setenv(toolbox.CacheEnv, t.TempDir())
	c, err := toolbox.OpenCache()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// left lists what is in the cache beside lock files.
func left(t *testing.T, c *toolbox.Cache) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(c.Dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestFetchByPip(t *testing.T) {
	if err := exec.Command("python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skip("no python3 with pip")
	}
	wheel, a := probe(t)
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", filepath.Dir(wheel))

	t.Run("pinned", func(t *testing.T) {
		c := newCache(t)
		var progress strings.Builder
		path, err := c.Fetch(context.Background(), a, &progress)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content()) {
			t.Errorf("%d bytes, %v; want the member's", len(got), err)
		}
		if got, want := progress.String(), "fetching probe (1 MB), once\n"; got != want {
			t.Errorf("progress %q, want %q", got, want)
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 1 {
			t.Errorf("entry holds %v, %v; want the file alone", entries, err)
		}
	})
	t.Run("another wheel", func(t *testing.T) {
		c := newCache(t)
		b := a
		b.WheelSHA256 = digest([]byte("another"))
		if _, err := c.Fetch(context.Background(), b, nil); !errors.Is(err, toolbox.ErrWrongHash) {
			t.Errorf("error %v, want ErrWrongHash", err)
		}
		if names := left(t, c); len(names) != 0 {
			t.Errorf("left in the cache: %v", names)
		}
	})
	t.Run("not on the index", func(t *testing.T) {
		c := newCache(t)
		b := a
		b.Package = "seeable-probe-missing"
		if _, err := c.Fetch(context.Background(), b, nil); !errors.Is(err, toolbox.ErrUnreachable) {
			t.Errorf("error %v, want ErrUnreachable", err)
		}
	})
}

func TestFetchOnce(t *testing.T) {
	wheel, a := probe(t)
	c := newCache(t)
	runs := fakePip(t, "cp '"+wheel+"' \"$dest\"")
	if _, ok := c.Find(a); ok {
		t.Fatal("found in an empty cache")
	}
	first, err := c.Fetch(context.Background(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Fetch(context.Background(), a, nil)
	if err != nil || first != second || count(t, runs) != 1 {
		t.Errorf("second Fetch: %q, %v after %d downloads; want %q after 1", second, err, count(t, runs), first)
	}
	// A file cut short, as by a full disk, is brought again.
	if err := os.Truncate(first, 10); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Find(a); ok {
		t.Error("a truncated file counts as present")
	}
	if _, err := c.Fetch(context.Background(), a, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(first); err != nil || !bytes.Equal(got, content()) || count(t, runs) != 2 {
		t.Errorf("%d bytes, %v after %d downloads; want it whole after 2", len(got), err, count(t, runs))
	}
}

func TestFetchInSeveralProcesses(t *testing.T) {
	wheel, _ := probe(t)
	c := newCache(t)
	runs := fakePip(t, "sleep 0.3; cp '"+wheel+"' \"$dest\"")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const n = 6
	var paths, progress [n]string
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var out, errOut bytes.Buffer
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), childEnv+"="+wheel)
			cmd.Stdout, cmd.Stderr = &out, &errOut
			if err := cmd.Run(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, &errOut)
			}
			paths[i], progress[i] = out.String(), errOut.String()
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if got := count(t, runs); got != 1 {
		t.Errorf("%d downloads, want 1", got)
	}
	fetching := 0
	for i := range n {
		if paths[i] != paths[0] {
			t.Errorf("processes got %q and %q", paths[0], paths[i])
		}
		if strings.HasPrefix(progress[i], "fetching probe") {
			fetching++
		} else if progress[i] != "" && progress[i] != "waiting for another process that brings probe\n" {
			t.Errorf("process %d wrote %q", i, progress[i])
		}
	}
	if fetching != 1 {
		t.Errorf("%d processes said that they fetch, want 1", fetching)
	}
	if got, err := os.ReadFile(paths[0]); err != nil || !bytes.Equal(got, content()) {
		t.Errorf("%d bytes, %v; want the member's", len(got), err)
	}
	if names := left(t, c); len(names) != 1 {
		t.Errorf("the cache holds %v, want one entry", names)
	}
}

// A process that dies in the middle leaves a partial folder and no lock.
func TestFetchAfterDeath(t *testing.T) {
	wheel, a := probe(t)
	c := newCache(t)
	fakePip(t, `echo half >"$dest/half.whl"; exec sleep 5`)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+wheel)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for halves := 0; halves == 0; time.Sleep(5 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(c.Dir(), "*.part-*", "pip", "half.whl"))
		if err != nil {
			t.Fatal(err)
		}
		halves = len(found)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if names := left(t, c); len(names) != 1 {
		t.Fatalf("the dead process left %v, want one partial folder", names)
	}
	fakePip(t, "cp '"+wheel+"' \"$dest\"")
	if _, err := c.Fetch(context.Background(), a, nil); err != nil {
		t.Fatal(err)
	}
	if names := left(t, c); len(names) != 1 || strings.Contains(names[0], ".part-") {
		t.Errorf("the cache holds %v, want the entry alone", names)
	}
}

func TestFetchCancelled(t *testing.T) {
	_, a := probe(t)
	stop := errors.New("enough")
	t.Run("while pip runs", func(t *testing.T) {
		c := newCache(t)
		runs := fakePip(t, "exec sleep 30")
		ctx, cancel := context.WithCancelCause(context.Background())
		go func() {
			for {
				if _, err := os.Stat(runs); err == nil {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			cancel(stop)
		}()
		if _, err := c.Fetch(ctx, a, nil); !errors.Is(err, stop) {
			t.Errorf("error %v, want the cause of the cancellation", err)
		}
		if names := left(t, c); len(names) != 0 {
			t.Errorf("left in the cache: %v", names)
		}
	})
	t.Run("while another holds the lock", func(t *testing.T) {
		c := newCache(t)
		unlock, err := c.Lock(context.Background(), "x", "a probe", nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, stop)
		defer cancel()
		var progress strings.Builder
		if _, err := c.Lock(ctx, "x", "a probe", &progress); !errors.Is(err, stop) {
			t.Errorf("error %v, want the cause of the cancellation", err)
		}
		if want := "waiting for another process that brings a probe\n"; progress.String() != want {
			t.Errorf("progress %q, want %q", &progress, want)
		}
		unlock()
		unlock, err = c.Lock(context.Background(), "x", "a probe", nil)
		if err != nil {
			t.Fatal(err)
		}
		unlock()
	})
}

func TestFetchErrors(t *testing.T) {
	wheel, good := probe(t)
	copyWheel := "cp '" + wheel + "' \"$dest\""
	for _, c := range []struct {
		name   string
		script string // empty: no python3 at all
		change func(*toolbox.Artifact)
		is     error
		want   string
	}{
		{name: "no python", is: toolbox.ErrNoPython, want: "no python3 on PATH"},
		{name: "no pip", script: `echo "/usr/bin/python3: No module named pip" >&2; exit 1`, is: toolbox.ErrNoPython, want: "install it"},
		{name: "no network", script: `echo "WARNING: Retrying" >&2; echo "ERROR: Could not find a version that satisfies the requirement x" >&2; exit 1`, is: toolbox.ErrUnreachable, want: "seeable-probe==1.0 (Could not find a version"},
		{name: "hash refused by pip", script: `echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE." >&2; exit 1`, is: toolbox.ErrWrongHash},
		{name: "no space", script: `echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2; exit 1`, is: toolbox.ErrCache, want: toolbox.CacheEnv},
		{name: "pip brings nothing", script: "true", is: toolbox.ErrUnreachable, want: "0 wheels"},
		{name: "pip lets another wheel pass", script: copyWheel + `; echo >>"$dest/` + wheelName + `"`, is: toolbox.ErrWrongHash, want: "wheel of seeable-probe"},
		{name: "member missing", script: copyWheel, change: func(a *toolbox.Artifact) { a.Member = "seeable_probe/other.bin" }, is: toolbox.ErrWrongHash, want: "no file seeable_probe/other.bin"},
		{name: "member changed", script: copyWheel, change: func(a *toolbox.Artifact) { a.MemberSHA256 = digest(nil) }, is: toolbox.ErrWrongHash, want: "probe.bin has"},
		{name: "member longer than pinned", script: copyWheel, change: func(a *toolbox.Artifact) { a.MemberSize = 100 }, is: toolbox.ErrWrongHash, want: "has 101 bytes"},
		{name: "another platform", script: copyWheel, change: func(a *toolbox.Artifact) { a.OS, a.Arch = "plan9", "mips" }, is: toolbox.ErrUnsupported, want: "plan9/mips only"},
		{name: "not pinned", script: copyWheel, change: func(a *toolbox.Artifact) { a.WheelSHA256 = "" }, want: "not a lower-case SHA-256 digest"},
		{name: "package that is an option", script: copyWheel, change: func(a *toolbox.Artifact) { a.Package = "x --index-url=y" }, want: "not a plain name"},
		{name: "member that leads out", script: copyWheel, change: func(a *toolbox.Artifact) { a.Member = "seeable_probe/.." }, want: "not a plain name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := newCache(t)
			if c.script == "" {
				t.Setenv("PATH", t.TempDir())
			} else {
				fakePip(t, c.script)
			}
			a := good
			if c.change != nil {
				c.change(&a)
			}
			path, err := cache.Fetch(context.Background(), a, nil)
			if err == nil {
				t.Fatalf("fetched %s", path)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want one that is %q", err, c.is)
			}
			if text := err.Error(); !strings.HasPrefix(text, "toolbox: ") || !strings.Contains(text, c.want) || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line with %q", text, c.want)
			}
			if names := left(t, cache); len(names) != 0 {
				t.Errorf("left in the cache: %v", names)
			}
		})
	}
}

func TestCacheNotUsable(t *testing.T) {
	_, a := probe(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(toolbox.CacheEnv, file) // root may write anywhere, but not below a file
	c, err := toolbox.OpenCache()
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Fetch(context.Background(), a, nil)
	if !errors.Is(err, toolbox.ErrCache) || !strings.Contains(err.Error(), toolbox.CacheEnv) {
		t.Errorf("error %v, want ErrCache and the way out", err)
	}
}

func TestArtifactsArePinned(t *testing.T) {
	c := newCache(t)
	fakePip(t, `echo "ERROR: no index in this test" >&2; exit 1`)
	for _, a := range append([]toolbox.Artifact{toolbox.XLACPU, toolbox.OneDNN, toolbox.EfficientNetLite0}, toolbox.FFmpeg...) {
		a.OS, a.Arch = "", "" // pins of other platforms count too
		// Getting as far as pip means that the pins are well formed.
		if _, err := c.Fetch(context.Background(), a, nil); !errors.Is(err, toolbox.ErrUnreachable) {
			t.Errorf("%s: error %v, want ErrUnreachable", a.Name, err)
		}
	}
}

// What is given to pip decides what can come: nothing unpinned, no source builds, no dependencies.
func TestPipArguments(t *testing.T) {
	wheel, a := probe(t)
	c := newCache(t)
	runs := fakePip(t, `cp "$dest/requirements.txt" "$dest/../../asked"; cp '`+wheel+`' "$dest"`)
	if _, err := c.Fetch(context.Background(), a, nil); err != nil {
		t.Fatal(err)
	}
	asked, err := os.ReadFile(filepath.Join(c.Dir(), "asked"))
	if want := "seeable-probe==1.0 --hash=sha256:" + a.WheelSHA256 + "\n"; err != nil || string(asked) != want {
		t.Errorf("requirements %q, %v; want %q", asked, err, want)
	}
	line, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(string(line))
	for _, want := range []string{"--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input"} {
		if !slices.Contains(args, want) {
			t.Errorf("pip's arguments %q lack %s", args, want)
		}
	}
}
