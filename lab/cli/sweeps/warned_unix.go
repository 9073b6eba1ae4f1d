//go:build unix

package sweeps

import (
	"context"
	"os/signal"
	"syscall"
)

// untilWarned ends ctx when a scheduler sends the signal that the time of a job is nearly up.
func untilWarned(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGUSR1)
}
