// Package notebook runs the lab's notebooks: JupyterLab with a Go kernel, GoNB, in the browser, or headless.
//
// Everything comes pinned through package toolbox into the user's cache, and Jupyter's settings, kernels and run-time
// files lie there too: no Jupyter that the user has is used or changed. Cells are Go; they import the lab's packages as
// they are in the checkout, and its dependencies in the versions of its go.mod, without a network.
package notebook

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Module is the path of the lab's module.
const Module = "github.com/seeable-lab/seeable"

// Folder is where the notebooks lie below the module's root.
const Folder = "notebooks"

// The requirements are made of these, which also says how to make them anew:
//
//	uv pip compile --universal --python-version 3.10 --generate-hashes --no-header --no-emit-index-url
//
// of jupyterlab==4.6.6 nbconvert==7.17.2 nbclient==0.11.0.
//
//go:embed requirements.txt
var requirements []byte

// Kernel is the name of the Go kernel, as it stands in the notebooks.
const Kernel = "gonb"

// Jupyter is an installed JupyterLab with a kernel for one checkout of the lab.
type Jupyter struct {
	root     string // of the checkout
	packages string // Python packages
	tools    string // gonb, goimports, gopls
	home     string // what Jupyter keeps between runs
	kernels  string // data folders with the kernel of this checkout, one for each use
	python   string
}

// FindRoot returns the folder of the lab's checkout that holds dir. It fails outside of one: notebooks import the packages
// of a checkout.
func FindRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("notebook: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if first, _, _ := strings.Cut(string(text), "\n"); err == nil && strings.TrimSpace(first) == "module "+Module {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("notebook: %s is not in a checkout of %s: change to one, the cells import its packages", dir, Module)
		}
	}
}

// Open returns JupyterLab for the checkout at root, installing what is missing: the Python packages, the kernel, and what
// draws charts. It writes a line to progress, which may be nil, for each of them. Errors are those of package toolbox and
// tell what is missing.
func Open(ctx context.Context, root string, progress io.Writer) (*Jupyter, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return nil, err
	}
	j := &Jupyter{root: root, home: filepath.Join(filepath.Dir(cache.Dir()), "jupyter")}
	path := sha256.Sum256([]byte(root))
	j.kernels = filepath.Join(j.home, fmt.Sprintf("checkout-%x", path[:6]))
	if progress != nil {
		progress = &locked{w: progress}
	}
	// The Go compiler and pip do not need each other.
	var wait sync.WaitGroup
	var toolsErr, packagesErr, scriptsErr error
	wait.Go(func() { j.tools, toolsErr = cache.BuildTools(ctx, "GoNB", filepath.Join(root, "tools"), progress) })
	wait.Go(func() {
		j.packages, packagesErr = cache.Install(ctx, toolbox.Packages{
			Name: "JupyterLab", Size: 75_000_000, Python: [2]int{3, 10}, Requirements: requirements,
		}, progress)
	})
	wait.Go(func() { _, scriptsErr = figure.FetchScripts(ctx, progress) })
	wait.Wait()
	if err := errors.Join(packagesErr, toolsErr, scriptsErr); err != nil {
		return nil, err
	}
	if j.python, err = exec.LookPath("python3"); err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	return j, j.register()
}

// compile fills the Go command's caches with what cells import, so that a cell needs no network and little time. The modules
// are all of the checkout: a cell's own module looks into those too that are built on other systems only.
func (j *Jupyter) compile(ctx context.Context) error {
	if err := j.run(ctx, "mod", "download"); err != nil {
		return err
	}
	return j.run(ctx, "build", "./lab", "./lab/nb", "./datasets", "./experiments")
}

