package datasets_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
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

// A data set in a plain folder.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"real/anna.mp4", "fake/FaceSwap/anna.mp4", "fake/FaceSwap/empty.mp4"} {
		content := []byte("\x00\x00\x00\x18ftypisom") // as a video file begins
		if name == "fake/FaceSwap/empty.mp4" {
			content = nil
		}
		path := filepath.Join(dir, "wild", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			fmt.Println(err)
			return
		}
	}
	sets, err := datasets.Open(filepath.Join(dir, "wild"), datasets.Skip)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range sets[0].Videos {
		fmt.Println(v.ID(), "fake:", v.Fake, v.Pixels, v.File)
	}
	for _, p := range sets[0].Problems {
		fmt.Println(p.Fault+":", p.Err)
	}
	// Output:
	// wild/FaceSwap/anna fake: true video fake/FaceSwap/anna.mp4
	// wild/real/anna fake: false video real/anna.mp4
	// unreadable: the file is empty: fetch it again
}
