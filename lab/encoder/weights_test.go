package encoder

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

var small = spec.Encoder{Name: "compact", Size: 16, Hidden: 8, Dim: 4}

// trained is a store with a small network whose every variable, averages too, differs from a new one's, and with
// variables of an optimizer and a trainer beside it.
func trained(t *testing.T) *model.Store {
	t.Helper()
	store := model.NewStore()
	g := NewGraph(acceltest.ForTest(t), t.Name())
	Embed(store.RootScope(), small, Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, small.Size, small.Size, 3)))
	for v := range store.IterVariables() {
		rng := stream.New(1, v.Path())
		data := make([]float32, v.Shape().Size())
		for i := range data {
			data[i] = 0.5 + rng.Float32() // positive, as a variance must be
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(data, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	for path, value := range map[string]any{"/AdamOptimizer/backbone/stem/kernel_1st_moment": []float32{1}, "/global_step": int64(1)} {
		if _, err := store.CreateVariable(path, tensors.MustFromAnyValue(value)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func embedding(t *testing.T, store *model.Store) []float32 {
	t.Helper()
	output, err := model.CallOnce(acceltest.ForTest(t), store, func(scope *model.Scope, images *Node) *Node {
		_, z := Embed(scope, small, images)
		return z
	}, pattern(small.Size))
	if err != nil {
		t.Fatal(err)
	}
	flat, err := tensors.CopyFlatData[float32](output)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

var network = []string{"/backbone", "/head"}

// A network comes back from its file to the last bit, into a fresh store and over another network.
func TestSaveAndRestore(t *testing.T) {
	store := trained(t)
	saved, err := Save(store, network...)
	if err != nil {
		t.Fatal(err)
	}
	if n := store.NumVariables() - 2; len(saved.Tensors) != n {
		t.Errorf("saved %d variables, want the network's %d", len(saved.Tensors), n)
	}
	path := filepath.Join(t.TempDir(), "net.safetensors")
	if err := safetensors.Write(path, saved); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(file.Tensors, saved.Tensors) {
		t.Error("the file changed the values")
	}
	fresh, other := model.NewStore(), model.NewStore()
	other.SetParam("/"+SeedParam, uint64(99))
	want := embedding(t, store)
	if slices.Equal(embedding(t, other), want) {
		t.Fatal("another seed gave the same network")
	}
	for _, store := range []*model.Store{fresh, other} {
		if err := Restore(store, file, network...); err != nil {
			t.Fatal(err)
		}
		if got := embedding(t, store); !slices.Equal(got, want) {
			t.Errorf("embedding %v, want %v", got, want)
		}
		again, err := Save(store, network...)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, saved) {
			t.Error("saved again, the network is another")
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	store := trained(t)
	kernel := values(t, store, "/backbone/stage2/conv1/kernel")
	kernel[5] = float32(math.Inf(1))
	if err := store.GetVariable("/backbone/stage2/conv1/kernel").SetValue(tensors.FromFlatDataAndDimensions(kernel, 3, 3, 24, 48)); err != nil {
		t.Fatal(err)
	}
	_, err := Save(store, network...)
	wantError(t, err, `tensor "/backbone/stage2/conv1/kernel": element 5 is +Inf`)
	_, err = Save(store, "/")
	wantError(t, err, "cannot save /global_step")
	_, err = Save(store, "/back")
	wantError(t, err, "no variables under /back")
}

func TestRestoreRefuses(t *testing.T) {
	const bias = "/head/out/bias"
	store := trained(t)
	before := embedding(t, store)
	for name, c := range map[string]struct {
		change func(tensors map[string]safetensors.Tensor)
		want   string
	}{
		"missing":   {func(f map[string]safetensors.Tensor) { delete(f, bias) }, "missing: " + bias},
		"left over": {func(f map[string]safetensors.Tensor) { f["/head/out/bjas"] = f[bias] }, "left over: /head/out/bjas"},
		"elsewhere": {func(f map[string]safetensors.Tensor) { f["/header/x"] = f[bias] }, "left over: /header/x"},
		"wrong shape": {func(f map[string]safetensors.Tensor) {
			f[bias] = safetensors.Tensor{Shape: []int{2, 2}, Data: f[bias].Data}
		}, fmt.Sprintf("wrong shape: %s is [2 2], want [4]", bias)},
		"wrong size": {func(f map[string]safetensors.Tensor) {
			f[bias] = safetensors.Tensor{Shape: []int{4}, Data: f[bias].Data[:3]}
		}, "3 values for shape [4]"},
		"not finite": {func(f map[string]safetensors.Tensor) { f[bias].Data[0] = float32(math.NaN()) }, bias + `": element 0 is NaN`},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := Save(store, network...)
			if err != nil {
				t.Fatal(err)
			}
			for _, tensor := range file.Tensors {
				for i := range tensor.Data {
					tensor.Data[i]++
				}
			}
			c.change(file.Tensors)
			wantError(t, Restore(store, file, network...), c.want)
		})
	}
	if !slices.Equal(embedding(t, store), before) {
		t.Error("a refused file changed the network")
	}
	file, err := Save(store, network...)
	if err != nil {
		t.Fatal(err)
	}
	fresh := model.NewStore()
	wantError(t, Restore(fresh, file, "/backbone"), "left over: /head/")
	if n := fresh.NumVariables(); n != 0 {
		t.Errorf("%d variables were created all the same", n)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "encoder: ") || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one of encoder with %q", err, want)
	}
}
