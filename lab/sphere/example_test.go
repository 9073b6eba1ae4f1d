package sphere_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/sphere"
)

// Three embeddings that lie at prototypes, two of them at their own.
func ExampleOf() {
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols, s.Encoder.Dim = 1, 2, 8
	m, err := method.New(s)
	if err != nil {
		panic(err)
	}
	p, _ := method.As[method.Prototyped](m)
	var z [][]float32
	for _, k := range []int{0, 3, 1} {
		row := make([]float32, s.Encoder.Dim)
		for i, v := range p.Prototypes().At(k) {
			row[i] = float32(v)
		}
		z = append(z, row)
	}
	e := sphere.Of(p, []int{0, 3, 2}, z, true)
	view, err := e.Sphere("drawn faces")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d prototypes, %d points; share near each %.2f\n", len(view.Prototypes), len(view.Points), view.Occupancy)
	fmt.Println(e.Classes)
	// Output:
	// 4 prototypes, 3 points; share near each [0.33 0.33 0.00 0.33]
	// [spatial, row 1, col 1 spatial, row 1, col 2 frequency, row 1, col 1 frequency, row 1, col 2]
}
