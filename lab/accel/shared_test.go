package accel

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestOpenStopsWaitingForAnother(t *testing.T) {
	r := &registry{turn: make(chan struct{}, 1)}
	r.turn <- struct{}{} // another Open is busy fetching
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.acquire(ctx, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline's", err)
	}
}

func TestParse(t *testing.T) {
	for config, want := range map[string]string{
		"":                        "xla",
		"xla":                     "xla",
		"hlo":                     "xla",
		"stablehlo:cuda":          "xla:cuda",
		"xla:cpu,tf32=false":      "xla:cpu,tf32=false",
		"xla:/a/b.so,tf32,shared": "xla:/a/b.so,tf32,shared",
		"xla:,tf32=false":         "xla:,tf32=false",
		"go:parallelism=2":        "go:parallelism=2",
	} {
		t.Setenv("GOMLX_BACKEND", config)
		r, err := parse(Options{})
		if err != nil || r.String() != want {
			t.Errorf("parse of %q gave %q, %v; want %q", config, r, err, want)
		}
	}
}
