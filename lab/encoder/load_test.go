package encoder

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
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
)

// lite0Golden is what testdata/lite0.py writes with PyTorch.
type lite0Golden struct {
	Shapes   map[string][]int // of the checkpoint's tensors
	Features []struct {
		Size, Length  int
		Norm, Largest float64
		At            []int // places in the map [s, s, 320]
		Value         []float64
	}
}

func readLite0Golden(t *testing.T) lite0Golden {
	t.Helper()
	data, err := os.ReadFile("testdata/lite0.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden lite0Golden
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// pattern is the image of testdata/lite0.py, [1, S, S, 3].
func pattern(size int) *tensors.Tensor {
	levels := make([]uint8, 0, size*size*3)
	for y := range size {
		for x := range size {
			levels = append(levels, uint8(5*x+2*y), uint8(3*x+250-y), uint8(x*y/8+7*x))
		}
	}
	return tensors.FromFlatDataAndDimensions(levels, 1, size, size, 3)
}

// With the ImageNet weights, features are those of PyTorch in float64, to float32's accuracy.
func TestLite0MatchesPyTorch(t *testing.T) {
	file := imageNet(t)
	backend := acceltest.ForTest(t)
	for _, want := range readLite0Golden(t).Features {
		t.Run(fmt.Sprint(want.Size), func(t *testing.T) {
			cfg := spec.Encoder{Name: "efficientnet-lite0", Size: want.Size}
			store := model.NewStore()
			if err := Load(store.Scope("/backbone"), cfg, file); err != nil {
				t.Fatal(err)
			}
			output, err := model.CallOnce(backend, store, func(scope *model.Scope, images *Node) *Node {
				return Features(scope, cfg, images)
			}, pattern(want.Size))
			if err != nil {
				t.Fatal(err)
			}
			got, err := tensors.CopyFlatData[float32](output)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != want.Length {
				t.Fatalf("got %d features, want %d", len(got), want.Length)
			}
			const tolerance = 1e-4
			worst, squares := 0.0, 0.0
			for i, at := range want.At {
				worst = max(worst, math.Abs(float64(got[at])-want.Value[i])/want.Largest)
			}
			for _, v := range got {
				squares += float64(v) * float64(v)
			}
			t.Logf("largest error at %d places: %.1e of the largest feature", len(want.At), worst)
			if worst > tolerance {
				t.Errorf("largest error %g of the largest feature, want at most %g", worst, tolerance)
			}
			if norm := math.Sqrt(squares); math.Abs(norm/want.Norm-1) > tolerance {
				t.Errorf("norm %g, want %g", norm, want.Norm)
			}
		})
	}
}

// build makes the graph of the features, without compiling it, and returns the shapes of the store's variables.
func build(t *testing.T, store *model.Store, cfg spec.Encoder) map[string][]int {
	t.Helper()
	g := NewGraph(acceltest.ForTest(t), t.Name())
	Features(store.RootScope(), cfg, Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, cfg.Size, cfg.Size, 3)))
	return variableShapes(store)
}

func variableShapes(store *model.Store) map[string][]int {
	found := map[string][]int{}
	for v := range store.IterVariables() {
		found[v.Path()] = v.Shape().Dimensions
	}
	return found
}

// numbered is a file with the golden's names and shapes whose values tell where they came from.
func numbered(golden lite0Golden) safetensors.File {
	file := safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for i, name := range slices.Sorted(maps.Keys(golden.Shapes)) {
		n := 1
		for _, extent := range golden.Shapes[name] {
			n *= extent
		}
		data := make([]float32, n)
		for j := range data {
			data[j] = float32(i) + float32(j)/(1<<21)
		}
		file.Tensors[name] = safetensors.Tensor{Shape: golden.Shapes[name], Data: data}
	}
	return file
}

// Load makes exactly the variables that the backbone asks for, from every tensor but the classifier's.
func TestLoadFillsTheBackbone(t *testing.T) {
	cfg := spec.Encoder{Name: "efficientnet-lite0", Size: 32}
	want := build(t, model.NewStore(), cfg)
	file := numbered(readLite0Golden(t))

	fresh := model.NewStore()
	if err := Load(fresh.Scope("/backbone"), cfg, file); err != nil {
		t.Fatal(err)
	}
	if got := variableShapes(fresh); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("a fresh store got %d variables, want the %d of the network", len(got), len(want))
	}
	if got := build(t, fresh, cfg); len(got) != len(want) {
		t.Errorf("building made %d more variables", len(got)-len(want))
	}
	built := model.NewStore()
	build(t, built, cfg)
	if err := Load(built.Scope("/backbone"), cfg, file); err != nil {
		t.Fatal(err)
	}
	for _, store := range []*model.Store{fresh, built} {
		if n := distinct(t, store); n != len(want) {
			t.Errorf("%d variables of %d have a tensor of their own", n, len(want))
		}
	}
	// The kernel of the stem: ours at (y, x, in, out) is theirs at (out, in, y, x).
	stem, theirs := values(t, built, "/backbone/conv_stem/kernel"), file.Tensors["_conv_stem.weight"].Data
	for o := range 32 {
		for i := range 3 {
			for p := range 9 {
				if stem[(p*3+i)*32+o] != theirs[(o*3+i)*9+p] {
					t.Fatalf("kernel (%d, %d) tap %d is wrong", o, i, p)
				}
			}
		}
	}
	for ours, theirs := range map[string]string{
		"/backbone/bn1/variance":               "_bn0.running_var",
		"/backbone/blocks/0/0/bn1/offset":      "_blocks.0._bn1.bias",
		"/backbone/blocks/0/0/bn2/mean":        "_blocks.0._bn2.running_mean",
		"/backbone/blocks/6/0/bn1/scale":       "_blocks.15._bn0.weight",
		"/backbone/blocks/6/0/conv_dw/kernel":  "_blocks.15._depthwise_conv.weight",
		"/backbone/blocks/6/0/conv_pwl/kernel": "_blocks.15._project_conv.weight",
	} {
		if !slices.Equal(values(t, built, ours), file.Tensors[theirs].Data) {
			t.Errorf("%s does not hold %s", ours, theirs)
		}
	}
}

