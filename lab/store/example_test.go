package store_test

import (
	"fmt"
	"os"

	"github.com/seeable-lab/seeable/lab/store"
)

// A run shows in the list once its record is there.
func Example() {
	root, err := os.MkdirTemp("", "runs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	dir := root + "/first"
	if err := os.Mkdir(dir, 0o755); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.List(root))
	if err := store.WriteRecord(dir, store.Record{Run: "first", Train: store.Training{Accuracy: 0.5}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.List(root))
	r, err := store.ReadRecord(dir)
	fmt.Println(r.Run, r.Train.Accuracy, err)
	// Output:
	// [] <nil>
	// [first] <nil>
	// first 0.5 <nil>
}
