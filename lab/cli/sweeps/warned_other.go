//go:build !unix

package sweeps

import "context"

// untilWarned is ctx where there is no such signal.
func untilWarned(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
