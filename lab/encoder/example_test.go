package encoder_test

import (
	"fmt"
	"log"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/spec"
)

// The projection head of a batch of 32 images, and its weights, which another store takes over.
func Example() {
	cfg := spec.Default().Encoder
	store := model.NewStore()
	g := graph.NewGraph(gobackend.GetBackend(), "head")
	features := graph.Parameter(g, "features", shapes.Make(dtypes.Float32, 32, 4*4*96))
	fmt.Println(encoder.Project(store.Scope("/head"), features, cfg.Hidden, cfg.Dim).Shape())

	weights, err := encoder.Save(store, "/head")
	if err != nil {
		log.Fatal(err)
	}
	other := model.NewStore()
	if err := encoder.Restore(other, weights, "/head"); err != nil {
		log.Fatal(err)
	}
	for v := range other.IterVariables() {
		if v.Path() == "/head/hidden/weight" {
			fmt.Println(v.Path(), v.Shape())
		}
	}
	// Output:
	// (Float32)[32, 128]
	// /head/hidden/weight (Float32)[1536, 512]
}
