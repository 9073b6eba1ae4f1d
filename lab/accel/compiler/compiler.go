// Package compiler wraps the compiler of XLA's CPU plugin. Programs are rewritten before they are compiled, with custom calls for
// what the lab computes itself, and executables are kept on disk: the training step of EfficientNet-B0 takes 17 s and 1 GB of
// memory to compile, and 1 s to load.
//
// go-xla knows nothing of it: the plugin is registered by a copy of its table of functions.
package compiler

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// ErrTaken: another plugin of this process has this compiler. There is one in a process, for the first plugin.
var ErrTaken = errors.New("another plugin has the lab's compiler already")

// Options say what the compiler does besides compiling.
type Options struct {
	// Rewrite makes another StableHLO program of one, or returns nil to leave it. Its error is that of compiling. Nil leaves all.
	Rewrite func(program []byte) ([]byte, error)
	// Calls are the custom calls of rewritten programs: C functions of XLA's foreign function interface by name.
	Calls map[string]unsafe.Pointer
	// Kept is where executables are kept. Nil keeps none.
	Kept *Executables
}

// Stats are what the compiler has done so far.
type Stats struct {
	Compiled, Loaded int           // programs
	Time             time.Duration // that both took
}

var installed struct {
	sync.Mutex
	plugin string
	Options
	id string // of plugin and machine

	compiled, loaded, nanoseconds atomic.Int64
}

// Done returns what the compiler has done in this process.
func Done() Stats {
	return Stats{int(installed.compiled.Load()), int(installed.loaded.Load()), time.Duration(installed.nanoseconds.Load())}
}

// Rewrites reports whether the programs of a plugin are rewritten.
func Rewrites(plugin string) bool {
	installed.Lock()
	defer installed.Unlock()
	return plugin != "" && installed.plugin == plugin && installed.Rewrite != nil
}

// flagsEnv is the variable from which XLA takes its own options; with some it writes what it compiles.
const flagsEnv = "XLA_FLAGS"

// identity is what an executable depends on besides its program: the plugin and the processor, as far as compilers look at it.
// It is not known where the system doesn't report the processor.
func identity(plugin string) (id string, known bool) {
	info, err := os.Stat(plugin)
	if err != nil {
		return "", false
	}
	processor, known := processor()
	if !known {
		return "", false
	}
	return strings.Join([]string{strconv.FormatInt(info.Size(), 10), info.ModTime().UTC().Format(time.RFC3339Nano), processor, os.Getenv(flagsEnv)}, "\n"), true
}
