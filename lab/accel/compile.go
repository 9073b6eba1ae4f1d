//go:build cgo

package accel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/accel/compiler"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// executablesLimit is how many bytes the compiled programs of a user may take: those of a few hundred networks.
const executablesLimit = 1 << 30

// rewrite is [onednn.Rewrite] whose error says how to go on.
func rewrite(program []byte) ([]byte, error) {
	rewritten, err := onednn.Rewrite(program)
	if err != nil {
		return nil, fmt.Errorf("accel: %w; take that version, or set %s=off to compute without oneDNN", err, OneDNNEnv)
	}
	return rewritten, nil
}

// withCompiler registers a CPU plugin with the lab's compiler: with oneDNN if openOneDNN loads it, and with executables kept
// beside the toolbox's cache. A plugin that it does not register can still be loaded by go-xla alone.
func (l loader) withCompiler(plugin string) {
	var o compiler.Options
	switch open, err := l.openOneDNN(); {
	case err != nil:
		say(l.progress, "accel: without oneDNN, so training on a CPU takes up to twice as long: %v", err)
	case open:
		o.Rewrite, o.Calls = rewrite, onednn.Calls()
	}
	if cache, err := toolbox.OpenCache(); err == nil && os.Getenv(ExecutablesEnv) != "off" {
		o.Kept = compiler.NewExecutables(filepath.Join(filepath.Dir(cache.Dir()), "executables"), executablesLimit)
	}
	err := graphs.Try(func() error { return compiler.Register(plugin, o) })
	if err != nil && !errors.Is(err, compiler.ErrTaken) {
		say(l.progress, "accel: a plugin as it is, so that programs are compiled in each process, without oneDNN: %v", err)
	}
}
