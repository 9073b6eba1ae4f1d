package graphs

import (
	"reflect"

	"github.com/gomlx/gomlx/core/graph"
)

// Memory is what a compiled program takes while it runs, in bytes.
type Memory struct {
	Arguments int64 // variables among them
	Outputs   int64
	Aliases   int64 // of the outputs, what lies where arguments did
	Temporary int64 // what the program holds between arguments and outputs
}

// MemoryOf is what the compiler says of a compiled graph; known is false where it says nothing, as that of pure Go does.
//
// XLA's compiler tells it to go-xla, which hands it on to its log only: it is read from fields that go-xla keeps to itself. If
// another version has other fields, memory is not known.
func MemoryOf(g *graph.Graph) (m Memory, known bool) {
	field := func(v reflect.Value, name string) reflect.Value {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		return v.FieldByName(name)
	}
	stats := field(field(reflect.ValueOf(g.Executable()), "exec"), "OnDeviceMemoryUsageStats")
	for _, part := range []struct {
		name string
		to   *int64
	}{{"Inputs", &m.Arguments}, {"Outputs", &m.Outputs}, {"Aliases", &m.Aliases}, {"Temporary", &m.Temporary}} {
		v := field(stats, part.name)
		if v.Kind() != reflect.Int64 {
			return Memory{}, false
		}
		*part.to = v.Int()
	}
	return m, true
}
