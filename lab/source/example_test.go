package source_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/source"
)

// Drawn faces need no folder.
func Example() {
	var root source.Root
	sets, problems, err := root.TestSets([]string{"synthetic"}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(sets[0].Name, len(sets[0].Items) > 0, len(problems))
	// Output: synthetic true 0
}
