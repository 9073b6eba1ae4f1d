package encoder

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// noise is a batch of n random images.
func noise(n, size int) *tensors.Tensor {
	rng := stream.New(3, "noise")
	pixels := make([]uint8, n*size*size*3)
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	return tensors.FromFlatDataAndDimensions(pixels, n, size, size, 3)
}

// The gradient of a network in training, through the statistics of its batch, predicts by how much a loss changes when
// all parameters move along it a little. TestTimmParity has the gradients of the networks that timm has too.
func TestGradientInTraining(t *testing.T) {
	for _, info := range spec.Encoders() {
		name := info.Name
		if strings.HasPrefix(name, "test-") {
			continue // of TestGuest
		}
		if slices.Contains(slices.Collect(timmEncoders()), name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			backend := acceltest.ForTest(t)
			cfg := spec.Default().Encoder
			cfg.Name, cfg.Size, cfg.Dim, cfg.Hidden = name, 64, 8, 16
			store := model.NewStore()
			x := noise(8, cfg.Size)
			step, err := model.NewExec(backend, store, func(scope *model.Scope, x *Node) []*Node {
				store.SetTraining(x.Graph(), true)
				_, z := Embed(scope, cfg, x)
				loss := ReduceAllSum(Mul(z, Sin(IotaFull(x.Graph(), z.Shape()))))
				outputs := []*Node{loss}
				var parameters []*Node
				for _, v := range parametersOf(store) {
					parameters = append(parameters, v.NodeValue(x))
				}
				return append(outputs, Gradient(loss, parameters...)...)
			})
			if err != nil {
				t.Fatal(err)
			}
			defer step.Finalize()
			out, err := step.Exec(x)
			if err != nil {
				t.Fatalf("%+v", err)
			}
			variables := parametersOf(store)
			for _, v := range variables {
				// Class tokens begin so near to 0 that the first layer norm is far from linear in them.
				if v.Name() == "cls_token" {
					value := make([]float32, v.Shape().Size())
					for i := range value {
						value[i] = float32(math.Sin(float64(i)))
					}
					if err := v.SetValue(tensors.FromFlatDataAndDimensions(value, v.Shape().Dimensions...)); err != nil {
						t.Fatal(err)
					}
					if out, err = step.Exec(x); err != nil {
						t.Fatal(err)
					}
				}
			}
			if len(variables) != len(out)-1 || len(variables) < 20 {
				t.Fatalf("%d variables, %d gradients", len(variables), len(out)-1)
			}
			groups := map[string][]int{}
			start, gradient := make([][]float32, len(variables)), make([][]float32, len(variables))
			for i, v := range variables {
				start[i] = slices.Clone(tensors.MustCopyFlatData[float32](v.MustValue()))
				gradient[i] = tensors.MustCopyFlatData[float32](out[1+i])
				groups[v.Name()] = append(groups[v.Name()], i) // kernels, scales, offsets, weights, biases
			}
			if len(groups) < 5 {
				t.Fatalf("parameters %v", groups)
			}
			// move shifts the parameters of a group by h along their gradient. It returns the loss there and what the
			// gradient says of its change; parameters that are rounded do not move by h altogether.
			move := func(group []int, h float64) (loss, change float64) {
				for _, i := range group {
					moved := slices.Clone(start[i])
					for j, g := range gradient[i] {
						moved[j] += float32(h * float64(g))
						change += float64(g) * (float64(moved[j]) - float64(start[i][j]))
					}
					value := tensors.FromFlatDataAndDimensions(moved, variables[i].Shape().Dimensions...)
					if err := variables[i].SetValue(value); err != nil {
						t.Fatal(err)
					}
				}
				out, err := step.Exec(x)
				if err != nil {
					t.Fatal(err)
				}
				return float64(tensors.ToScalar[float32](out[0])), change
			}
			for what, group := range groups {
				square := 0.0
				for _, i := range group {
					for _, g := range gradient[i] {
						square += float64(g) * float64(g)
					}
				}
				const change = 0.003 // of the loss, roughly: at 0.01 the head's BatchNorm of nearly equal class tokens bends it by 3 %
				up, upwards := move(group, change/square)
				down, downwards := move(group, -change/square)
				move(group, 0)
				if ratio := (up - down) / (upwards - downwards); !(math.Abs(ratio-1) <= 0.02) {
					t.Errorf("%s: the loss changes by %.4f of what the gradient says (|g|² = %g)", what, ratio, square)
				}
			}
		})
	}
}

