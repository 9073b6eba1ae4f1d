package layout

import (
	"path/filepath"
)

// Masks returns where the masks of a fake lie, which are white where it was manipulated, as a video whose frames go with those of v:
// by their index if v is a file, by their names without extension if it is a folder of frames. It is not ok if there are none. They
// are looked for where FaceForensics++ has them, and DeepfakeBench, whose masks replace frames in the path:
//
//	METHOD/c23/videos/000_003.mp4   METHOD/masks/videos/000_003.mp4
//	METHOD/c23/frames/000_003       METHOD/c23/masks/000_003, METHOD/masks/frames/000_003
func (v Video) Masks() (masks Video, ok bool) {
	if !v.Fake || v.Path == "" {
		return Video{}, false
	}
	masks = v
	shelf, name := filepath.Split(v.Path)
	compression := filepath.Dir(filepath.Clean(shelf))
	switch v.Pixels {
	case VideoFile:
		masks.Path = filepath.Join(filepath.Dir(compression), "masks", "videos", name)
		return masks, checkFile(masks.Path) == nil
	case FrameFolder:
		for _, masks.Path = range []string{
			filepath.Join(compression, "masks", name), filepath.Join(filepath.Dir(compression), "masks", filepath.Base(shelf), name),
		} {
			if _, err := frameNames(masks.Path); err == nil {
				return masks, true
			}
		}
	}
	return Video{}, false
}
