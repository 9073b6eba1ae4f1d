package run_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/run"
)

// A run is known by its experiment's name and its spec's hash before it is made.
func ExampleID() {
	s, err := experiments.Load("demo")
	if err != nil {
		panic(err)
	}
	fmt.Println(run.ID(s) == "demo-"+s.Hash())
	// Output: true
}