func (j *Jupyter) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = j.root
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("notebook: compiling the lab: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("notebook: the lab in %s does not compile: go %s (%v): %s", j.root, args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

// The uses of the kernel; each has a data folder with the kernel under the same name.
const (
	inBrowser = "browser"
	headless  = "headless" // errors as text; nobody to complete code for
)

// kernelSpec is the kernel.json of Jupyter's messaging documents.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// register writes the kernels of this checkout and Jupyter's settings.
func (j *Jupyter) register() error {
	for _, use := range []string{inBrowser, headless} {
		dir := filepath.Join(j.kernels, use, "kernels", Kernel)
		path := j.tools
		if use == headless {
			// Without gopls, which reads the whole module when a kernel starts.
			path = filepath.Join(j.kernels, use, "bin")
			if err := link(filepath.Join(j.tools, "goimports"), filepath.Join(path, "goimports")); err != nil {
				return err
			}
		}
		err := writeJSON(filepath.Join(dir, "kernel.json"), kernelSpec{
			Argv: []string{filepath.Join(j.tools, "gonb"), "--kernel", "{connection_file}",
				"-logtostderr=false", "-stderrthreshold=FATAL", // else its log mixes with Jupyter's
				"-go_work=" + j.root, // cells import the lab's packages
				fmt.Sprintf("-raw_error=%v", use == headless),
			},
			DisplayName: "Go (SeeABLE Lab)", Language: "go", InterruptMode: "message",
			Env: map[string]string{
				"PATH": path + string(os.PathListSeparator) + os.Getenv("PATH"),
				// Cells use the versions of the lab's go.mod, and none that is not there already. Without the tables of debuggers, which
				// no cell needs, linking takes a third less.
				"GOPROXY": "off", "GOFLAGS": "-buildvcs=false -ldflags=-w", "GOWORK": "",
			},
		})
		if err != nil {
			return err
		}
	}
	settings := filepath.Join(j.home, "settings", "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings")
	if _, err := os.Stat(settings); errors.Is(err, fs.ErrNotExist) {
		if err := writeJSON(settings, map[string]string{"fetchNews": "false"}); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(j.home, "config", "jupyter_lab_config.json"), map[string]any{
		// Nothing is asked of the network.
		"LabApp": map[string]any{
			"news_url": nil, "check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "extension_manager": "readonly",
			"log_level": "ERROR",
		},
		"ServerApp": map[string]any{
			"answer_yes": true, // Ctrl-C stops at once
			// Each takes half a second to start, and no notebook needs them: GoNB completes code itself.
			"jpserver_extensions": map[string]bool{"jupyter_lsp": false, "jupyter_server_terminals": false},
		},
		"KernelSpecManager": map[string]any{"ensure_native_kernel": false, "allowed_kernelspecs": []string{Kernel}},
	})
}

// command is a Python module with the private Jupyter around it.
func (j *Jupyter) command(ctx context.Context, use string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, j.python, args...)
	cmd.Dir = j.root
	share := filepath.Join(j.packages, "share", "jupyter")
	cmd.Env = append(os.Environ(),
		"PYTHONPATH="+j.packages,
		"PYTHONNOUSERSITE=1",
		"PYDEVD_DISABLE_FILE_VALIDATION=1",
		"JUPYTER_PATH="+filepath.Join(j.kernels, use)+string(os.PathListSeparator)+share,
		"JUPYTER_CONFIG_PATH="+filepath.Join(j.packages, "etc", "jupyter"),
		"JUPYTER_CONFIG_DIR="+filepath.Join(j.home, "config"),
		"JUPYTER_DATA_DIR="+filepath.Join(j.home, "data"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(j.home, "runtime"),
		"JUPYTERLAB_DIR="+filepath.Join(share, "lab"),
		"JUPYTERLAB_SETTINGS_DIR="+filepath.Join(j.home, "settings"),
		"JUPYTERLAB_WORKSPACES_DIR="+filepath.Join(j.kernels, "workspaces"),
		"IPYTHONDIR="+filepath.Join(j.home, "ipython"),
	)
	return cmd
}

// link makes a symbolic link, in place of another one.
func link(target, path string) error {
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Symlink(target, path)
	}
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	return nil
}

// writeJSON writes a file that other processes may be reading.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	return store.WriteFile(path, text)
}

// locked lets several goroutines write lines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
