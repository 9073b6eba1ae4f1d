package onednn_test

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel"
)

// Package accel brings oneDNN by itself. Graphs are the same with it and without.
func Example() {
	a, err := accel.Open(context.Background(), accel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	y := graph.MustExecOnce(a.Backend, func(x, kernel *graph.Node) *graph.Node {
		return graph.Convolve(x, kernel).PadSame().Done()
	}, [][][][]float32{{{{1}, {2}, {4}}}}, [][][][]float32{{{{1}}, {{0}}, {{-1}}}})
	fmt.Println(y.Value())
	// Output:
	// [[[[-2] [-3] [2]]]]
}
