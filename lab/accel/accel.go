// Package accel opens the GoMLX backend that the lab computes on: XLA on CUDA, XLA on the CPU, or,
// only when asked for, pure Go. It brings the XLA CPU plugin by itself on a fresh machine.
//
// A program that is built without cgo has pure Go alone, and is told so where it asks for XLA.
//
// Importing it starts nothing, and changes nothing but $TF_CPP_MIN_LOG_LEVEL, which go-xla sets to 3 where it is empty, so that
// XLA does not log. Open loads libraries for the life of the process. A program that trains on a CPU may import package
// lab/accel/malloc beside it.
package accel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers pure Go, for who asks for it
)

// ErrPureGo: the pure Go backend was about to train without permission. It is hundreds of times
// slower than XLA.
var ErrPureGo = errors.New("the pure Go backend is too slow to train on")

// ErrNoBackend: no XLA plugin is installed or cached and none could be downloaded.
var ErrNoBackend = errors.New("no XLA plugin")

// OneDNNEnv names a shared library of oneDNN 3 to compute convolutions with on a CPU, or is "off" to leave them to XLA.
// Unset, the toolbox brings one where it can.
const OneDNNEnv = "SEEABLE_ONEDNN"

// ExecutablesEnv is "off" to keep no compiled programs.
const ExecutablesEnv = "SEEABLE_EXECUTABLES"

// Options says how to open a backend. The zero value suits most uses.
type Options struct {
	// Backend is a GoMLX configuration such as "xla:cpu", "xla:cuda", "xla:/path/plugin.so" or
	// "go". Empty leaves the choice to $GOMLX_BACKEND, then to Open.
	Backend string
	// Training refuses the pure Go backend with ErrPureGo, unless PureGo is set or the user
	// asked for it in $GOMLX_BACKEND.
	Training bool
	// PureGo permits training on pure Go when Backend says "go". It never selects it.
	PureGo bool
	// Progress receives a line when something is fetched or waited for. Nil drops them.
	Progress io.Writer
}

// Accel is an open backend. It may be used by several goroutines at once.
type Accel struct {
	// Backend is what GoMLX graphs run on, valid until Close.
	Backend compute.Backend

	text   string
	once   sync.Once
	config string
}

// String names what runs in one line, such as "XLA CPU, PJRT 0.115, oneDNN 3.2.0, 2 threads".
func (a *Accel) String() string { return a.text }

// Plugin identifies the file of the XLA plugin by its name and the first digits of its SHA-256:
// "pjrt_c_api_cpu_plugin.so, SHA-256 ad1309ac822b". It is "" for pure Go, and has no digest if the file cannot be read.
func (a *Accel) Plugin() string {
	x, ok := a.Backend.(interface{ PluginName() string }) // as XLA's
	if !ok {
		return ""
	}
	name := filepath.Base(x.PluginName())
	if digest := digestOf(x.PluginName()); digest != "" {
		name += ", SHA-256 " + digest
	}
	return name
}

// digests are those of the plugins that were asked for, by path: hundreds of megabytes take a second.
var digests sync.Map

// digestOf is the start of a file's SHA-256, "" if it cannot be read.
func digestOf(path string) string {
	if known, ok := digests.Load(path); ok {
		return known.(string)
	}
	in, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return ""
	}
	digest := hex.EncodeToString(sum.Sum(nil)[:6])
	digests.Store(path, digest)
	return digest
}

// OnHost reports whether the backend computes in the memory of the machine.
func (a *Accel) OnHost() bool {
	x, ok := a.Backend.(interface{ IsCPU() bool }) // as XLA's
	return !ok || x.IsCPU()
}

// Close releases the backend. The backend is finalized when everyone who opened it has closed it;
// buffers and tensors on it are invalid then. Further calls do nothing.
func (a *Accel) Close() error {
	var err error
	a.once.Do(func() { err = open.release(a.config) })
	return err
}

// Open returns the backend to compute on. It takes the first of these that exists:
//
//  1. opts.Backend, else what the user set in $GOMLX_BACKEND;
//  2. an installed PJRT plugin, CUDA before CPU, where go-xla looks ($PJRT_PLUGIN_LIBRARY_PATH,
//     ~/.local/lib/go-xla, /usr/local/lib/go-xla, $LD_LIBRARY_PATH, system library folders);
//  3. the CPU plugin in the toolbox's cache;
//  4. what go-xla's own installer brings, unless $GOMLX_NO_AUTO_INSTALL is set or its server does
//     not answer within seconds;
//  5. the pinned CPU plugin fetched through package toolbox (linux/amd64).
//
// A CPU plugin computes convolutions with oneDNN (package onednn), which comes from the toolbox too, unless $SEEABLE_ONEDNN
// says otherwise; where there is none, XLA computes them and Progress gets a line. Compiled programs are kept in the user's cache
// (package compiler), unless $SEEABLE_EXECUTABLES is off.
//
// It never falls back to pure Go: without a plugin it fails with ErrNoBackend. Calls in one
// process that choose the same backend share it. Several processes may call it at once on an
// empty cache; one fetches and the others wait. Cancelling ctx ends the wait.
func Open(ctx context.Context, opts Options) (*Accel, error) {
	return open.acquire(ctx, opts)
}

// describe puts the backend into one line.
func describe(b compute.Backend) string {
	if text := describeXLA(b); text != "" {
		return text
	}
	return "pure Go (slow), " + threads()
}

// threads are those of the CPU that can run at once; XLA's pool may hold more.
func threads() string { return count(runtime.NumCPU(), "thread") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
