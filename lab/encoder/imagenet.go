package encoder

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Checkpoint is a pinned PyTorch state dict, and what it becomes as safetensors.
type Checkpoint struct {
	PTH    toolbox.Artifact
	SHA256 string // of the conversion, which gives the same bytes under every Python
}

// file is the name of the conversion in the cache. The digest is in it, so a changed conversion is never answered with an
// older file.
func (c Checkpoint) file(encoder string) string {
	return fmt.Sprintf("%s-imagenet-%.12s.safetensors", encoder, c.SHA256)
}

//go:embed pth2safetensors.py
var pth2safetensors string

// ImageNet returns the path of the encoder's weights trained on ImageNet, a safetensors file with the names and layouts
// of PyTorch for [Load]. The first call of a user brings the checkpoint through package toolbox and converts it by
// python3 (3.6 or newer, its standard library only); progress, which may be nil, gets a line when something is fetched
// or waited for. Several processes may call it at once. Every byte of the file has been checked when it returns.
//
// It fails when the encoder has no such weights, and, wrapping an error of package toolbox, when they cannot be had.
func ImageNet(ctx context.Context, cfg spec.Encoder, progress io.Writer) (path string, err error) {
	c := networks[cfg.Name].ImageNet
	if c == nil {
		var others []string
		for _, info := range spec.Encoders() {
			if info.ImageNet {
				others = append(others, info.Name)
			}
		}
		return "", fmt.Errorf("encoder: there are no ImageNet weights of %q to be had; use %s, random weights, "+
			"or a file that seelab weights import takes", cfg.Name, strings.Join(others, ", "))
	}
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", fmt.Errorf("encoder: %w", err)
	}
	name := c.file(cfg.Name)
	path = filepath.Join(cache.Dir(), name)
	if holds(path, c.SHA256) {
		return path, nil
	}
	unlock, err := cache.Lock(ctx, name, c.PTH.Name, progress)
	if err != nil {
		return "", fmt.Errorf("encoder: %w", err)
	}
	defer unlock()
	if holds(path, c.SHA256) {
		return path, nil
	}
	pth, err := cache.Fetch(ctx, c.PTH, progress)
	if err != nil {
		return "", fmt.Errorf("encoder: %w", err)
	}
	// Under the lock, a part found is the leftover of a dead process. Nothing is forced to the disk: what a crash of the
	// machine tears fails the digest at the next call and is made again.
	part := path + ".part"
	defer os.Remove(part)
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("encoder: %w: %v", toolbox.ErrCache, err)
	}
	if err := convert(ctx, pth, part); err != nil {
		return "", err
	}
	if !holds(part, c.SHA256) {
		return "", fmt.Errorf("encoder: %w: %s, converted to safetensors, is not the file that was pinned; nothing was kept", toolbox.ErrWrongHash, c.PTH.Name)
	}
	if err := os.Rename(part, path); err != nil {
		return "", fmt.Errorf("encoder: %w: %v", toolbox.ErrCache, err)
	}
	return path, nil
}

// convert writes the float32 tensors of a PyTorch state dict to the new file target, as safetensors.
func convert(ctx context.Context, pth, target string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("encoder: %w: it converts the weights, and there is none on PATH; install Python 3", toolbox.ErrNoPython)
	}
	cmd := exec.CommandContext(ctx, python, "-I", "-", pth, target)
	cmd.Stdin = strings.NewReader(pth2safetensors)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("encoder: converting %s: %w", filepath.Base(pth), context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("encoder: cannot convert %s to safetensors: %s (%w)", filepath.Base(pth), strings.TrimSpace(string(out)), err)
	}
	return nil
}

// holds reports whether the file path has the SHA-256 digest want.
func holds(path, want string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false
	}
	return hex.EncodeToString(h.Sum(nil)) == want
}
