//go:build !cgo

package accel_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/accel"
)

// A program without cgo says what it lacks, and computes on pure Go for who asks for that.
func TestWithoutCgo(t *testing.T) {
	for _, backend := range []string{"", "xla", "xla:cpu", "xla:cuda", "xla:/nowhere/plugin.so"} {
		_, err := accel.Open(context.Background(), accel.Options{Backend: backend})
		if !errors.Is(err, accel.ErrNoBackend) || !strings.Contains(err.Error(), "CGO_ENABLED=1") || !strings.Contains(err.Error(), "GOMLX_BACKEND=go") {
			t.Errorf("%q: error %v, want one that names cgo and the way out", backend, err)
		}
	}
	a, err := accel.Open(context.Background(), accel.Options{Backend: "go"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := sumOfSquares(a.Backend); got != 14 {
		t.Errorf("1+4+9 = %v", got)
	}
}