// distinct counts the variables whose first values differ, and those of constants that are as they should be.
func distinct(t *testing.T, store *model.Store) int {
	t.Helper()
	seen, counts := map[float32]bool{}, 0
	for v := range store.IterVariables() {
		first := values(t, store, v.Path())[0]
		if v.Name() == "avg_weight" && first == averagedBatches {
			counts++
			continue
		}
		seen[first] = true
	}
	return len(seen) + counts
}

func values(t *testing.T, store *model.Store, path string) []float32 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	value, err := v.Value()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := tensors.CopyFlatData[float32](value)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

func TestLoadRefuses(t *testing.T) {
	cfg := spec.Encoder{Name: "efficientnet-lite0", Size: 32}
	golden := readLite0Golden(t)
	for name, c := range map[string]struct {
		change func(tensors map[string]safetensors.Tensor)
		want   []string
	}{
		"missing": {func(f map[string]safetensors.Tensor) { delete(f, "_bn0.bias") }, []string{"missing: _bn0.bias"}},
		"flipped name": {func(f map[string]safetensors.Tensor) {
			f["_blocks.3._bn1.wejght"] = f["_blocks.3._bn1.weight"]
			delete(f, "_blocks.3._bn1.weight")
		}, []string{"missing: _blocks.3._bn1.weight", "left over: _blocks.3._bn1.wejght"}},
		"wrong shape": {func(f map[string]safetensors.Tensor) {
			t := f["_conv_stem.weight"]
			t.Shape = []int{32, 3, 9, 1}
			f["_conv_stem.weight"] = t
		}, []string{"wrong shape: _conv_stem.weight is [32 3 9 1], want [32 3 3 3]"}},
		"not finite": {func(f map[string]safetensors.Tensor) {
			f["_bn0.running_var"].Data[1] = float32(math.NaN())
		}, []string{`tensor "_bn0.running_var": element 1 is NaN`}},
		"another network": {func(f map[string]safetensors.Tensor) { clear(f) }, []string{"missing: ", "and 232 more"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := numbered(golden)
			c.change(file.Tensors)
			store := model.NewStore()
			err := Load(store.Scope("/backbone"), cfg, file)
			for _, want := range c.want {
				if err == nil || !strings.HasPrefix(err.Error(), "encoder: ") || !strings.Contains(err.Error(), want) {
					t.Errorf("got error %v, want one of encoder with %q", err, want)
				}
			}
			if n := store.NumVariables(); n != 0 {
				t.Errorf("%d variables were created all the same", n)
			}
		})
	}
	cfg.Name = "compact"
	if err := Load(model.NewStore().Scope("/backbone"), cfg, numbered(golden)); err == nil || !strings.Contains(err.Error(), `"compact"`) {
		t.Errorf("compact: got error %v", err)
	}
}

// After Load, training moves the running averages on by 1 − momentum; without, the first batch would replace them.
func TestLoadedAveragesContinue(t *testing.T) {
	store := model.NewStore()
	for name, value := range map[string]float32{"scale": 1, "offset": 0, "mean": 10, "variance": 4, "avg_weight": averagedBatches} {
		if _, err := store.CreateVariable("/"+name, tensors.FromFlatDataAndDimensions([]float32{value}, 1)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := model.CallOnce(acceltest.ForTest(t), store, func(scope *model.Scope, x *Node) *Node {
		store.SetTraining(x.Graph(), true)
		return batchNorm(scope, x, 0, 1e-3)
	}, tensors.FromFlatDataAndDimensions([]float32{-1, 3}, 1, 2)) // mean 1, unbiased variance 8
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, store, "/mean")[0], 10-0.1*(10-1.); math.Abs(float64(got)-want) > 1e-5 {
		t.Errorf("the running mean is %g, want %g", got, want)
	}
	if got := values(t, store, "/variance")[0]; math.Abs(float64(got)-4.4) > 1e-5 {
		t.Errorf("the running variance is %g, want 4.4", got)
	}
}
