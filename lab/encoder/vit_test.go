package encoder

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A block of attention gives the tokens and logits of the specification's golden, testdata/uiavit.json of package systems.
func TestAttendGolden(t *testing.T) {
	var golden struct {
		Block struct {
			X      [][]float32
			Params struct {
				G1, B1, BO, G2, B2, C1, C2, BQKV []float32
				WQKV, WO, W1, W2                 [][]float32
			}
			Logits [][][]float64
			Out    [][]float64
		}
	}
	data, err := os.ReadFile("../systems/networks/testdata/uiavit.json")
	if err == nil {
		err = json.Unmarshal(data, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, p := golden.Block, golden.Block.Params
	file := safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for name, v := range map[string][]float32{"norm1/scale": p.G1, "norm1/offset": p.B1, "attn/qkv/bias": p.BQKV, "attn/proj/bias": p.BO,
		"norm2/scale": p.G2, "norm2/offset": p.B2, "mlp/fc1/bias": p.C1, "mlp/fc2/bias": p.C2} {
		file.Tensors["/"+name] = safetensors.Tensor{Shape: []int{len(v)}, Data: v}
	}
	for name, w := range map[string][][]float32{"attn/qkv": p.WQKV, "attn/proj": p.WO, "mlp/fc1": p.W1, "mlp/fc2": p.W2} {
		t := safetensors.Tensor{Shape: []int{len(w[0]), len(w)}}
		for j := range w[0] {
			for i := range w {
				t.Data = append(t.Data, w[i][j])
			}
		}
		file.Tensors["/"+name+"/matrix"] = t
	}
	store := model.NewStore()
	if err := assign(store, file.Tensors); err != nil {
		t.Fatal(err)
	}
	out, err := model.CallOnceN(acceltest.ForTest(t), store, func(scope *model.Scope, x *Node) []*Node {
		y, logits := attend(scope, ExpandDims(x, 0), 2, 8)
		return []*Node{y, logits}
	}, b.X)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	for i, want := range [][]float64{slices.Concat(b.Out...), slices.Concat(slices.Concat(b.Logits...)...)} {
		got := tensors.MustCopyFlatData[float32](out[i])
		for j, w := range want {
			if math.Abs(float64(got[j])-w) > 2e-5*(1+math.Abs(w)) {
				t.Errorf("%s: value %d is %v, want %v", []string{"tokens", "logits"}[i], j, got[j], w)
			}
		}
	}
	if n := store.NumVariables(); n != len(file.Tensors) {
		t.Errorf("%d variables, want %d: the block made some of its own", n, len(file.Tensors))
	}
}

// Tokens, maps and attention are those of one network, whatever the size of the images.
func TestTransformerOutputs(t *testing.T) {
	store := model.NewStore()
	store.RootScope().SetParam(SeedParam, uint64(5))
	for _, size := range []int{64, 40} {
		cfg := spec.Encoder{Name: "vit-mini", Size: size, Precision: "float32"}
		out, err := model.CallOnceN(acceltest.ForTest(t), store, func(scope *model.Scope, images *Node) []*Node {
			maps := Maps(scope.ResetVisited(), cfg, images)
			a, ok := Attend(scope.ResetVisited(), cfg, images)
			if !ok || len(a.Blocks) != 6 || len(a.Logits) != 6 || len(maps) != 8 {
				t.Fatalf("%t: %d blocks, %d logits, %d maps", ok, len(a.Blocks), len(a.Logits), len(maps))
			}
			last := maps[len(maps)-1]
			tokens := Tokens(scope.ResetVisited(), cfg, images)
			patches := Slice(tokens, AxisRange(), AxisRange(1))
			return []*Node{tokens, a.Tokens, Reshape(last, patches.Shape().Dimensions...), patches, a.Logits[5], Features(scope.ResetVisited(), cfg, images)}
		}, noise(2, size))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		side := size / 8
		for i, want := range map[int][]int{0: {2, 1 + side*side, 96}, 4: {2, 3, 1 + side*side, 1 + side*side}} {
			if got := out[i].Shape().Dimensions; !slices.Equal(got, want) {
				t.Errorf("%d pixels: output %d is %v, want %v", size, i, got, want)
			}
		}
		for _, pair := range [][2]int{{0, 1}, {2, 3}} {
			a, b := tensors.MustCopyFlatData[float32](out[pair[0]]), tensors.MustCopyFlatData[float32](out[pair[1]])
			for i := range a {
				if math.Abs(float64(a[i]-b[i])) > 1e-5 {
					t.Fatalf("%d pixels: outputs %d and %d differ: %v and %v", size, pair[0], pair[1], a[i], b[i])
				}
			}
		}
	}
	s := spec.Default()
	s.Encoder.Name = "vit-s16"
	if err := s.Set("encoder.size=100"); err == nil || !strings.Contains(err.Error(), "encoder.size = 100: want a multiple of 16, as encoder vit-s16 needs") {
		t.Errorf("error %v, want one about the patches", err)
	}
}

// Positions on a grid of the same size stay, constant ones do on any, and a grid twice as fine or coarse has them in order.
func TestCubic(t *testing.T) {
	for _, to := range []int{4, 7, 14, 20} {
		w := cubic(14, to)
		before := math.Inf(-1)
		for i := range to {
			sum, place := 0.0, 0.0
			for j, v := range w[i*14 : (i+1)*14] {
				sum, place = sum+v, place+v*float64(j)
				if to == 14 && math.Abs(v-map[bool]float64{true: 1}[i == j]) > 1e-12 {
					t.Errorf("14 to 14: weight %d, %d is %v", i, j, v)
				}
			}
			if math.Abs(sum-1) > 1e-12 || place <= before {
				t.Errorf("14 to %d: place %d has weights that sum to %v and lie at %v, after %v", to, i, sum, place, before)
			}
			before = place
		}
	}
}
