//go:build cgo

package accel

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWithinLeavesAStuckCallBehind(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	why := errors.New("no answer")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 10*time.Millisecond, why)
	defer cancel()
	if err := within(ctx, func() error { <-stuck; return nil }); err != why {
		t.Errorf("error %v, want the context's cause", err)
	}
	if err := within(context.Background(), func() error { panic("torn") }); err == nil || err.Error() != "torn" {
		t.Errorf("error %v, want the panic's text", err)
	}
}
