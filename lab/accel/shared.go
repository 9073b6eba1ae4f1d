package accel

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
)

// open holds the process's backends. One PJRT client per plugin is the rule: each has its own
// thread pool and memory.
var open = &registry{turn: make(chan struct{}, 1), backends: map[string]*shared{}}

type registry struct {
	turn     chan struct{} // a mutex that a context can stop waiting for
	backends map[string]*shared
}

type shared struct {
	backend compute.Backend
	users   int
}

func (r *registry) acquire(ctx context.Context, opts Options) (*Accel, error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("accel: waiting for another Open: %w", context.Cause(ctx))
	}
	defer func() { <-r.turn }()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("accel: %w", context.Cause(ctx))
	}
	config, err := choose(ctx, opts)
	if err != nil {
		return nil, err
	}
	s := r.backends[config]
	if s == nil {
		backend, err := start(config)
		if err != nil {
			return nil, err
		}
		s = &shared{backend: backend}
		r.backends[config] = s
	}
	s.users++
	return &Accel{Backend: s.backend, text: describe(s.backend), config: config}, nil
}

func (r *registry) release(config string) error {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	s := r.backends[config]
	s.users--
	if s.users > 0 {
		return nil
	}
	delete(r.backends, config)
	return caught(func() error { s.backend.Finalize(); return nil })
}

// start makes the backend. GoMLX panics on a name it does not know and on some broken plugins.
func start(config string) (backend compute.Backend, err error) {
	err = caught(func() error {
		backend, err = compute.NewWithConfig(config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accel: starting backend %q: %w", config, err)
	}
	return backend, nil
}

// caught runs f and turns a panic of GoMLX into an error.
func caught(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); ok {
				err = e
			} else {
				err = fmt.Errorf("%v", p)
			}
		}
	}()
	return f()
}
