package explore_test

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/explore"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Two embeddings of the same class move to its prototype.
func ExampleDescend() {
	e := env.New("")
	defer e.Close()
	e.Backend.Backend, e.Backend.PureGo = "go", true
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols, s.Discrepancy.Types = 2, 2, []string{"spatial"}
	s.Encoder.Dim, s.Loss.Name, s.Loss.Lambda, s.Loss.Temperature = 3, "ce", 0, 0.5
	d, err := explore.Descend(context.Background(), e, s, [][]float64{{1, 0, 0}, {0, 1, 0}}, []int{2, 2}, 0.3, 60)
	if err != nil {
		panic(err)
	}
	for _, z := range d.Path[60] {
		class, angle, err := d.Prototypes.Nearest(z)
		fmt.Println(class, angle < 0.2, err)
	}
	// Output:
	// 2 true <nil>
	// 2 true <nil>
}
