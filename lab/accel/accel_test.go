package accel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// childEnv makes this test binary a program that opens a backend, computes on it and says what it
// is. Where plugins are looked for is read once per process, so these tests need processes.
const childEnv = "SEEABLE_ACCEL_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	a, err := accel.Open(context.Background(), accel.Options{Progress: os.Stdout})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if got := sumOfSquares(a.Backend); got != 14 {
		fmt.Println("1+4+9 =", got)
		os.Exit(1)
	}
	fmt.Println(a)
}

// child runs this binary with env set and returns what it wrote.
func child(t *testing.T, env ...string) (stdout, stderr string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"=1", "GOMLX_BACKEND=", "GOMLX_NO_AUTO_INSTALL=1",
		"PJRT_PLUGIN_LIBRARY_PATH="+t.TempDir(), toolbox.CacheEnv+"="+t.TempDir(), accel.OneDNNEnv+"=off")
	cmd.Env = append(cmd.Env, env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

func sumOfSquares(b compute.Backend) float32 {
	sum := graph.MustExecOnce(b, func(x *graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.Square(x))
	}, []float32{1, 2, 3})
	return sum.Value().(float32)
}

// cached returns the path of a cached file that the tests' backend consists of.
func cached(t *testing.T, a toolbox.Artifact) string {
	t.Helper()
	acceltest.ForTest(t)
	cache, err := toolbox.OpenCache()
	if err != nil {
		t.Fatal(err)
	}
	path, ok := cache.Find(a)
	if !ok {
		t.Skipf("the %s of this machine is not the toolbox's", a.Name)
	}
	return path
}

// cpuPlugin returns the path of the cached CPU plugin.
func cpuPlugin(t *testing.T) string {
	t.Helper()
	return cached(t, toolbox.XLACPU)
}

// What a CPU backend without oneDNN calls itself, and one with it.
var (
	cpuLine    = regexp.MustCompile(`(?m)^XLA CPU, PJRT \d+\.\d+, \d+ threads?$`)
	oneDNNLine = regexp.MustCompile(`(?m)^XLA CPU, PJRT \d+\.\d+, oneDNN 3\.\d+\.\d+, \d+ threads?$`)
)

// pluginLine is a file's name, without its folder, and its digest.
var pluginLine = regexp.MustCompile(`^[^/]+\.so[.\d]*, SHA-256 [0-9a-f]{12}$`)

