// Package acceltest gives tests a backend.
package acceltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"

	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// limit bounds how long a test waits for a plugin to be fetched.
const limit = 5 * time.Minute

var openXLA = sync.OnceValues(func() (*accel.Accel, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	opts := accel.Options{Backend: "xla:cpu", Progress: os.Stderr}
	if strings.HasPrefix(os.Getenv(compute.ConfigEnvVar), "xla:") {
		opts.Backend = "" // the user names a plugin
	}
	return accel.Open(ctx, opts)
})

// ForTest returns the process's XLA CPU backend, or the XLA plugin that $GOMLX_BACKEND names,
// bringing the CPU plugin the first time. It skips the test, saying why, where no plugin can be
// had, and fails it where the plugin does not start. Do not finalize the backend.
func ForTest(tb testing.TB) compute.Backend {
	tb.Helper()
	return backend(tb, openXLA, "on XLA")
}

var openPlain = sync.OnceValues(func() (*accel.Accel, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return nil, err
	}
	path, ok := cache.Find(toolbox.XLACPU)
	if !ok {
		return nil, fmt.Errorf("%w: this machine's is not the toolbox's", accel.ErrNoBackend)
	}
	// By another name, go-xla takes the plugin for another one.
	path = filepath.Dir(path) + "/./" + filepath.Base(path)
	if before, set := os.LookupEnv(accel.OneDNNEnv); set {
		defer os.Setenv(accel.OneDNNEnv, before)
	} else {
		defer os.Unsetenv(accel.OneDNNEnv)
	}
	os.Setenv(accel.OneDNNEnv, "off")
	return accel.Open(context.Background(), accel.Options{Backend: "xla:" + path})
})

// WithoutOneDNN returns the toolbox's XLA CPU backend as it is where there is no oneDNN. It skips the test where the
// plugin is another one. Do not finalize the backend.
func WithoutOneDNN(tb testing.TB) compute.Backend {
	tb.Helper()
	ForTest(tb)
	return backend(tb, openPlain, "without oneDNN")
}

func backend(tb testing.TB, open func() (*accel.Accel, error), what string) compute.Backend {
	tb.Helper()
	a, err := open()
	if errors.Is(err, accel.ErrNoBackend) {
		tb.Skipf("not tested %s: %v", what, err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return a.Backend
}

// networksEnv asks for all checks of networks that XLA takes minutes to compile; .ci/full sets it.
const networksEnv = "SEEABLE_NETWORKS"

// Networks reports whether tests are to have XLA compile all networks, which takes many minutes where none is kept.
func Networks() bool { return os.Getenv(networksEnv) != "" }

// Large returns the backend of a test of networks that XLA takes minutes to compile: with [Networks] as [ForTest], else [PureGo].
func Large(tb testing.TB) compute.Backend {
	tb.Helper()
	if Networks() {
		return ForTest(tb)
	}
	return PureGo(tb)
}

// PureGo returns GoMLX's pure Go backend, for tiny graphs only. Do not finalize it.
func PureGo(tb testing.TB) compute.Backend {
	tb.Helper()
	return gobackend.GetBackend()
}
