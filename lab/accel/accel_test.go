package accel_test

import (
	"context"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel"
)

func TestOpen(t *testing.T) {
	a, err := accel.Open(context.Background(), accel.Options{Progress: os.Stderr})
	if err != nil {
		t.Skip(err)
	}
	t.Log(a)
	got := graph.MustExecOnce(a.Backend, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Square(x)) }, []float32{1, 2, 3})
	if v := got.Value().(float32); v != 14 {
		t.Fatal(v)
	}
}
