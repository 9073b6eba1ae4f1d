package layout_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	_ "github.com/seeable-lab/seeable/datasets/official" // the layouts of published data sets
)

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
	sets, err := layout.Open(filepath.Join(dir, "wild"), datasets.Skip)
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
	// empty: the file is empty: fetch it again
}
