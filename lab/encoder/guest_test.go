package encoder_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/spec"
)

// guest is a network without weights: its stages are pictures of a half and a quarter of the side, its tokens the pixels.
func guest(name string) encoder.Network {
	halves := func(x *Node) *Node { return MeanPool(x).Window(2).Done() }
	return encoder.Network{
		Info:   spec.EncoderInfo{Name: name, Doc: "a network of a test", Multiple: 4},
		Stages: func(_ *model.Scope, x *Node) []*Node { return []*Node{halves(x), halves(halves(x))} },
		Tokens: func(_ *model.Scope, x *Node) *Node { return Reshape(x, x.Shape().Dimensions[0], -1, 3) },
		Mean:   [3]float64{100, 100, 100}, Deviation: [3]float64{2, 4, 5},
	}
}

func init() {
	encoder.Register(guest("test-guest"))
	plain := guest("test-plain")
	plain.Tokens = nil
	encoder.Register(plain)
}

// A network from elsewhere gives maps, features and tokens by the contract, in any precision.
func TestGuest(t *testing.T) {
	levels := make([]uint8, 36*36*3)
	for i := range levels {
		levels[i] = uint8(100 + 20*(i%3)) // (level − mean)/deviation is 0, 5, 8 everywhere
	}
	for _, precision := range []string{"float32", "bfloat16"} {
		cfg := spec.Encoder{Name: "test-guest", Size: 36, Precision: precision}
		exec, err := model.NewExec(acceltest.ForTest(t), model.NewStore(), func(scope *model.Scope, images *Node) []*Node {
			return append(encoder.Maps(scope, cfg, images), encoder.Features(scope.ResetVisited(), cfg, images), encoder.Tokens(scope.ResetVisited(), cfg, images))
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		out, err := exec.Exec(tensors.FromFlatDataAndDimensions(levels, 1, 36, 36, 3))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range [][]int{{1, 18, 18, 3}, {1, 9, 9, 3}, {1, 4 * 4 * 3}, {1, 36 * 36, 3}} {
			if got := out[i].Shape(); !slices.Equal(got.Dimensions, want) || got.DType.String() != "Float32" {
				t.Errorf("%s: output %d is %s, want float32 %v", precision, i, got, want)
			}
			for j, x := range tensors.MustCopyFlatData[float32](out[i]) {
				if want := []float32{0, 5, 8}[j%3]; x != want {
					t.Fatalf("%s: output %d has %v at %d, want %v", precision, i, x, j, want)
				}
			}
		}
	}
}

// panicOf is what f panics with, as text.
func panicOf(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return ""
}

func TestRegisterRefuses(t *testing.T) {
	flat := guest("test-flat")
	flat.Deviation[1] = 0
	empty := guest("test-empty")
	empty.Stages = nil
	for want, n := range map[string]encoder.Network{
		`"test-guest" of github.com/seeable-lab/seeable/lab/encoder: there is one from`: guest("test-guest"),
		`encoder: "test-flat": want Stages, and a Deviation`:                            flat,
		`encoder: "test-empty": want Stages`:                                            empty,
		`want a name and a line`:                                                        guest(""),
	} {
		if found := panicOf(func() { encoder.Register(n) }); !strings.Contains(found, want) {
			t.Errorf("panic %q, want %q in it", found, want)
		}
	}
}

// An encoder without tokens says so while the graph is built, and so does an unknown one.
func TestTokensRefuses(t *testing.T) {
	for name, want := range map[string]string{"test-plain": "encoder: test-plain has no tokens", "resnet81": `unknown encoder "resnet81"`} {
		cfg := spec.Encoder{Name: name, Size: 32, Precision: "float32"}
		exec, err := model.NewExec(acceltest.ForTest(t), model.NewStore(), func(scope *model.Scope, images *Node) *Node {
			return encoder.Tokens(scope, cfg, images)
		})
		if err == nil {
			_, err = exec.Exec(tensors.FromFlatDataAndDimensions(make([]uint8, 32*32*3), 1, 32, 32, 3))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", name, err, want)
		}
	}
}
