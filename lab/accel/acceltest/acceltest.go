// Package acceltest gives tests a backend.
package acceltest

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"

	"github.com/seeable-lab/seeable/lab/accel"
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
	a, err := openXLA()
	if errors.Is(err, accel.ErrNoBackend) {
		tb.Skipf("not tested on XLA: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return a.Backend
}

// PureGo returns GoMLX's pure Go backend, for tiny graphs only. Do not finalize it.
func PureGo(tb testing.TB) compute.Backend {
	tb.Helper()
	return gobackend.GetBackend()
}
