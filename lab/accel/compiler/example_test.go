//go:build cgo

package compiler_test

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/accel/compiler"
)

// Package accel registers CPU plugins with this compiler. What it has done tells where a process spent its first seconds.
func Example() {
	a, err := accel.Open(context.Background(), accel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	before := compiler.Done()
	fmt.Println(MustExecOnce(a.Backend, func(x *Node) *Node { return Square(x) }, []float32{1, 2, 3}))
	after := compiler.Done()
	fmt.Println(after.Compiled+after.Loaded-before.Compiled-before.Loaded, "program")
	// Output:
	// [3]float32{1, 4, 9}
	// 1 program
}
