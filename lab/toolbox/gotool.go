package toolbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrBuild: the Go command could not build a tool.
var ErrBuild = errors.New("cannot build")

// BuildTools returns the absolute folder that holds the programs named by the tool lines of the go.mod in the folder
// module, building them first if it is not there. The module's go.sum pins every byte of their source. The Go command
// knows the user's module proxy. name says what they are, for people. Of several callers one builds and the rest wait
// for it, as with [Cache.Install].
func (c *Cache) BuildTools(ctx context.Context, name, module string, progress io.Writer) (string, error) {
	pins := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(module, file))
		if err != nil {
			return "", fmt.Errorf("toolbox: %s: %w", name, err)
		}
		pins.Write(text)
	}
	version, err := goCommand(ctx, module, "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("toolbox: %w: %s: the Go command does not run (%v); install Go and put it on PATH", ErrBuild, name, err)
	}
	entry := fmt.Sprintf("%s-%s-%x", strings.ToLower(name), strings.Join(strings.Fields(string(version)), "-"), pins.Sum(nil)[:6])
	return c.folder(ctx, entry, name, progress, func(dir string) error {
		say(progress, "building %s, once", name)
		cmd := goCommand(ctx, module, "install", "tool")
		cmd.Env = append(cmd.Env, "GOBIN="+dir)
		out, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			return fmt.Errorf("toolbox: building %s: %w", name, context.Cause(ctx))
		}
		if err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return fmt.Errorf("toolbox: %w %s: %s; its source comes from the Go module proxy: is there a network?", ErrBuild, name, lines[len(lines)-1])
		}
		return nil
	})
}

// goCommand runs in a module with the settings that its pins ask for, whatever the user's are.
func goCommand(ctx context.Context, module string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}
