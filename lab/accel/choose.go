package accel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// choose returns the GoMLX configuration to start, bringing a plugin if it must.
func choose(ctx context.Context, opts Options) (string, error) {
	config, byUser := opts.Backend, false
	if config == "" {
		config, byUser = os.Getenv(compute.ConfigEnvVar), true
	}
	name, arg, _ := strings.Cut(config, ":")
	if name == gobackend.BackendName {
		if opts.Training && !opts.PureGo && !byUser {
			return "", fmt.Errorf("accel: %w: use XLA (leave the backend unset), or set %s=%s to train on it all the same", ErrPureGo, compute.ConfigEnvVar, gobackend.BackendName)
		}
		return config, nil
	}
	plugin, options, _ := strings.Cut(arg, ",")
	if config != "" && (!slices.Contains(xlaNames, name) || plugin != "" && plugin != "cpu") {
		return config, nil
	}
	path, err := findPlugin(ctx, opts, plugin)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(xla.BackendName+":"+path+","+options, ","), nil
}

// xlaNames are the names under which go-xla registers its backend.
var xlaNames = []string{xla.BackendName, "stablehlo", "hlo", "shlo"}

// findPlugin returns the name or absolute path of a plugin: of kind "cpu", or of any kind for "".
func findPlugin(ctx context.Context, opts Options, kind string) (string, error) {
	xla.EnableAutoInstall(false)
	path, err := installed(kind)
	if path != "" {
		return path, nil
	}
	reasons := []error{err}
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", noBackend(append(reasons, err))
	}
	if path, ok := cache.Find(toolbox.XLACPU); ok {
		return path, nil
	}
	if _, off := os.LookupEnv(xla.NoAutoInstallEnv); !off {
		if err := autoInstall(ctx); err != nil {
			reasons = append(reasons, err)
		} else if path, err := installed(kind); path != "" {
			return path, nil
		} else {
			reasons = append(reasons, err)
		}
	}
	path, err = cache.Fetch(ctx, toolbox.XLACPU, opts.Progress)
	if err != nil {
		return "", noBackend(append(reasons, err))
	}
	return path, nil
}

// installed looks for a plugin where go-xla does: CUDA, then CPU.
func installed(kind string) (path string, err error) {
	err = caught(func() error {
		found := pjrt.AvailablePlugins()
		for _, want := range []string{"cuda", "cpu"} {
			if kind != "" && kind != want {
				continue
			}
			for name, p := range found {
				if name == want || strings.HasPrefix(name, want+"_v") {
					path = p
					return nil
				}
			}
		}
		return nil
	})
	return path, err
}

// autoInstall lets go-xla's installer try. It first asks for the release's address under a short
// limit, because the installer cannot be cancelled and has no time limit of its own.
func autoInstall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- caught(func() error { return installer.AutoInstall("", true, installer.Quiet) })
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// noBackend joins the reasons into one error that says what to do.
func noBackend(reasons []error) error {
	return fmt.Errorf("accel: %w: %w; or set %s=%s, which is slow and fit for tiny tests only",
		ErrNoBackend, errors.Join(reasons...), compute.ConfigEnvVar, gobackend.BackendName)
}
