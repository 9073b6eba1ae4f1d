package extract_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/extract"
)

// Faces that are not in the cache are an error that counts their videos; Extract brings them.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"real", "fake"} {
		video := filepath.Join(dir, "data", "wild", name, "anna.mp4")
		if err := os.MkdirAll(filepath.Dir(video), 0o700); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(video, []byte("\x00\x00\x00\x18ftypisom"), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	sets, err := layout.Open(filepath.Join(dir, "data", "wild"), datasets.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	faces := filepath.Join(dir, "faces")
	cache, err := extract.Open(faces, filepath.Join(dir, "data"), extract.Default)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, _, err := cache.Test(sets[0], false, datasets.Strict); err != nil {
		lacking := err.(*extract.LackingError)
		fmt.Println(lacking.Lacking, "of", lacking.Of, "videos of", lacking.Dataset)
	}
	// Nothing is written into the folder of the data.
	_, err = extract.Open(filepath.Join(dir, "data", "faces"), filepath.Join(dir, "data"), extract.Default)
	fmt.Println(err != nil)
	// Output:
	// 2 of 2 videos of wild
	// true
}
