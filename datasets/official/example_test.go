package official_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	_ "github.com/seeable-lab/seeable/datasets/official"
)

// One video of FaceForensics++: its sequence is a test sequence of the official lists, which name 4,999 more.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	videos := filepath.Join(dir, "manipulated_sequences", "Deepfakes", "c40", "videos")
	if err := os.MkdirAll(videos, 0o755); err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(filepath.Join(videos, "000_003.mp4"), []byte("\x00\x00\x00\x18ftypisom"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	sets, err := layout.Open(dir, datasets.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	v := sets[0].Videos[0]
	fmt.Println(sets[0].Layout+":", v.ID(), "fake:", v.Fake, "target:", v.Identity, "source:", v.Source, "part:", v.Split)
	fmt.Println(len(sets[0].Missing), "are missing, partial:", sets[0].Partial())
	fmt.Println("faces of it lie in a folder", datasets.SetFolder(sets[0].Name))
	// Output:
	// FaceForensics++: FF++ c40/Deepfakes/000_003 fake: true target: 000 source: 003 part: test
	// 4999 are missing, partial: true
	// faces of it lie in a folder ffpp_c40
}
