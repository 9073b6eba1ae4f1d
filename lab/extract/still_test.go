package extract

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// A HEIC picture is no video, though ffmpeg takes it for one and gives a tile of it.
func TestHEICIsNoVideo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "photo.mp4")
	if err := os.WriteFile(path, []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range (reader{}).pictures(t.Context(), layout.Video{Path: path}, 4, 1) {
		if !errors.Is(err, video.ErrNotVideo) || !errors.Is(err, face.ErrFormat) || !strings.Contains(err.Error(), "HEIC") {
			t.Errorf("error %v", err)
		}
	}
}
