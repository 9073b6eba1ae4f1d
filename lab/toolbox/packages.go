package toolbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Packages are Python packages, all pinned by version and digest.
type Packages struct {
	Name string // what they are, for people: "JupyterLab"
	Size int64  // about how many bytes come over the network
	// Python is the oldest version of Python that can use them, as in {3, 10}.
	Python [2]int
	// Requirements is a requirements file of pip that pins every package, those that others need too, with its digests.
	Requirements []byte
}

// Install returns the absolute folder that holds the packages for the python3 on PATH, installing them first if it is not
// there. Nothing outside of the cache changes: programs use them by PYTHONPATH. Only wheels are taken, so that no code
// of a package runs while it is installed. Of several callers, in this process or others, one installs and the rest wait
// for it. It writes one line to progress, which may be nil, when it installs or waits. Cancelling ctx stops it and leaves
// no partial folder.
func (c *Cache) Install(ctx context.Context, p Packages, progress io.Writer) (string, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("toolbox: %w: %s needs it and there is no python3 on PATH; install Python 3 with pip", ErrNoPython, p.Name)
	}
	// Wheels with compiled code are for one version of Python on one platform.
	out, err := exec.CommandContext(ctx, python, "-c",
		"import sys, sysconfig; print(*sys.version_info[:2], sys.implementation.cache_tag + '-' + sysconfig.get_platform())").Output()
	var version [2]int
	var tag string
	if err == nil {
		_, err = fmt.Sscan(string(out), &version[0], &version[1], &tag)
	}
	if err != nil {
		return "", fmt.Errorf("toolbox: %w: %s does not tell its version: %v", ErrNoPython, python, err)
	}
	if slices.Compare(version[:], p.Python[:]) < 0 {
		return "", fmt.Errorf("toolbox: %w: %s is Python %d.%d and %s needs %d.%d or later; put a later one first on PATH",
			ErrNoPython, python, version[0], version[1], p.Name, p.Python[0], p.Python[1])
	}
	pins := sha256.Sum256(p.Requirements)
	entry := fmt.Sprintf("%s-%s-%x", strings.ToLower(p.Name), tag, pins[:6])
	return c.folder(ctx, entry, p.Name, progress, func(dir string) error {
		say(progress, "fetching %s (%d MB), once", p.Name, p.Size/1_000_000)
		work := filepath.Join(dir, "pip")
		requirements := filepath.Join(work, "requirements.txt")
		if err := os.Mkdir(work, 0o700); err != nil {
			return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
		}
		if err := os.WriteFile(requirements, p.Requirements, 0o600); err != nil {
			return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
		}
		out, err := pip(ctx, python, work, "install", "--requirement", requirements, "--target", dir,
			"--no-compile", "--no-warn-script-location").CombinedOutput()
		if ctx.Err() != nil {
			return fmt.Errorf("toolbox: fetching %s: %w", p.Name, context.Cause(ctx))
		}
		if err != nil {
			return pipError(p.Name, "what "+p.Name+" consists of", string(out), err)
		}
		return os.RemoveAll(work)
	})
}

// folder returns the entry's absolute path, filling it by put if it is not there.
func (c *Cache) folder(ctx context.Context, entry, what string, progress io.Writer, put func(dir string) error) (string, error) {
	dir := filepath.Join(c.dir, entry)
	there := func() bool {
		info, err := os.Stat(dir)
		return err == nil && info.IsDir()
	}
	if there() {
		return dir, nil
	}
	unlock, err := c.Lock(ctx, entry, what, progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if there() {
		return dir, nil
	}
	return dir, c.fill(entry, put)
}
