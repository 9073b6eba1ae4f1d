package toolbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// The packages land in a folder of the cache that Python finds, once, and a wheel other than the pinned one does not.
func TestInstall(t *testing.T) {
	if err := exec.Command("python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skip("no python3 with pip")
	}
	wheel, a := probe(t)
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", filepath.Dir(wheel))
	p := toolbox.Packages{
		Name: "Probe", Size: a.WheelSize, Python: [2]int{3, 6},
		Requirements: fmt.Appendf(nil, "%s==%s --hash=sha256:%s\n", a.Package, a.Version, a.WheelSHA256),
	}
	c := newCache(t)
	var progress strings.Builder
	dir, err := c.Install(context.Background(), p, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if want := "fetching Probe (1 MB), once\n"; progress.String() != want {
		t.Errorf("progress %q, want %q", &progress, want)
	}
	cmd := exec.Command("python3", "-c", "import seeable_probe; print(seeable_probe.__file__)")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), dir) {
		t.Errorf("import: %s, %v; want a file under %s", out, err, dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "pip")); err == nil {
		t.Error("pip's files are left in the folder")
	}

	// Without an index: it is there already.
	t.Setenv("PIP_FIND_LINKS", t.TempDir())
	if again, err := c.Install(context.Background(), p, nil); err != nil || again != dir {
		t.Errorf("second Install: %q, %v; want %q", again, err, dir)
	}
	if names := left(t, c); len(names) != 1 {
		t.Errorf("the cache holds %v, want one folder", names)
	}

	t.Run("another wheel", func(t *testing.T) {
		t.Setenv("PIP_FIND_LINKS", filepath.Dir(wheel))
		c := newCache(t)
		p := p
		p.Requirements = fmt.Appendf(nil, "%s==%s --hash=sha256:%s\n", a.Package, a.Version, digest([]byte("another")))
		if _, err := c.Install(context.Background(), p, nil); !errors.Is(err, toolbox.ErrWrongHash) {
			t.Errorf("error %v, want ErrWrongHash", err)
		}
		if names := left(t, c); len(names) != 0 {
			t.Errorf("left in the cache: %v", names)
		}
	})
	t.Run("old Python", func(t *testing.T) {
		p := p
		p.Python = [2]int{9, 1}
		_, err := newCache(t).Install(context.Background(), p, nil)
		if !errors.Is(err, toolbox.ErrNoPython) || !strings.Contains(err.Error(), "needs 9.1 or later") {
			t.Errorf("error %v, want ErrNoPython that names 9.1", err)
		}
	})
	t.Run("no Python", func(t *testing.T) {
		c := newCache(t)
		t.Setenv("PATH", t.TempDir())
		if _, err := c.Install(context.Background(), p, nil); !errors.Is(err, toolbox.ErrNoPython) {
			t.Errorf("error %v, want ErrNoPython", err)
		}
	})
}

// The tools of a module are built once for its go.mod and go.sum, whatever the user's Go settings say.
func TestBuildTools(t *testing.T) {
	module := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(module, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module probe.example/tools\n\ngo 1.24\n\ntool probe.example/tools/hello\n")
	write("go.sum", "")
	write("hello/main.go", "package main\n\nfunc main() { print(\"hello\") }\n")
	t.Setenv("GOFLAGS", "-mod=vendor")
	t.Setenv("GOWORK", filepath.Join(module, "nowhere"))

	c := newCache(t)
	var progress strings.Builder
	dir, err := c.BuildTools(context.Background(), "Probe", module, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if want := "building Probe, once\n"; progress.String() != want {
		t.Errorf("progress %q, want %q", &progress, want)
	}
	if out, err := exec.Command(filepath.Join(dir, "hello")).CombinedOutput(); err != nil || string(out) != "hello" {
		t.Errorf("the tool says %q, %v; want hello", out, err)
	}
	progress.Reset()
	if again, err := c.BuildTools(context.Background(), "Probe", module, &progress); err != nil || again != dir || progress.Len() > 0 {
		t.Errorf("second BuildTools: %q, %v, progress %q; want %q and none", again, err, &progress, dir)
	}

	write("hello/main.go", "package main\n\nfunc main() { undefined() }\n")
	write("go.sum", "\n") // another pin, so it is built anew
	if _, err := c.BuildTools(context.Background(), "Probe", module, nil); !errors.Is(err, toolbox.ErrBuild) || !strings.Contains(err.Error(), "undefined") {
		t.Errorf("error %v, want ErrBuild with what the compiler said", err)
	}
	if names := left(t, c); len(names) != 1 {
		t.Errorf("the cache holds %v, want one folder", names)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := c.BuildTools(context.Background(), "Probe", module, nil); !errors.Is(err, toolbox.ErrBuild) {
		t.Errorf("error %v, want ErrBuild without a Go command", err)
	}
}
