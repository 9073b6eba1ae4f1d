package datasets

import (
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cropsHeader is the first line of a manifest of face crops.
var cropsHeader = []string{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}

// displayNames are the names of data sets by the folder that they come in.
var displayNames = map[string]string{
	"ffpp_raw":     "FF++ raw",
	"ffpp_c23":     "FF++ c23",
	"ffpp_c40":     "FF++ c40",
	"dfd_raw":      "DFD raw",
	"dfd_c23":      "DFD c23",
	"dfd_c40":      "DFD c40",
	"celebdf_v2":   celebLayout,
	"dfdc":         dfdcLayout,
	"dfdc_preview": dfdcpLayout,
}

// OpenCrops reads manifest.csv of a folder of face crops, with the columns
//
//	file,label,method,video,frame,target,source,x,y,side,stored
//
// where file is a slash path below dir; label is 1 for fake and 0 for real, in Celeb-DF too; x,y,side is the square of
// the source frame that was cropped and stored the side of the image file. Frame, source, stored and the three of the
// square may be empty; without a target the video stands for the identity. The set is called by the folder: ffpp_c40 is
// "FF++ c40", celebdf_v2 "Celeb-DF v2", any other name stays. It is Partial if it is called by a data set and lacks videos
// of that one's official test part.
//
// A row is bad if its file is absent, repeated or outside dir, if a value is malformed, or if its video has the other
// label in an earlier row. A wrong header and a manifest without a good row are errors in both modes.
func OpenCrops(dir string, mode Mode) (Set, []Problem, error) {
	path := filepath.Join(dir, "manifest.csv")
	f, err := os.Open(path)
	if err != nil {
		return Set{}, nil, fmt.Errorf("datasets: crops: %w; want a folder with manifest.csv and the faces that it lists", err)
	}
	defer f.Close()
	return readCrops(f, dir, mode)
}

func readCrops(r io.Reader, dir string, mode Mode) (Set, []Problem, error) {
	m := manifest{dir: dir, path: filepath.Join(dir, "manifest.csv"), mode: mode}
	name, err := setName(dir)
	if err != nil {
		return Set{}, nil, err
	}
	var items []Item
	fake := map[string]bool{} // by video
	err = m.read(r, func(names []string) error {
		if !slices.Equal(names, cropsHeader) {
			return fmt.Errorf("header is %q; want %q", strings.Join(names, ","), strings.Join(cropsHeader, ","))
		}
		return nil
	}, func(line int, fields []string) error {
		it, err := cropItem(name, fields)
		if err != nil {
			return err
		}
		if it.Path, err = m.file(it.File, line); err != nil {
			return err
		}
		if before, ok := fake[it.VideoID()]; ok && before != it.Fake {
			return fmt.Errorf("video %s is fake in one row and real in another; want one label per video", it.VideoID())
		}
		fake[it.VideoID()] = it.Fake
		items = append(items, it)
		return nil
	})
	if err != nil {
		return Set{}, m.problems, err
	}
	set, err := m.finish(name, items)
	set.Partial = partialTest(name, set.Items)
	return set, m.problems, err
}

// cropItem returns what one row says, without its path.
func cropItem(dataset string, fields []string) (Item, error) {
	it := Item{Dataset: dataset, File: fields[0], Method: fields[2], Video: fields[3], Frame: -1, Identity: fields[5], Source: fields[6]}
	switch fields[1] {
	case "0":
	case "1":
		it.Fake = true
	default:
		return Item{}, fmt.Errorf("label is %q; want 0 (real) or 1 (fake)", fields[1])
	}
	if it.Method == "" || it.Video == "" {
		return Item{}, errors.New("method or video is empty; a video is told by both")
	}
	if it.Identity == "" {
		it.Identity = it.Video
	}
	if fields[4] != "" {
		n, err := strconv.Atoi(fields[4])
		if err != nil || n < 0 {
			return Item{}, fmt.Errorf("frame is %q; want an integer from 0, or nothing", fields[4])
		}
		it.Frame = n
	}
	if fields[10] != "" {
		if n, err := strconv.Atoi(fields[10]); err != nil || n < 1 {
			return Item{}, fmt.Errorf("stored is %q; want the side of the image in pixels, or nothing", fields[10])
		}
	}
	it.inner = innerUnknown
	if square := fields[7:10]; square[0] != "" || square[1] != "" || square[2] != "" {
		var v [3]int
		for i, s := range square {
			n, err := strconv.Atoi(s)
			if err != nil || n < -maxFrame || n > maxFrame || i == 2 && n < 1 {
				return Item{}, fmt.Errorf("%s is %q; want x, y and side of the crop in pixels of its frame, or three empty fields", cropsHeader[7+i], s)
			}
			v[i] = n
		}
		it.Box = image.Rect(v[0], v[1], v[0]+v[2], v[1]+v[2])
		it.inner = innerDetected
	}
	return it, nil
}

// maxFrame bounds coordinates in a frame, in pixels: far above any video, far below an overflow.
const maxFrame = 1 << 24

// setName returns the display name of the data in dir.
func setName(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("datasets: %s: %w", dir, err)
	}
	base := filepath.Base(abs)
	if name, ok := displayNames[base]; ok {
		return name, nil
	}
	return base, nil
}
