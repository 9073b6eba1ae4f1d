package accel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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
func choose(ctx context.Context, asked request, progress io.Writer) (string, error) {
	if asked.name != xla.BackendName {
		return asked.String(), nil
	}
	if kind := asked.plugin; slices.Contains([]string{"", "cuda", "cpu"}, kind) {
		path, err := findPlugin(ctx, kind, progress)
		if err != nil {
			return "", err
		}
		if kind == "" && !pjrt.IsCUDAName(filepath.Base(path)) && installer.HasNvidiaGPU() {
			say(progress, "accel: an NVIDIA GPU is here but no CUDA plugin; %s=xla:cuda brings one", compute.ConfigEnvVar)
		}
		asked.plugin = path
	}
	path, err := unmistakable(asked.plugin)
	if err != nil {
		return "", err
	}
	asked.plugin = path
	return asked.String(), nil
}

// unmistakable returns another path of a plugin that go-xla would take for a CUDA one because a
// folder above it has "cuda" or "nvidia" in its name, such as a home of that name; it then passes
// options that the CPU plugin refuses. Other paths it returns unchanged. The folder stays open for
// the life of the process, as the plugin does.
func unmistakable(plugin string) (string, error) {
	base := filepath.Base(plugin)
	if runtime.GOOS != "linux" || !filepath.IsAbs(plugin) || !pjrt.IsCUDAName(plugin) || pjrt.IsCUDAName(base) {
		return plugin, nil
	}
	folder, err := os.Open(filepath.Dir(plugin))
	if err != nil {
		return "", fmt.Errorf("accel: folder of the plugin %s: %w", plugin, err)
	}
	folders = append(folders, folder)
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), base), nil
}

// folders are kept from being closed when collected.
var folders []*os.File

// findPlugin returns the absolute path of a plugin of kind "cuda" or "cpu", or of the better there
// is for "". Whatever is on the disk comes before any network.
func findPlugin(ctx context.Context, kind string, progress io.Writer) (string, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", noBackend(err, nil)
	}
	var notes []string
	if path := onDisk(cache, kind, progress, &notes); path != "" {
		return path, nil
	}
	// One process fetches; the others find what it brought.
	unlock, err := cache.Lock(ctx, "plugin", "an XLA plugin", progress)
	if err != nil {
		return "", noBackend(err, notes)
	}
	defer unlock()
	if path := onDisk(cache, kind, nil, &notes); path != "" {
		return path, nil
	}
	if _, off := os.LookupEnv(xla.NoAutoInstallEnv); off {
		notes = append(notes, xla.NoAutoInstallEnv+" is set, so go-xla's installer was not tried")
	} else if err := autoInstall(ctx, kind); err != nil {
		notes = append(notes, fmt.Sprintf("go-xla's installer: %v", err))
	} else if path, err := installed(kind); path != "" {
		return path, nil
	} else if err != nil {
		notes = append(notes, err.Error())
	}
	if kind == "cuda" {
		return "", noBackend(fmt.Errorf("no CUDA plugin where go-xla looks ($%s, else its default folders), or no NVIDIA GPU", pjrt.PJRTPluginPathsEnv), notes)
	}
	path, err := cache.Fetch(ctx, toolbox.XLACPU, progress)
	if err != nil {
		return "", noBackend(err, notes)
	}
	return path, nil
}

// onDisk returns the path of an installed or cached plugin, or "". It adds to notes, and tells
// progress, why an installed one cannot be used.
func onDisk(cache *toolbox.Cache, kind string, progress io.Writer, notes *[]string) string {
	path, err := installed(kind)
	if err != nil {
		say(progress, "accel: passing over the installed PJRT plugins: %v", err)
		*notes = []string{err.Error()}
	}
	if path == "" && kind != "cuda" {
		path, _ = cache.Find(toolbox.XLACPU)
	}
	return path
}

// installed looks for a plugin of a kind where go-xla does, CUDA before CPU. It returns "" and no
// error when there is none, and an error when one is there that does not load.
func installed(kind string) (path string, err error) {
	err = caught(func() error {
		found := pjrt.AvailablePlugins()
		for _, want := range []string{"cuda", "cpu"} {
			if kind != "" && kind != want {
				continue
			}
			for name, p := range found {
				if name == want || path == "" && strings.HasPrefix(name, want+"_v") {
					path = p
				}
			}
			if path != "" {
				return nil
			}
		}
		return nil
	})
	return path, err
}

// answerLimit bounds how long the release server may take to answer.
const answerLimit = 5 * time.Second

// autoInstall lets go-xla's installer bring a plugin. The installer has no time limit and cannot
// be cancelled, so for the CPU it runs only once its server has answered, and when ctx ends it is
// left behind.
func autoInstall(ctx context.Context, kind string) error {
	if kind == "cuda" && !installer.HasNvidiaGPU() {
		return nil
	}
	if kind != "cuda" {
		answer, cancel := context.WithTimeoutCause(ctx, answerLimit, fmt.Errorf("no answer in %v", answerLimit))
		defer cancel()
		err := within(answer, func() error {
			_, err := installer.CPUGetDownloadURL(runtime.GOOS+"_"+runtime.GOARCH, pjrt.DefaultCPUVersion)
			return err
		})
		if err != nil {
			return err
		}
	}
	return within(ctx, func() error { return installer.AutoInstall("", true, installer.Quiet) })
}

// within runs f until it ends or ctx does.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("%v", p)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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
