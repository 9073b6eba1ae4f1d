// Package acceltest gives tests a backend.
package acceltest

import (
	"context"
	"os"
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
	return accel.Open(ctx, accel.Options{Backend: "xla:cpu", Progress: os.Stderr})
})

// ForTest returns the process's XLA CPU backend, bringing its plugin the first time. It skips the
// test, saying why, where none can be had. Do not close it.
func ForTest(tb testing.TB) compute.Backend {
	tb.Helper()
	a, err := openXLA()
	if err != nil {
		tb.Skipf("no XLA CPU backend: %v", err)
	}
	return a.Backend
}

// PureGo returns GoMLX's pure Go backend, for tiny graphs only. Do not finalize it.
func PureGo(tb testing.TB) compute.Backend {
	tb.Helper()
	return gobackend.GetBackend()
}
