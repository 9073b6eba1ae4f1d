package layout

import (
	"path/filepath"
	"testing"
)

// Masks lie where FaceForensics++ and DeepfakeBench have them. A real video has none, nor has one whose mask is empty.
func TestMasks(t *testing.T) {
	root := t.TempDir()
	ff := "ff/manipulated_sequences/Deepfakes/"
	write(t, root, ff+"c23/videos/a.mp4", mp4, ff+"masks/videos/a.mp4", mp4, ff+"c23/videos/b.mp4", mp4, ff+"c23/videos/c.mp4", mp4, ff+"masks/videos/c.mp4", "",
		ff+"c23/frames/d/000.png", "x", ff+"c23/masks/d/000.png", "x", ff+"c23/images/e/000.png", "x", ff+"masks/images/e/000.png", "x",
		"UADFV/fake/frames/0001/000.png", "x", "UADFV/fake/masks/0001/000.png", "x")
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	for _, c := range []struct {
		path   string
		pixels Pixels
		want   string
	}{
		{ff + "c23/videos/a.mp4", VideoFile, ff + "masks/videos/a.mp4"},
		{ff + "c23/videos/b.mp4", VideoFile, ""},
		{ff + "c23/videos/c.mp4", VideoFile, ""},
		{ff + "c23/frames/d", FrameFolder, ff + "c23/masks/d"},
		{ff + "c23/images/e", FrameFolder, ff + "masks/images/e"},
		{"UADFV/fake/frames/0001", FrameFolder, "UADFV/fake/masks/0001"},
		{ff + "c23/frames/d/000.png", StillImage, ""},
	} {
		v := Video{Path: at(c.path), Pixels: c.pixels, Fake: true, Name: "x"}
		got, ok := v.Masks()
		if ok != (c.want != "") || ok && (got.Path != at(c.want) || got.Pixels != c.pixels || got.Name != "x") {
			t.Errorf("%s: %s, %t; want %s", c.path, got.Path, ok, c.want)
		}
		if v.Fake = false; c.want != "" {
			if _, ok := v.Masks(); ok {
				t.Errorf("%s: a real video has masks", c.path)
			}
		}
	}
	if _, ok := (Video{Fake: true}).Masks(); ok {
		t.Error("a missing video has masks")
	}
}
