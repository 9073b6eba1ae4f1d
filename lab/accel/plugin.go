//go:build cgo

package accel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/seeable-lab/seeable/lab/accel/compiler"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

// installed loads the first plugin of a kind ("" means CUDA, then CPU) from the folders where
// go-xla looks, and returns its path, or "" and notes on those that do not load.
//
// pjrt.AvailablePlugins would answer too, but it opens and closes each plugin, and XLA's CPU plugin
// does not survive being closed and opened again: the process aborts on exit with a double free. It
// also panics on a broken plugin.
func (l loader) installed(kind string) (path string, notes []string) {
	kinds := []string{kind}
	if kind == "" {
		kinds = []string{"cuda", "cpu"}
	}
	for _, kind := range kinds {
		if pjrt.IsCUDAName(kind) && !installer.HasNvidiaGPU() {
			continue
		}
		for _, dir := range pluginDirs() {
			for _, name := range []string{"pjrt_c_api_%s_plugin", "pjrt_c_api_%s_v*_plugin", "pjrt-plugin-%s", "pjrt_plugin_%s"} {
				// The pattern is sound whatever kind holds: a bad one matches nothing.
				found, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf(name, kind)+libraryExtension()))
				for _, file := range found {
					path, err := l.load(file)
					if err == nil {
						return path, notes
					}
					notes = append(notes, err.Error())
				}
			}
		}
	}
	return "", notes
}

// pluginDirs lists the folders where go-xla looks for plugins.
func pluginDirs() (dirs []string) {
	if paths, set := os.LookupEnv(pjrt.PJRTPluginPathsEnv); set {
		for _, dir := range filepath.SplitList(paths) {
			if dir == "" {
				continue
			}
			// GoMLX takes a plugin's path for a name unless it is absolute.
			if abs, err := filepath.Abs(dir); err == nil {
				dirs = append(dirs, abs)
			}
		}
		return dirs
	}
	if home, err := installer.DefaultHomeLibPath(); err == nil {
		dirs = append(dirs, filepath.Join(home, "go-xla"), filepath.Join(home, "go-xla", "nvidia"), filepath.Join(home, "gomlx", "pjrt"))
	}
	dirs = append(dirs, "/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia", "/usr/local/lib/gomlx/pjrt")
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	return append(dirs, "/usr/local/lib", "/usr/lib")
}

func libraryExtension() string {
	switch runtime.GOOS {
	case "darwin":
		return ".dylib"
	case "windows":
		return ".dll"
	}
	return ".so"
}

// loader loads plugins. Progress may be nil.
type loader struct {
	ctx      context.Context
	progress io.Writer
}

// load loads the plugin for the life of the process and returns the path to give to GoMLX. The first plugin for the CPU gets the
// lab's compiler.
func (l loader) load(plugin string) (path string, err error) {
	if path, err = unmistakable(plugin); err != nil {
		return "", err
	}
	if err := whole(path); err != nil {
		return "", err
	}
	if err := compiler.Probe(path); err != nil {
		return "", err
	}
	if strings.Contains(filepath.Base(path), "cpu") {
		l.withCompiler(path)
	}
	// It is this that loads a plugin which was not registered.
	err = graphs.Try(func() error {
		_, err := pjrt.GetPlugin(path)
		return err
	})
	if err != nil {
		return "", err
	}
	return path, nil
}

// unmistakable returns another path of a plugin that go-xla would take for a CUDA one because a
// folder above it has "cuda" or "nvidia" in its name, such as a home of that name; it then passes
// options that the CPU plugin refuses. Other paths it returns unchanged.
func unmistakable(plugin string) (string, error) {
	base := filepath.Base(plugin)
	if runtime.GOOS != "linux" || !pjrt.IsCUDAName(plugin) || pjrt.IsCUDAName(base) {
		return plugin, nil
	}
	folder, err := os.Open(filepath.Dir(plugin))
	if err != nil {
		return "", fmt.Errorf("folder of the plugin %s: %w", plugin, err)
	}
	folders = append(folders, folder)
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), base), nil
}

// folders stay open as long as the plugins in them, the life of the process.
var folders []*os.File
