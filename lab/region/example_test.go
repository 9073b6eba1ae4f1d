package region_test

import (
	"fmt"
	"image"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A mean face, divided by a grid of 4 × 4 cells: pixels of each cell. Corner cells are small, as the hull of the
// landmarks cuts them.
func ExampleNew() {
	regions, err := region.New(spec.Discrepancy{Regions: "grid", Rows: 4, Cols: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	image := image.Rect(0, 0, 128, 128)
	landmarks := face.Template(image.Inset(24))
	for i := range regions.Len() {
		var pixels float32
		for _, weight := range regions.Mask(i, landmarks, image).Weight {
			pixels += weight
		}
		fmt.Printf("%5.0f", pixels)
		if i%4 == 3 {
			fmt.Println()
		}
	}
	fmt.Println(regions.Name(5), "and", regions.Name(regions.Mirror(5)))
	// Output:
	//   342  441  441  317
	//   420  441  441  405
	//   325  441  441  312
	//    88  370  354   81
	// row 2, col 2 and row 2, col 3
}
