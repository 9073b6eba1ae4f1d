package toolbox_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// npmPackage writes a package as npm pack does and pins its file dist/probe.js.
func npmPackage(t *testing.T) (path string, f toolbox.NPMFile) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	files := tar.NewWriter(z)
	for _, file := range []struct{ name, text string }{
		{"package/package.json", "{}"}, {"package/dist/probe.js", "probe()"},
	} {
		err := files.WriteHeader(&tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.text)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = files.Write([]byte(file.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(files.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "seeable-probe-1.0.0.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, toolbox.NPMFile{
		Name: "probe", Package: "seeable-probe", Version: "1.0.0", TarSHA256: digest(b.Bytes()), TarSize: int64(b.Len()),
		Member: "package/dist/probe.js", MemberSHA256: digest([]byte("probe()")), MemberSize: 7,
	}
}

// fakeNPM makes npm a shell script in which $dest is the folder for the package, and returns where it counts its runs.
func fakeNPM(t *testing.T, script string) (runs string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake npm is a shell script")
	}
	dir := t.TempDir()
	runs = filepath.Join(dir, "runs")
	text := fmt.Sprintf("#!/bin/sh\necho \"$@\" >>'%s'\nwhile [ $# -gt 0 ]; do [ \"$1\" = --pack-destination ] && dest=$2; shift; done\n%s\n", runs, script)
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return runs
}

func TestFetchNPM(t *testing.T) {
	packed, f := npmPackage(t)
	runs := fakeNPM(t, "cp '"+packed+"' \"$dest\"")
	c := newCache(t)
	if _, ok := c.FindNPM(f); ok {
		t.Fatal("found in an empty cache")
	}
	var progress strings.Builder
	path, err := c.FetchNPM(context.Background(), f, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "probe()" {
		t.Errorf("file %q, %v; want the package's", text, err)
	}
	if want := "fetching probe (0 MB), once\n"; progress.String() != want {
		t.Errorf("progress %q, want %q", &progress, want)
	}
	if again, err := c.FetchNPM(context.Background(), f, nil); err != nil || again != path || count(t, runs) != 1 {
		t.Errorf("second time %q, %v after %d downloads; want %q after 1", again, err, count(t, runs), path)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the entry holds %v, %v; want the file alone", entries, err)
	}
	line, err := os.ReadFile(runs)
	if err != nil || !strings.HasPrefix(string(line), "pack seeable-probe@1.0.0 ") || !strings.Contains(string(line), "--ignore-scripts") {
		t.Errorf("npm was asked %q, %v; want the pinned version, and no scripts run", line, err)
	}
}

func TestFetchNPMErrors(t *testing.T) {
	packed, good := npmPackage(t)
	for _, c := range []struct {
		name   string
		script string // empty: no npm at all
		change func(*toolbox.NPMFile)
		is     error
		want   string
	}{
		{name: "no npm", is: toolbox.ErrNoNPM, want: "apt install npm"},
		{name: "no network", script: `echo "npm error code ENOTFOUND" >&2; echo "npm error network request failed" >&2; exit 1`, is: toolbox.ErrUnreachable, want: "seeable-probe@1.0.0 (network request failed)"},
		{name: "nothing comes", script: "true", is: toolbox.ErrUnreachable, want: "left no package"},
		{name: "another package", script: "echo other >\"$dest/seeable-probe-1.0.0.tgz\"", is: toolbox.ErrWrongHash, want: "SHA-256"},
		{name: "member missing", change: func(f *toolbox.NPMFile) { f.Member = "package/other.js" }, is: toolbox.ErrWrongHash, want: "no file package/other.js"},
		{name: "member changed", change: func(f *toolbox.NPMFile) { f.MemberSHA256 = digest(nil) }, is: toolbox.ErrWrongHash, want: "has 7 bytes"},
		{name: "member longer", change: func(f *toolbox.NPMFile) { f.MemberSize = 5 }, is: toolbox.ErrWrongHash, want: "has 6 bytes"},
		{name: "not pinned", change: func(f *toolbox.NPMFile) { f.TarSHA256 = "" }, want: "not a lower-case SHA-256"},
		{name: "package that is an option", change: func(f *toolbox.NPMFile) { f.Package = "x --registry=y" }, want: "not a plain name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := newCache(t)
			switch {
			case c.name == "no npm":
				t.Setenv("PATH", t.TempDir())
			case c.script == "":
				fakeNPM(t, "cp '"+packed+"' \"$dest\"")
			default:
				fakeNPM(t, c.script)
			}
			f := good
			if c.change != nil {
				c.change(&f)
			}
			_, err := cache.FetchNPM(context.Background(), f, nil)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.HasPrefix(err.Error(), "toolbox: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that is %v with %q", err, c.is, c.want)
			}
			if names := left(t, cache); len(names) != 0 {
				t.Errorf("left in the cache: %v", names)
			}
		})
	}
}

func TestNPMFilesArePinned(t *testing.T) {
	c := newCache(t)
	fakeNPM(t, "exit 1")
	for _, f := range []toolbox.NPMFile{toolbox.ECharts, toolbox.EChartsGL} {
		// Getting as far as npm means that the pins are well formed.
		if _, err := c.FetchNPM(context.Background(), f, nil); !errors.Is(err, toolbox.ErrUnreachable) {
			t.Errorf("%s: error %v, want ErrUnreachable", f.Name, err)
		}
	}
}
