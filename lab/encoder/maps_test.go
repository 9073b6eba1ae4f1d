package encoder

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// The last map, averaged to 4×4 places, is what Features gives, of the same variables.
func TestMapsAreThoseOfFeatures(t *testing.T) {
	cfg := spec.Encoder{Name: "compact", Size: 64, Precision: "float32"}
	store := model.NewStore()
	store.RootScope().SetParam(SeedParam, uint64(5))
	exec, err := model.NewExec(acceltest.ForTest(t), store, func(scope *model.Scope, images *Node) []*Node {
		maps := Maps(scope.ResetVisited(), cfg, images)
		pooled := meanPool(maps[len(maps)-1], featureSide)
		return append([]*Node{Features(scope.ResetVisited(), cfg, images), Reshape(pooled, 2, -1)}, maps...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Exec(noise(2, 64))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1]); !slices.Equal(a, b) {
		t.Error("the features are not the mean of the last map")
	}
	for i, want := range [][]int{{2, 32, 32, 16}, {2, 32, 32, 24}, {2, 16, 16, 48}, {2, 8, 8, 96}} {
		if got := out[2+i].Shape().Dimensions; !slices.Equal(got, want) {
			t.Errorf("map %d is %v, want %v", i, got, want)
		}
	}
}