func TestOpenSharesOneBackend(t *testing.T) {
	acceltest.ForTest(t)
	// Its own configuration, so that this test alone decides when the backend ends.
	opts := accel.Options{Backend: "xla:cpu,tf32=false"}
	if strings.HasPrefix(os.Getenv(compute.ConfigEnvVar), "xla:") {
		opts.Backend = os.Getenv(compute.ConfigEnvVar) + ",tf32=false"
	}
	handles := make([]*accel.Accel, 8)
	var wg sync.WaitGroup
	for i := range handles {
		wg.Go(func() {
			var err error
			if handles[i], err = accel.Open(context.Background(), opts); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	line := cpuLine
	if onednn.On(handles[0].Backend) {
		line = oneDNNLine
	}
	if got := handles[0].String(); !line.MatchString(got) {
		t.Errorf("String() = %q, want a match of %s", got, line)
	}
	if got := handles[0].Plugin(); !pluginLine.MatchString(got) || got != handles[1].Plugin() {
		t.Errorf("Plugin() = %q, want a match of %s", got, pluginLine)
	}
	last := handles[len(handles)-1]
	for _, a := range handles {
		if a.Backend != last.Backend {
			t.Fatal("two Opens of one configuration gave two backends")
		}
		if a == last {
			break
		}
		for range 2 { // the second Close must not count
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if got := sumOfSquares(last.Backend); got != 14 {
		t.Errorf("1+4+9 = %v while one handle is open", got)
	}
	if err := last.Close(); err != nil {
		t.Error(err)
	}
	if !last.Backend.IsFinalized() {
		t.Error("the backend lives on after the last Close")
	}
	again, err := accel.Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := sumOfSquares(again.Backend); got != 14 {
		t.Errorf("1+4+9 = %v after reopening", got)
	}
}

func TestPureGoTrainsOnlyWhenAskedFor(t *testing.T) {
	for _, c := range []struct {
		name, env string
		opts      accel.Options
		refused   bool
	}{
		{name: "option, training", opts: accel.Options{Backend: "go", Training: true}, refused: true},
		{name: "option, training, user chose xla", env: "xla", opts: accel.Options{Backend: "go", Training: true}, refused: true},
		{name: "option, permitted", opts: accel.Options{Backend: "go", Training: true, PureGo: true}},
		{name: "option, no training", opts: accel.Options{Backend: "go"}},
		{name: "user", env: "go", opts: accel.Options{Training: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(compute.ConfigEnvVar, c.env)
			a, err := accel.Open(context.Background(), c.opts)
			if c.refused {
				if !errors.Is(err, accel.ErrPureGo) || !strings.Contains(err.Error(), "GOMLX_BACKEND=go") {
					t.Fatalf("error %v, want ErrPureGo and the way out", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Plugin() != "" {
				t.Errorf("pure Go has the plugin %q", a.Plugin())
			}
			if !strings.HasPrefix(a.String(), "pure Go (slow), ") {
				t.Errorf("String() = %q", a)
			}
			if got := sumOfSquares(a.Backend); got != 14 {
				t.Errorf("1+4+9 = %v", got)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ backend, want string }{
		{"torch", `unknown backend "torch" in Options.Backend, want xla or go`},
		{"xla:" + text, "does not load: "},
		{"xla:/nowhere/plugin.so", "/nowhere/plugin.so"},
		{"xla:cpu_v9", `no plugin "cpu_v9"`},
	} {
		a, err := accel.Open(context.Background(), accel.Options{Backend: c.backend})
		if err == nil {
			a.Close()
			t.Errorf("%s: opened", c.backend)
		} else if !strings.HasPrefix(err.Error(), "accel: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q, want one with %q", c.backend, err, c.want)
		}
	}
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := accel.Open(ctx, accel.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestNoPluginNoNetwork(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "pjrt_c_api_cpu_plugin.so"), []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []string
		want []string
	}{
		{"no python", []string{"PATH=" + t.TempDir()}, []string{"no python3 on PATH"}},
		{"no index", []string{"PIP_NO_INDEX=1", "PIP_FIND_LINKS="}, []string{"toolbox: "}},
		{"broken plugin", []string{"PATH=" + t.TempDir(), "PJRT_PLUGIN_LIBRARY_PATH=" + broken}, []string{"no python3 on PATH", broken, "file too short"}},
		{"no cuda", []string{"GOMLX_BACKEND=xla:cuda"}, []string{"there is none here: leave out --backend"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, stderr, err := child(t, c.env...)
			if err == nil {
				t.Fatalf("opened: %s", out)
			}
			if stderr != "" {
				t.Errorf("stderr is not silent: %s", stderr)
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			last := lines[len(lines)-1]
			want := append(c.want, "accel: no XLA plugin: ")
			if c.name != "no cuda" {
				want = append(want, "GOMLX_BACKEND=go", "GOMLX_NO_AUTO_INSTALL is set")
			}
			for _, want := range want {
				if !strings.Contains(last, want) {
					t.Errorf("error %q lacks %q", last, want)
				}
			}
		})
	}
}

func TestOpenFindsPlugins(t *testing.T) {
	if testing.Short() {
		t.Skip("starts four processes that load XLA")
	}
	plugin := cpuPlugin(t)
	place := func(dir, name string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(plugin, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	installed := t.TempDir()
	place(installed, "pjrt_c_api_cpu_plugin.so")
	nvidia := filepath.Join(t.TempDir(), "nvidia")
	if err := os.Mkdir(nvidia, 0o700); err != nil {
		t.Fatal(err)
	}
	misleading := place(nvidia, "pjrt_c_api_cpu_plugin.so")
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "pjrt_c_api_cpu_plugin.so"), []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Dir(filepath.Dir(filepath.Dir(plugin)))
	for _, c := range []struct {
		name string
		env  []string
		want string // beside the line
	}{
		{"user's path", []string{"GOMLX_BACKEND=xla:" + plugin}, ""},
		{"installed", []string{"PJRT_PLUGIN_LIBRARY_PATH=" + installed}, ""},
		{"path that looks like CUDA", []string{"GOMLX_BACKEND=xla:" + misleading}, ""},
		{"cached, installed one broken", []string{"PJRT_PLUGIN_LIBRARY_PATH=" + broken, toolbox.CacheEnv + "=" + cache}, "passing over an installed plugin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Without python3 nothing can be fetched.
			out, stderr, err := child(t, append(c.env, "PATH="+t.TempDir())...)
			if err != nil || !cpuLine.MatchString(out) || !strings.Contains(out, c.want) {
				t.Errorf("%v, output %q, want a line like %s", err, out, cpuLine)
			}
			if stderr != "" {
				t.Errorf("stderr is not silent: %s", stderr)
			}
		})
	}
}

func BenchmarkOpenWarm(b *testing.B) {
	acceltest.ForTest(b)
	for b.Loop() {
		a, err := accel.Open(context.Background(), accel.Options{Backend: "xla:cpu,tf32=false"})
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}

// A oneDNN that is none is named, with what to do, and does not keep anyone from computing.
func TestOneDNN(t *testing.T) {
	plugin := "GOMLX_BACKEND=xla:" + cpuPlugin(t)
	library := cached(t, toolbox.OneDNN)
	noLibrary := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(noLibrary, []byte("no library\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "short.so")
	if err := os.WriteFile(short, firstHalf(t, library), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.so")
	for value, want := range map[string]string{
		library:       oneDNNLine.String(),
		"off":         `^XLA CPU, PJRT [\d.]+, \d+ threads?\n$`,
		missing:       `without oneDNN.*` + regexp.QuoteMeta(missing) + `.*\nXLA CPU, PJRT [\d.]+, \d+ thread`,
		noLibrary:     `without oneDNN.*` + regexp.QuoteMeta(noLibrary) + `.*\nXLA CPU, PJRT [\d.]+, \d+ thread`,
		short:         `without oneDNN.*` + regexp.QuoteMeta(short) + ` is cut short or damaged.*\nXLA CPU, PJRT [\d.]+, \d+ thread`,
		"relative.so": `without oneDNN.*SEEABLE_ONEDNN is "relative.so", want the absolute path.*\nXLA CPU, PJRT [\d.]+, \d+ thread`,
	} {
		out, errOut, err := child(t, plugin, accel.OneDNNEnv+"="+value)
		if err != nil || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s: %v\n%s%s\nwant a match of %s", value, err, out, errOut, want)
		}
	}
}

// firstHalf is what is left of a file whose copying was interrupted.
func firstHalf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data[:len(data)/2]
}

// A plugin that was copied in part gives an error that names it, where the loader would be killed.
func TestShortPlugin(t *testing.T) {
	short := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(short, firstHalf(t, cpuPlugin(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, err := child(t, "GOMLX_BACKEND=xla:"+short)
	want := regexp.QuoteMeta(short) + ` is cut short or damaged`
	if err == nil || !regexp.MustCompile(want).MatchString(out) {
		t.Errorf("%v\n%s%s\nwant a match of %s", err, out, errOut, want)
	}
}
