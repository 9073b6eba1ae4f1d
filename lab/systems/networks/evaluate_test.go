package networks

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
)

// readGolden reads testdata/NAME.json, a copy of the specification's.
func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// evaluate runs a graph on values that tensors are made of, and returns what it makes.
func evaluate(t *testing.T, f func(scope *model.Scope, in []*Node) []*Node, inputs ...any) (out [][]float64) {
	t.Helper()
	args := make([]any, len(inputs))
	for i, x := range inputs {
		tensor, err := tensors.FromAnyValue(x)
		if err != nil {
			t.Fatal(err)
		}
		args[i] = tensor
	}
	results, err := model.CallOnceN(acceltest.ForTest(t), model.NewStore(), func(scope *model.Scope, in []*Node) []*Node {
		nodes := f(scope, in)
		for i, n := range nodes {
			nodes[i] = ConvertDType(n, in[0].DType())
		}
		return nodes
	}, args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	for _, r := range results {
		var flat []float64
		if err := r.ConstFlatData(func(data any) {
			switch data := data.(type) {
			case []float32:
				for _, v := range data {
					flat = append(flat, float64(v))
				}
			case []float64:
				flat = append(flat, data...)
			}
		}); err != nil {
			t.Fatal(err)
		}
		out = append(out, flat)
	}
	return out
}

// within demands values to 2e-5, what float32 leaves.
func within(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 2e-5*(1+math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}
