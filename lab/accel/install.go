//go:build cgo

package accel

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

// answerLimit bounds how long the release server may take to answer.
const answerLimit = 5 * time.Second

// autoInstall lets go-xla's installer bring a plugin. The installer has no time limit and cannot
// be cancelled, so for the CPU it runs only once its server has answered, and when ctx ends it is
// left behind.
func autoInstall(ctx context.Context, kind string) error {
	if kind == "cuda" && !installer.HasNvidiaGPU() {
		return nil
	}
	if kind != "cuda" {
		answer, cancel := context.WithTimeoutCause(ctx, answerLimit, fmt.Errorf("no answer in %v", answerLimit))
		defer cancel()
		err := within(answer, func() error {
			_, err := installer.CPUGetDownloadURL(runtime.GOOS+"_"+runtime.GOARCH, pjrt.DefaultCPUVersion)
			return err
		})
		if err != nil {
			return err
		}
	}
	return within(ctx, func() error { return installer.AutoInstall("", true, installer.Quiet) })
}

// within runs f until it ends or ctx does.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() {
		done <- graphs.Try(f)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
