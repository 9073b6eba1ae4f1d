package graphs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
)

func shapesDiffer(g *Graph) *Node {
	return Add(Parameter(g, "x", shapes.Make(dtypes.Float32, 2)), Parameter(g, "y", shapes.Make(dtypes.Float32, 3)))
}

// What GoMLX says of a wrong graph is the error's text; where it was built is within reach, also when the error is wrapped.
func TestTryGoMLX(t *testing.T) {
	g := NewGraph(acceltest.PureGo(t), "wrong")
	defer g.Finalize()
	err := graphs.Try(func() error { shapesDiffer(g); return nil })
	if err == nil {
		t.Fatal("no error of shapes that differ")
	}
	err = fmt.Errorf("test: %w", err)
	panicked, ok := errors.AsType[*graphs.PanicError](err)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	if text := panicked.Error(); !strings.Contains(text, "[2]") || strings.Contains(text, "graphs_test.go") {
		t.Errorf("text %q, want the shapes and no stack", text)
	}
	for what, stack := range map[string]string{"Stack": string(panicked.Stack), "%+v": fmt.Sprintf("%+v", panicked)} {
		if !strings.Contains(stack, "shapesDiffer") {
			t.Errorf("%s does not name the function that panicked:\n%s", what, stack)
		}
	}
}

func TestTry(t *testing.T) {
	for name, c := range map[string]struct {
		f      func() error
		text   string
		is     error
		caught bool
	}{
		"no error":          {func() error { return nil }, "", nil, false},
		"an error":          {func() error { return fs.ErrExist }, "file already exists", fs.ErrExist, false},
		"panic of an error": {func() error { panic(fs.ErrExist) }, "file already exists", fs.ErrExist, true},
		"panic of a text":   {func() error { panic("torn") }, "torn", nil, true},
		"runtime error": {func() error {
			var none []int
			_ = none[len(none)]
			return nil
		}, "runtime error: index out of range [0] with length 0", nil, true},
	} {
		err := graphs.Try(c.f)
		if _, caught := errors.AsType[*graphs.PanicError](err); caught != c.caught {
			t.Errorf("%s: %T, caught should be %v", name, err, c.caught)
		}
		if (err == nil) != (c.text == "") || err != nil && (err.Error() != c.text || fmt.Sprintf("%v|%s|%q", err, err, err) != fmt.Sprintf("%s|%s|%q", c.text, c.text, c.text)) {
			t.Errorf("%s: %q, want %q", name, err, c.text)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v is not %v", name, err, c.is)
		}
	}
}
