//go:build cgo

package accel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// bringXLA loads the plugin that the request asks for, bringing it if it must, and returns its absolute path.
func bringXLA(ctx context.Context, asked request, progress io.Writer) (path string, err error) {
	l := loader{ctx, progress}
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
	return path, nil
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

// describeXLA is [describe] of an XLA backend, "" for another one.
func describeXLA(b compute.Backend) string {
	x, ok := b.(*xla.Backend)
	if !ok {
		return ""
	}
	version := "PJRT"
	if plugin, err := pjrt.GetPlugin(x.PluginName()); err == nil {
		major, minor := plugin.Version()
		version = fmt.Sprintf("PJRT %d.%d", major, minor)
	}
	if onednn.On(b) {
		version += ", " + onednn.Version()
	}
	switch {
	case x.IsCUDA():
		return fmt.Sprintf("XLA CUDA, %s, %s", version, count(x.NumDevices(), "device"))
	case x.IsCPU():
		return fmt.Sprintf("XLA CPU, %s, %s", version, threads())
	default:
		return fmt.Sprintf("XLA %s, %s, %s", filepath.Base(x.PluginName()), version, count(x.NumDevices(), "device"))
	}
}
