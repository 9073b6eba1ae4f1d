package accel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/seeable-lab/seeable/lab/toolbox"
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

// xlaNames are the names under which go-xla registers its backend.
var xlaNames = []string{xla.BackendName, "stablehlo", "hlo", "shlo"}

// parse reads what is asked for. An empty configuration is XLA with whatever plugin there is.
func parse(opts Options) (request, error) {
	config, source := opts.Backend, "Options.Backend"
	if config == "" {
		config, source = os.Getenv(compute.ConfigEnvVar), "$"+compute.ConfigEnvVar
	}
	if config == "" {
		config, source = xla.BackendName, "default"
	}
	r := request{source: source}
	r.name, r.plugin, _ = strings.Cut(config, ":")
	r.plugin, r.options, _ = strings.Cut(r.plugin, ",")
	switch {
	case slices.Contains(xlaNames, r.name):
		r.name = xla.BackendName
	case r.name == gobackend.BackendName:
		if opts.Training && !opts.PureGo && opts.Backend != "" {
			return r, fmt.Errorf("accel: %w: leave the backend unset to use XLA, or ask for it by %s=%s", ErrPureGo, compute.ConfigEnvVar, gobackend.BackendName)
		}
	case !slices.Contains(compute.List(), r.name):
		return r, fmt.Errorf("accel: unknown backend %q in %s, want %s or %s", config, source, xla.BackendName, gobackend.BackendName)
	}
	return r, nil
}

// choose returns the GoMLX configuration that answers the request, bringing a plugin if it must.
// An XLA plugin is loaded by then.
func choose(ctx context.Context, asked request, progress io.Writer) (string, error) {
	if asked.name != xla.BackendName {
		return asked.String(), nil
	}
	l := loader{ctx, progress}
	var path string
	var err error
	if filepath.IsAbs(asked.plugin) {
		if path, err = l.load(asked.plugin); err != nil {
			return "", fmt.Errorf("accel: plugin %s (asked for by %s) does not load: %w; leave the backend unset to have one chosen", asked.plugin, asked.source, err)
		}
	} else if path, err = l.findPlugin(asked.plugin); err != nil {
		return "", err
	}
	if asked.plugin == "" && !pjrt.IsCUDAName(path) && installer.HasNvidiaGPU() {
		say(progress, "accel: an NVIDIA GPU is here but no CUDA plugin; %s=xla:cuda brings one", compute.ConfigEnvVar)
	}
	asked.plugin = path
	return asked.String(), nil
}

// findPlugin loads a plugin of the kind that was asked for, such as "cuda" or "cpu", or the better
// of these two for "", and returns its absolute path. What is on the disk comes before any network.
func (l loader) findPlugin(kind string) (string, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", noBackend(err, nil)
	}
	path, notes := l.onDisk(cache, kind)
	if path != "" {
		for _, note := range notes {
			say(l.progress, "accel: passing over an installed plugin: %s", note)
		}
		return path, nil
	}
	if kind != "" && kind != "cuda" && kind != "cpu" {
		return "", noBackend(fmt.Errorf("no plugin %q where go-xla looks ($%s, else its default folders)", kind, pjrt.PJRTPluginPathsEnv), notes)
	}
	// One process fetches; the others find what it brought.
	unlock, err := cache.Lock(l.ctx, "plugin", "an XLA plugin", l.progress)
	if err != nil {
		return "", noBackend(err, notes)
	}
	defer unlock()
	if path, notes = l.onDisk(cache, kind); path != "" {
		return path, nil
	}
	if _, off := os.LookupEnv(xla.NoAutoInstallEnv); off {
		notes = append(notes, xla.NoAutoInstallEnv+" is set, so go-xla's installer was not tried")
	} else if err := autoInstall(l.ctx, kind); err != nil {
		notes = append(notes, fmt.Sprintf("go-xla's installer: %v", err))
	} else if path, more := l.installed(kind); path != "" {
		return path, nil
	} else {
		notes = append(notes, more...)
	}
	if kind == "cuda" && !installer.HasNvidiaGPU() {
		return "", fmt.Errorf("accel: %w: xla:cuda needs an NVIDIA GPU, and there is none here: leave out --backend, or unset %s, to compute with the best that there is",
			ErrNoBackend, compute.ConfigEnvVar)
	}
	if kind == "cuda" {
		return "", noBackend(fmt.Errorf("no CUDA plugin where go-xla looks ($%s, else its default folders), or no NVIDIA GPU", pjrt.PJRTPluginPathsEnv), notes)
	}
	if path, err = cache.Fetch(l.ctx, toolbox.XLACPU, l.progress); err == nil {
		path, err = l.load(path)
	}
	if err != nil {
		return "", noBackend(err, notes)
	}
	return path, nil
}

// onDisk loads an installed plugin, else the cached one. It returns "" if there is none, and notes
// on those that do not load.
func (l loader) onDisk(cache *toolbox.Cache, kind string) (path string, notes []string) {
	path, notes = l.installed(kind)
	if path != "" || kind != "" && kind != "cpu" {
		return path, notes
	}
	if cached, ok := cache.Find(toolbox.XLACPU); ok {
		var err error
		if path, err = l.load(cached); err != nil {
			notes = append(notes, err.Error())
		}
	}
	return path, notes
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
