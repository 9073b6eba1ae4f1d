package graphs_test

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

// The sizes of arguments and outputs are those of the tensors, a matrix to the fourth needs a place for its square, and the
// pinned go-xla still has the fields.
func TestMemoryOf(t *testing.T) {
	exec, err := NewExec(acceltest.ForTest(t), func(x *Node) *Node {
		square := MatMul(x, x)
		return MatMul(square, square)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	const side = 256
	g, err := exec.Compile(shapes.Make(dtypes.Float32, side, side))
	if err != nil {
		t.Fatal(err)
	}
	m, known := graphs.MemoryOf(g)
	const size = 4 * side * side
	if want := (graphs.Memory{Arguments: size, Outputs: size, Temporary: size}); !known || m != want {
		t.Errorf("%+v, known: %v; want %+v", m, known, want)
	}
}

func TestMemoryOfUnknown(t *testing.T) {
	exec, err := NewExec(acceltest.PureGo(t), func(x *Node) *Node { return Square(x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	g, err := exec.Compile(shapes.Make(dtypes.Float32, 2))
	if err != nil {
		t.Fatal(err)
	}
	if m, known := graphs.MemoryOf(g); known {
		t.Errorf("pure Go tells of %+v", m)
	}
}
