package notebook_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/notebook"
)

func ExampleFindRoot() {
	root, err := notebook.FindRoot(".")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := notebook.ReadBook(root + "/" + notebook.Folder + "/1-tour.ipynb")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Metadata.Kernel.Name, b.Cells[0].Kind)
	// Output: gonb markdown
}
