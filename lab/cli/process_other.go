//go:build !unix

package cli

import "context"

func peakRSS() float64 { return 0 }

// untilWarned is ctx where there is no such signal.
func untilWarned(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
