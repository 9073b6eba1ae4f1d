package lab_test

import (
	"fmt"
	"os"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
)

// A run is known by its experiment's name and its spec's hash before it is made.
func ExampleID() {
	s, err := experiments.Load("demo")
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "runs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	l, err := lab.Open(dir)
	if err != nil {
		panic(err)
	}
	defer l.Close()
	runs, err := l.Runs()
	fmt.Println(lab.ID(s) == "demo-"+s.Hash(), len(runs), err)
	// Output: true 0 <nil>
}
