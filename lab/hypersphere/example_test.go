package hypersphere_test

import (
	"fmt"
	"math"

	"github.com/seeable-lab/seeable/lab/hypersphere"
)

// A 4×4 grid with two types of perturbation has 32 classes.
func Example() {
	prototypes, err := hypersphere.Simplex(4*4*2, 128, 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	angle, _ := prototypes.Geodesic(prototypes.At(0), 1)
	fmt.Printf("%d prototypes in %d dimensions, %.2f° apart\n", prototypes.K(), prototypes.Dim(), angle*180/math.Pi)

	z := append([]float64(nil), prototypes.At(7)...)
	z[0] += 0.1
	nearest, _, _ := prototypes.Nearest(z)
	fmt.Println("nearest:", nearest)

	_, err = hypersphere.Simplex(33, 31, 42)
	fmt.Println(err)
	// Output:
	// 32 prototypes in 128 dimensions, 91.85° apart
	// nearest: 7
	// hypersphere: K = 33 evenly spread prototypes do not fit in d = 31 dimensions, want K ≤ d+1 = 32; set the embedding dimension to 32 or more, or use fewer grid cells or perturbation types
}
