//go:build cgo

package compiler_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/compiler"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// childEnv makes this test binary a program that compiles a graph, runs it, and says what came out and how. It names the
// folder of executables.
const childEnv = "SEEABLE_COMPILER_CHILD"

func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	run := child
	if dir == refusing {
		run = refuse
	}
	if err := run(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// refusing is what stands in the place of a folder for [refuse].
const refusing = "refusing"

// refuse says what comes of programs that the rewriter refuses, that the plugin refuses once rewritten, and that are left.
func refuse(string) error {
	plugin, err := cpuPlugin()
	if err != nil {
		return err
	}
	err = compiler.Register(plugin, compiler.Options{Rewrite: func(program []byte) ([]byte, error) {
		switch {
		case bytes.Contains(program, []byte("stablehlo.sine")):
			return nil, errors.New("sines are not for us")
		case bytes.Contains(program, []byte("stablehlo.cosine")):
			return []byte("no program"), nil
		}
		return nil, nil
	}})
	if err != nil {
		return err
	}
	a, err := accel.Open(context.Background(), accel.Options{Backend: "xla:" + plugin})
	if err != nil {
		return err
	}
	defer a.Close()
	for _, f := range []func(*Node) *Node{Sin, Cos, Sin, Square} {
		out, err := ExecOnce(a.Backend, f, float32(3))
		if err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println(out.Value())
	}
	return nil
}

// An error of the rewriter is that of compiling, errors of the plugin stay its own, and other programs compile.
func TestRefused(t *testing.T) {
	acceltest.ForTest(t)
	if _, err := cpuPlugin(); err != nil {
		t.Skip("this machine's plugin is not the toolbox's")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+refusing, accel.OneDNNEnv+"=off")
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut.Bytes())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "sines are not for us") || strings.Contains(lines[1], "sines") || !strings.Contains(lines[1], "PJRT error") ||
		!strings.Contains(lines[2], "sines are not for us") || lines[3] != "9" {
		t.Errorf("%q, want the rewriter's error, the plugin's, the rewriter's again, and 9", lines)
	}
}

// A library that is no plugin, and a file that is none, are told apart without a line of log; a plugin is taken.
func TestProbe(t *testing.T) {
	acceltest.ForTest(t)
	plugin, err := cpuPlugin()
	if err != nil {
		t.Skip("this machine's plugin is not the toolbox's")
	}
	if err := compiler.Probe(plugin); err != nil {
		t.Error(err)
	}
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("no library\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants := map[string]string{text: "does not load: " + text + ": "}
	if cache, err := toolbox.OpenCache(); err == nil {
		if library, ok := cache.Find(toolbox.OneDNN); ok {
			wants[library] = "it is no PJRT plugin"
		}
	}
	for path, want := range wants {
		if err := compiler.Probe(path); err == nil || !strings.Contains(err.Error(), "plugin "+path+" ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", path, err, want)
		}
	}
}

// cpuPlugin is the path of the plugin in the toolbox's cache.
func cpuPlugin() (string, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", err
	}
	plugin, ok := cache.Find(toolbox.XLACPU)
	if !ok {
		return "", errors.New("no plugin")
	}
	return plugin, nil
}

func child(dir string) error {
	plugin, err := cpuPlugin()
	if err != nil {
		return err
	}
	if dir != "none" {
		if err := compiler.Register(plugin, compiler.Options{Kept: compiler.NewExecutables(dir, 1<<30)}); err != nil {
			return err
		}
	}
	os.Setenv(accel.OneDNNEnv, "off")
	a, err := accel.Open(context.Background(), accel.Options{Backend: "xla:" + plugin})
	if err != nil {
		return err
	}
	defer a.Close()
	out, err := ExecOnceN(a.Backend, func(x *Node) []*Node {
		y := x
		for i := range 24 {
			y = Tanh(Convolve(y, Reshape(MulScalar(Tanh(x), 1/float64(i+1)), 3, 3, 8, 8)).PadSame().Done())
		}
		loss := ReduceAllSum(Square(y))
		return []*Node{loss, Gradient(loss, x)[0]}
	}, input())
	if err != nil {
		return err
	}
	done := compiler.Done()
	fmt.Printf("%v %x compiled %d loaded %d\n", out[0].Value(), sha256.Sum256(fmt.Appendf(nil, "%v", out[1].Value())), done.Compiled, done.Loaded)
	return nil
}

func input() [][][][]float32 {
	x := make([][][][]float32, 1)
	n := 0
	for range 9 {
		var row [][]float32
		for range 8 {
			var place []float32
			for range 8 {
				n++
				place = append(place, float32(n%17)/17-.5)
			}
			row = append(row, place)
		}
		x[0] = append(x[0], row)
	}
	return x
}

// A second process loads what the first one compiled, with the same result to the last bit, and a file that is damaged, or is no
// executable though it is whole, is compiled again.
func TestKept(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("executables are kept on Linux only")
	}
	acceltest.ForTest(t)
	if _, err := cpuPlugin(); err != nil {
		t.Skip("this machine's plugin is not the toolbox's")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(env ...string) (result, how string) {
		t.Helper()
		cmd := exec.Command(self)
		cmd.Env = append(append(os.Environ(), childEnv+"="+dir, accel.ExecutablesEnv+"=off"), env...)
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s%s", err, out, errOut.Bytes())
		}
		result, how, _ = strings.Cut(strings.TrimSpace(string(out)), " compiled ")
		return result, how
	}
	files := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	want, how := run(childEnv + "=none")
	if how != "1 loaded 0" || len(files()) != 0 {
		t.Fatalf("without a folder: compiled %s, files %v", how, files())
	}
	expect := func(what, howWant string, env ...string) {
		t.Helper()
		if got, how := run(env...); got != want || how != howWant {
			t.Errorf("%s: %s, compiled %s; want %s, compiled %s", what, got, how, want, howWant)
		}
	}
	expect("first", "1 loaded 0")
	kept := files()
	if len(kept) != 1 {
		t.Fatalf("kept: %v", kept)
	}
	expect("second", "0 loaded 1")
	whole, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	sum := sha256.Sum256(noise)
	for what, data := range map[string][]byte{
		"cut short": whole[:len(whole)/2], "empty": nil, "no executable": slices.Concat(sum[:], noise),
	} {
		if err := os.WriteFile(kept[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		expect(what, "1 loaded 0")
		if again, err := os.ReadFile(kept[0]); err != nil || len(again) < len(whole)/2 {
			t.Errorf("%s: not mended: %v", what, err)
		}
	}
	expect("mended", "0 loaded 1")
	expect("other options of XLA", "1 loaded 0", "XLA_FLAGS=--xla_cpu_enable_fast_min_max=true")
	if n := len(files()); n != 2 {
		t.Errorf("%d files, want one for each set of options", n)
	}
}
