package accel

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// request is a GoMLX configuration "name:plugin,options" taken apart, and who made it.
type request struct {
	name, plugin, options string
	source                string
}

// String puts the configuration together again.
func (r request) String() string {
	return strings.TrimRight(r.name+":"+r.plugin+","+r.options, ":,")
}

// xlaName is go-xla's own name of its backend, and xlaNames are all under which it registers it.
const xlaName = "xla"

var xlaNames = []string{xlaName, "stablehlo", "hlo", "shlo"}

// parse reads what is asked for. An empty configuration is XLA with whatever plugin there is.
func parse(opts Options) (request, error) {
	config, source := opts.Backend, "Options.Backend"
	if config == "" {
		config, source = os.Getenv(compute.ConfigEnvVar), "$"+compute.ConfigEnvVar
	}
	if config == "" {
		config, source = xlaName, "default"
	}
	r := request{source: source}
	r.name, r.plugin, _ = strings.Cut(config, ":")
	r.plugin, r.options, _ = strings.Cut(r.plugin, ",")
	switch {
	case slices.Contains(xlaNames, r.name):
		r.name = xlaName
	case r.name == gobackend.BackendName:
		if opts.Training && !opts.PureGo && opts.Backend != "" {
			return r, fmt.Errorf("accel: %w: leave the backend unset to use XLA, or ask for it by %s=%s", ErrPureGo, compute.ConfigEnvVar, gobackend.BackendName)
		}
	case !slices.Contains(compute.List(), r.name):
		return r, fmt.Errorf("accel: unknown backend %q in %s, want %s or %s", config, source, xlaName, gobackend.BackendName)
	}
	return r, nil
}

// choose returns the GoMLX configuration that answers the request, bringing a plugin if it must.
// An XLA plugin is loaded by then.
func choose(ctx context.Context, asked request, progress io.Writer) (string, error) {
	if asked.name != xlaName {
		return asked.String(), nil
	}
	path, err := bringXLA(ctx, asked, progress)
	if err != nil {
		return "", err
	}
	asked.plugin = path
	return asked.String(), nil
}

// noBackend says in one line why there is no plugin and what to do.
func noBackend(err error, notes []string) error {
	also := ""
	if len(notes) > 0 {
		also = " (before that: " + strings.Join(notes, "; ") + ")"
	}
	return fmt.Errorf("accel: %w: %w%s. To go on without XLA set %s=%s: hundreds of times slower, fit for tiny tests only",
		ErrNoBackend, err, also, compute.ConfigEnvVar, gobackend.BackendName)
}

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		fmt.Fprintf(w, format+"\n", args...)
	}
}
