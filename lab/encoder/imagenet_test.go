package encoder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Both containers, and a checkpoint with the state dict in it, give the same tensors: row-major whatever the strides were, integers left out.
func TestConvert(t *testing.T) {
	needPython(t)
	want := map[string]safetensors.Tensor{
		"turned":   {Shape: []int{4, 3}, Data: []float32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		"slice":    {Shape: []int{3}, Data: []float32{5, 6, 7}},
		"repeated": {Shape: []int{2, 3}, Data: []float32{.5, .5, .5, .5, .5, .5}},
		"scalar":   {Shape: []int{}, Data: []float32{-1.25}},
		"empty":    {Shape: []int{0, 4}, Data: []float32{}},
	}
	for _, container := range []string{"legacy", "zip", "wrapped"} {
		target := filepath.Join(t.TempDir(), "out.safetensors")
		if err := convert(t.Context(), "testdata/"+container+".pth", target); err != nil {
			t.Fatal(err)
		}
		got, err := safetensors.Read(target)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Tensors, want) {
			t.Errorf("%s: got %v\nwant %v", container, got.Tensors, want)
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	needPython(t)
	legacy, err := os.ReadFile("testdata/legacy.pth")
	if err != nil {
		t.Fatal(err)
	}
	trap := filepath.Join(t.TempDir(), "trap")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"code in the pickle": {fmt.Appendf(nil, "cos\nmkdir\n(V%s\ntR.", trap), "names os.mkdir"},
		"builtins":           {[]byte("cbuiltins\neval\n(V1\ntR."), "names builtins.eval"},
		"not a pickle":       {[]byte("hello"), "UnpicklingError"},
		"empty":              {nil, "EOFError"},
		"cut short":          {legacy[:len(legacy)-8], "cannot convert"},
		"another pickle":     {[]byte("\x80\x02K\x01.\x80\x02K\x01.\x80\x02K\x01."), "neither a zip nor a legacy file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pth, target := filepath.Join(dir, "in.pth"), filepath.Join(dir, "out")
			if err := os.WriteFile(pth, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			err := convert(t.Context(), pth, target)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
			if _, err := os.Stat(target); err == nil {
				t.Error("a file was written all the same")
			}
		})
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("the pickle's code ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := convert(ctx, "testdata/legacy.pth", filepath.Join(t.TempDir(), "out")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
}

func TestImageNetOfAnUnknownEncoder(t *testing.T) {
	_, err := ImageNet(t.Context(), spec.Encoder{Name: "compact"}, nil)
	if err == nil || !strings.Contains(err.Error(), `no ImageNet weights of "compact"`) {
		t.Errorf("got error %v", err)
	}
}

// On a cache that holds the checkpoint only, callers at the same time convert it once; a spoiled result is made again.
func TestImageNetConvertsOnceAndRepairs(t *testing.T) {
	imageNet(t) // brings the checkpoint
	real, err := toolbox.OpenCache()
	if err != nil {
		t.Fatal(err)
	}
	pth, ok := real.Find(toolbox.EfficientNetLite0)
	if !ok {
		// The converted file was there already, and the checkpoint is gone.
		if pth, err = real.Fetch(t.Context(), toolbox.EfficientNetLite0, os.Stderr); err != nil {
			t.Skipf("not tested: %v", err)
		}
	}
	home := t.TempDir()
	t.Setenv(toolbox.CacheEnv, home)
	entry := filepath.Join(home, "toolbox", filepath.Base(filepath.Dir(pth)))
	if err := os.MkdirAll(entry, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(pth, filepath.Join(entry, filepath.Base(pth))); err != nil {
		data, err := os.ReadFile(pth)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(entry, filepath.Base(pth)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := spec.Encoder{Name: "efficientnet-lite0"}
	var paths [3]string
	var calls sync.WaitGroup
	for i := range paths {
		calls.Go(func() {
			var err error
			if paths[i], err = ImageNet(t.Context(), cfg, nil); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if paths[0] == "" || paths[0] != paths[1] || paths[0] != paths[2] {
		t.Fatalf("got paths %q", paths)
	}
	before, err := os.Stat(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ImageNet(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(paths[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("a good file was made again (%v)", err)
	}
	if err := os.Truncate(paths[0], 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := ImageNet(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	if !holds(paths[0], networks[cfg.Name].ImageNet.SHA256) {
		t.Error("a spoiled file was given out")
	}
}

func needPython(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("not tested: no python3 on PATH")
	}
}

// imageNet returns the weights of EfficientNet-Lite0, or skips the test where they cannot be had.
func imageNet(t *testing.T) safetensors.File {
	t.Helper()
	if testing.Short() {
		t.Skip("not tested with -short: it may download")
	}
	path, err := ImageNet(t.Context(), spec.Encoder{Name: "efficientnet-lite0"}, os.Stderr)
	for _, reason := range []error{toolbox.ErrNoPython, toolbox.ErrUnreachable, toolbox.ErrCache} {
		if errors.Is(err, reason) {
			t.Skipf("not tested with ImageNet weights: %v", err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
