package loss_test

import (
	"fmt"
	"log"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/loss"
)

// Two rows of each of four classes lie on their prototypes: guidance is 0 and BCR at its floor.
func Example() {
	prototypes := [][]float64{
		{-0.816496580927726, -0.471404520791032, -0.333333333333333},
		{0.816496580927726, -0.471404520791032, -0.333333333333333},
		{0, 0.942809041582064, -0.333333333333333},
		{0, 0, 1},
	}
	z := append(prototypes, prototypes...)
	labels := []int32{0, 1, 2, 3, 0, 1, 2, 3}

	config := loss.DefaultConfig()
	config.Temperature = 0.5
	bcr, err := loss.ByName("bcr", config)
	if err != nil {
		log.Fatal(err)
	}
	g, err := loss.GuidanceMatrix(2, 2, loss.Manhattan)
	if err != nil {
		log.Fatal(err)
	}
	objective, err := graph.NewExec(gobackend.GetBackend(), func(z, labels, prototypes *graph.Node) *graph.Node {
		base, _ := bcr(z, labels, prototypes)
		guidance, _ := loss.Guidance(z, labels, prototypes, g)
		return graph.Add(base, graph.MulScalar(guidance, 0.1))
	})
	if err != nil {
		log.Fatal(err)
	}
	total, err := objective.Call1(z, labels, prototypes)
	if err != nil {
		log.Fatal(err)
	}
	floor, err := loss.Floor([]int{2, 2, 2, 2}, config.Temperature)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("total %.6f, floor %.6f\n", total.Value(), floor)
	// Output: total 0.882486, floor 0.882486
}
