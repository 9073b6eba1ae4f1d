package nb_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/nb"
)

// Outside of a notebook nothing is shown, and parameters have their defaults.
func Example() {
	steps := nb.Param("steps", 150)
	nb.Markdown("**%d** steps", steps)
	fmt.Println(nb.Active(), steps)
	// Output: false 150
}
