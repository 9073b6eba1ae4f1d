//go:build cgo

package onednn_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
)

// A variable that is set takes its memory once, not twice, and has the values that it has elsewhere.
func TestUpdatesInPlace(t *testing.T) {
	backend := acceltest.ForTest(t)
	if !onednn.On(backend) {
		t.Skip("not tested: programs are not rewritten on this machine")
	}
	const n = 64 << 20 // 256 MB
	store := model.NewStore()
	v := store.RootScope().VariableWithValue("v", tensors.FromFlatDataAndDimensions(make([]float32, n), n))
	step, err := model.NewExec(backend, store, func(_ *model.Scope, x *Node) *Node {
		old := v.NodeValue(x.Graph())
		v.SetNodeValue(Where(GreaterThan(x, ZerosLike(x)), Add(old, x), old))
		return x
	})
	if err != nil {
		t.Fatal(err)
	}
	defer step.Finalize()
	for i, x := range []float32{1, -1, 2, 3} {
		if i == 2 {
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
				t.Skip("the system does not forget the peak: ", err)
			}
		}
		if _, err := step.Exec(x); err != nil {
			t.Fatalf("%+v", err)
		}
	}
	if more := status(t, "VmHWM") - status(t, "VmRSS"); more > 2*n {
		t.Errorf("a step took %d MB for a variable of %d MB", more>>20, n>>18)
	}
	value, err := v.Value()
	if err != nil {
		t.Fatal(err)
	}
	tensors.ConstFlatData(value, func(flat []float32) {
		if flat[0] != 6 || flat[n-1] != 6 {
			t.Errorf("%g and %g, want 6", flat[0], flat[n-1])
		}
	})
}

// status is an entry of /proc/self/status in bytes.
func status(t *testing.T, key string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kB << 10
		}
	}
	t.Skipf("no %s in the status of the process", key)
	return 0
}
