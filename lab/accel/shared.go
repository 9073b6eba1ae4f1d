package accel

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

// open holds the process's backends: one client per plugin, because each client has its own
// thread pool and memory.
var open = &registry{
	turn:     make(chan struct{}, 1),
	chosen:   map[string]string{},
	backends: map[string]*shared{},
}

type registry struct {
	turn     chan struct{}      // a mutex that a context can stop waiting for
	chosen   map[string]string  // what was asked for to the configuration that answers it
	backends map[string]*shared // by configuration
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
	if ctx.Err() != nil {
		return nil, fmt.Errorf("accel: %w", context.Cause(ctx))
	}

	asked, err := parse(opts)
	if err != nil {
		return nil, err
	}
	config, known := r.chosen[asked.String()]
	if !known {
		if config, err = choose(ctx, asked, opts.Progress); err != nil {
			return nil, err
		}
	}
	s := r.backends[config]
	if s == nil {
		backend, err := start(config, asked)
		if err != nil {
			return nil, err
		}
		s = &shared{backend: backend}
		r.backends[config] = s
	}
	r.chosen[asked.String()] = config
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
	if err := graphs.Try(func() error { s.backend.Finalize(); return nil }); err != nil {
		return fmt.Errorf("accel: closing backend %q: %w", config, err)
	}
	return nil
}

// start makes the backend. GoMLX panics on a name it does not know and on some broken plugins.
func start(config string, asked request) (backend compute.Backend, err error) {
	err = graphs.Try(func() error {
		backend, err = compute.NewWithConfig(config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accel: cannot start backend %q (asked for by %s): %w; leave out --backend, or unset %s, to have one chosen", config, asked.source, err, compute.ConfigEnvVar)
	}
	return backend, nil
}
