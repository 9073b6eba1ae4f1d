package extract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
)

func TestSizeOfAVideo(t *testing.T) {
	dir := t.TempDir()
	for name, n := range map[string]int{"a.mp4": 70, "frames/1.png": 5, "frames/2.png": 6, "frames/notes.txt": 100} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		video layout.Video
		want  int64
	}{
		{layout.Video{Path: filepath.Join(dir, "a.mp4")}, 70},
		{layout.Video{Path: filepath.Join(dir, "frames"), Pixels: layout.FrameFolder}, 11},
		{layout.Video{Path: filepath.Join(dir, "frames/1.png"), Pixels: layout.StillImage}, 5},
		{layout.Video{Path: filepath.Join(dir, "none.mp4")}, 0},
		{layout.Video{Path: dir + "/none", Pixels: layout.FrameFolder}, 0},
	} {
		if got := size(c.video); got != c.want {
			t.Errorf("%s has %d bytes, want %d", c.video.Path, got, c.want)
		}
	}
}
