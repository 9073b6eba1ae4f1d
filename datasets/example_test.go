package datasets_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	_ "github.com/seeable-lab/seeable/datasets/official"  // the names of crops of published data sets
	_ "github.com/seeable-lab/seeable/datasets/synthetic" // the set of that name
	"github.com/seeable-lab/seeable/lab/spec"
)

// A training set and a test set without any file.
func Example() {
	data := spec.Data{Train: []string{"synthetic"}, Test: []string{"synthetic"}, Holdout: 0.15}
	train, held, _, err := datasets.Train("", data, 1, datasets.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	tests, _, err := datasets.Tests("", data.Test, datasets.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(train.Items)+len(held.Items), "faces to train and validate on, synthetic:", train.Synthetic)

	it := tests[0].Items[479]
	f, err := datasets.Load(it)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(it.ID(), it.Fake, f.Image.Rect.Max, len(f.Landmarks))
	// Output:
	// 960 faces to train and validate on, synthetic: true
	// synthetic/texture/test_019:texture/test_019_3 true (256,256) 68
}
