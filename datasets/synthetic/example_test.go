package synthetic_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
)

// A face to train on, and the same frame of a test video before and after a manipulation.
func Example() {
	train, test := synthetic.Sets(1)
	f, err := datasets.Load(train.Items[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Items[0].ID(), f.Image.Rect.Max, len(f.Landmarks))
	for _, it := range test.Items {
		if it.Video == "test_000" && it.Frame == 0 && (it.Method == "original" || it.Method == "swap") {
			fmt.Printf("%s fake: %t identity: %s source: %q\n", it.ID(), it.Fake, it.Identity, it.Source)
		}
	}
	// Output:
	// synthetic/real/train_000:real/train_000_0 (256,256) 68
	// synthetic/original/test_000:original/test_000_0 fake: false identity: test_000 source: ""
	// synthetic/swap/test_000:swap/test_000_0 fake: true identity: test_000 source: "test_001"
}