// parametersOf are the trainable variables in the order of their paths.
func parametersOf(store *model.Store) []*model.Variable {
	var all []*model.Variable
	for v := range store.IterVariables() {
		if v.Trainable {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b *model.Variable) int { return strings.Compare(a.Path(), b.Path()) })
	return all
}

// ReLU6 lets gradients through strictly between 0 and 6, whatever they are multiplied with afterwards.
func TestReLU6(t *testing.T) {
	x := []float32{-2, -1e-6, 0, 1e-6, 0.5, 3, 5.9999, 6, 6.0001, 80, float32(math.Inf(1)), float32(math.Inf(-1))}
	adjoint := make([]float32, len(x))
	for i := range adjoint {
		adjoint[i] = float32(i) - 4.5
	}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			out, err := CallOnceN(open(t), func(x, adjoint *Node) []*Node {
				y := relu6(x)
				return []*Node{y, Gradient(ReduceAllSum(Mul(y, adjoint)), x)[0]}
			}, x, adjoint)
			if err != nil {
				t.Fatal(err)
			}
			y, gradient := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
			for i, v := range x {
				want := float32(0)
				if v > 0 && v < 6 {
					want = adjoint[i]
				}
				if y[i] != min(max(v, 0), 6) || gradient[i] != want {
					t.Errorf("relu6(%v) = %v with gradient %v, want %v and %v", v, y[i], gradient[i], min(max(v, 0), 6), want)
				}
			}
		})
	}
}

// In inference the pure Go backend computes what XLA does: one network, moved off its start by a step's statistics.
func TestInferenceOnPureGo(t *testing.T) {
	xla := acceltest.ForTest(t)
	cfg := spec.Default().Encoder
	cfg.Size, cfg.Dim, cfg.Hidden = 32, 8, 16
	store := model.NewStore()
	x := noise(4, cfg.Size)
	embed := func(training bool) func(scope *model.Scope, x *Node) []*Node {
		return func(scope *model.Scope, x *Node) []*Node {
			store.SetTraining(x.Graph(), training)
			h, z := Embed(scope, cfg, x)
			return []*Node{h, z}
		}
	}
	// Training fills the running averages, so that inference depends on them.
	if _, err := model.CallOnceN(xla, store, embed(true), x); err != nil {
		t.Fatal(err)
	}
	want, err := model.CallOnceN(xla, store, embed(false), x)
	if err != nil {
		t.Fatal(err)
	}
	// A tensor stays with the backend that it was on.
	other := model.NewStore()
	for v := range store.IterVariables() {
		value := tensors.MustCopyFlatData[float32](v.MustValue())
		if _, err := other.CreateVariable(v.Path(), tensors.FromFlatDataAndDimensions(value, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := model.CallOnceN(acceltest.PureGo(t), other, func(scope *model.Scope, x *Node) []*Node {
		h, z := Embed(scope, cfg, x)
		return []*Node{h, z}
	}, noise(4, cfg.Size))
	if err != nil {
		t.Fatal(err)
	}
	for i, what := range []string{"features", "embedding"} {
		var expected []float64
		for _, v := range tensors.MustCopyFlatData[float32](want[i]) {
			expected = append(expected, float64(v))
		}
		near(t, what, tensors.MustCopyFlatData[float32](got[i]), expected)
		if slices.Max(expected) == slices.Min(expected) {
			t.Errorf("%s are all the same", what)
		}
	}
}
