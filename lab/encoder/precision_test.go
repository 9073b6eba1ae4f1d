package encoder

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// In bfloat16 a network embeds as it does in float32, and its loss falls along the same gradient, but for what 8 bits round
// away; weights, running averages and outputs stay float32.
func TestBfloat16(t *testing.T) {
	backend := acceltest.ForTest(t)
	// The stems' kernels are furthest from the loss, and gradients of random networks gather what is rounded on the way.
	for name, n := range map[string]struct {
		stem             string
		trained, falling float64 // least cosines in training
	}{
		"compact": {"/backbone/stem/kernel", 0.999, 0.9}, "resnet18": {"/backbone/conv1/kernel", 0.999, 0.8},
		"efficientnet-b0": {"/backbone/conv_stem/kernel", 0.97, 0.8},
	} {
		if testing.Short() && name != "compact" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			const batch, size = 8, 64
			of := func(precision string, training bool) [][]float32 {
				cfg := spec.Encoder{Name: name, Size: size, Hidden: 32, Dim: 16, Precision: precision}
				store := model.NewStore()
				store.RootScope().SetParam(SeedParam, uint64(5))
				exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) []*Node {
					g := images.Graph()
					store.SetTraining(g, training)
					_, z := Embed(scope, cfg, images)
					if !training {
						return []*Node{z}
					}
					towards := Iota(g, z.Shape(), 1)
					return append([]*Node{z}, Gradient(ReduceAllSum(Mul(z, towards)), store.GetVariable(n.stem).NodeValue(g))...)
				})
				if err != nil {
					t.Fatal(err)
				}
				defer exec.Finalize()
				out, err := exec.Exec(noise(batch, size))
				if err != nil {
					t.Fatal(err)
				}
				var values [][]float32
				for _, o := range out {
					values = append(values, tensors.MustCopyFlatData[float32](o))
				}
				for v := range store.IterVariables() {
					if v.Shape().DType.String() != "Float32" {
						t.Errorf("%s is %s", v.Path(), v.Shape())
					}
				}
				return values
			}
			for _, training := range []bool{false, true} {
				if training && name == "efficientnet-b0" && !acceltest.Networks() {
					continue // XLA compiles its two steps for a minute and a half
				}
				want, got := of("float32", training), of("bfloat16", training)
				least := []float64{0.999}
				if training {
					least = []float64{n.trained, n.falling}
				}
				for i, least := range least {
					if c := cosine(got[i], want[i]); !(c > least) || slices.Equal(got[i], want[i]) {
						t.Errorf("training %v, output %d: cosine %.4f to float32, want more than %g and other bits", training, i, c, least)
					}
				}
			}
		})
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}
