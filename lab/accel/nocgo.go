//go:build !cgo

package accel

import (
	"context"
	"errors"
	"io"

	"github.com/gomlx/compute"
)

// bringXLA says why there is no XLA: go-xla reaches its plugins by cgo.
func bringXLA(context.Context, request, io.Writer) (path string, err error) {
	return "", noBackend(errors.New("this program was built without cgo, which XLA needs: build it with a C compiler and CGO_ENABLED=1"), nil)
}

func describeXLA(compute.Backend) string { return "" }
