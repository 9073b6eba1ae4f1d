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

	"github.com/seeable-lab/seeable/lab/face"
)

// cropsHeader is the first line of a manifest of face crops, which trackColumn and landmarkColumns may follow.
var cropsHeader = []string{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}

const trackColumn = "track"

// landmarkColumns are x0, y0 … x67, y67.
var landmarkColumns = func() (names []string) {
	for i := range face.Landmarks {
		names = append(names, fmt.Sprint("x", i), fmt.Sprint("y", i))
	}
	return names
}()

// OpenCrops reads manifest.csv of a folder of face crops, with the columns
//
//	file,label,method,video,frame,target,source,x,y,side,stored
//
// where file is a slash path below dir; label is 1 or a word like fake, 0 or a word like real ([ParseLabel]), in Celeb-DF too; x,y,side is the square of
// the source frame that was cropped and stored the side of the image file. Frame, source, stored and the three of the
// square may be empty; without a target the video stands for the identity. The column track may follow: which of the faces
// that were followed through the video it is, counted from 0, or nothing; and after it x0,y0 … x67,y67: 68 landmarks in the
// pixels of the image. A row without a file, and with nothing of the last columns, stands for a frame in
// which no face was found, or, without a frame, for such a video: it is an item without a face ([Item.NoFace]).
//
// The set is called by the folder: ffpp_c40 is "FF++ c40", celebdf_v2 "Celeb-DF v2", any other name stays. It is Partial
// if it is called by a data set and lacks videos of that one's official test part.
//
// A row is bad if its file is absent, repeated or outside dir, if a value is malformed, or if its video has the other
// label in an earlier row. A wrong header and a manifest without a good row are errors in both modes.
func OpenCrops(dir string, mode Mode) (Set, []Problem, error) {
	return OpenManifest(filepath.Join(dir, "manifest.csv"), mode)
}

// OpenManifest is OpenCrops of the manifest at path, whatever its name is; the files that it lists lie beside it.
func OpenManifest(path string, mode Mode) (Set, []Problem, error) {
	return openManifest(path, mode, false)
}

// openManifest is OpenManifest, and looks for what is left out of the set if it is told to.
func openManifest(path string, mode Mode, search bool) (Set, []Problem, error) {
	f, err := os.Open(path)
	if err != nil {
		return Set{}, nil, fmt.Errorf("datasets: crops: %w; want a folder with manifest.csv and the faces that it lists", err)
	}
	defer f.Close()
	return readCrops(f, path, mode, search)
}

func readCrops(r io.Reader, path string, mode Mode, search bool) (Set, []Problem, error) {
	m := manifest{dir: filepath.Dir(path), path: path, mode: mode}
	name, err := FolderName(m.dir)
	if err != nil {
		return Set{}, nil, err
	}
	var items []Item
	tracked := false
	fake := map[string]bool{} // by video
	err = m.read(r, func(names []string) error {
		rest := names[min(len(names), len(cropsHeader)):]
		if tracked = len(rest) > 0 && rest[0] == trackColumn; tracked {
			rest = rest[1:]
		}
		if n := len(cropsHeader); len(names) < n || !slices.Equal(names[:n], cropsHeader) ||
			len(rest) > 0 && !slices.Equal(rest, landmarkColumns) {
			return fmt.Errorf("header is %q; want %q, and after that nothing, or track, or x0,y0 … x67,y67, or both", strings.Join(names, ","), strings.Join(cropsHeader, ","))
		}
		return nil
	}, func(line int, fields []string) error {
		track := ""
		if n := len(cropsHeader); tracked {
			track = fields[n]
			fields = slices.Concat(fields[:n], fields[n+1:])
		}
		it, err := cropItem(&m, name, fields)
		if err != nil {
			return err
		}
		if track != "" {
			n, err := strconv.Atoi(track)
			if err != nil || n < 0 || n > maxFrame || it.NoFace() {
				return fmt.Errorf("track is %q; want an integer from 0, or nothing where it is unknown or there is no face", track)
			}
			it.Track = n + 1
		}
		if !it.NoFace() {
			if it.File, it.Path, err = m.file(it.File, line); err != nil {
				return err
			}
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
	if err == nil && search {
		set.Left, err = m.left(set.Items)
	}
	return set, m.problems, err
}

// cropItem returns what one row says, without its path.
func cropItem(m *manifest, dataset string, fields []string) (Item, error) {
	it := Item{
		Dataset: dataset, File: fields[0], Method: m.name(fields[2]), Video: m.name(fields[3]), Frame: -1,
		Identity: m.name(fields[5]), Source: m.name(fields[6]),
	}
	var err error
	if it.Fake, err = ParseLabel(fields[1]); err != nil {
		return Item{}, err
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
	if it.NoFace() {
		if slices.ContainsFunc(fields[7:], func(s string) bool { return s != "" }) {
			return Item{}, errors.New("file is empty, but there is a square of a face; want a file, or neither")
		}
		return it, nil
	}
	stored := 0
	if fields[10] != "" {
		n, err := strconv.Atoi(fields[10])
		if err != nil || n < 1 {
			return Item{}, fmt.Errorf("stored is %q; want the side of the image in pixels, or nothing", fields[10])
		}
		stored = n
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
		it.Box = Square{int32(v[0]), int32(v[1]), int32(v[2])}
		it.inner = innerDetected
	}
	if places := fields[len(cropsHeader):]; len(places) > 0 {
		points := make([]face.Point, face.Landmarks)
		if err := parseLandmarks(points, places); err != nil {
			return Item{}, err
		}
		if stored > 0 {
			if err := checkLandmarks(points, stored, stored); err != nil {
				return Item{}, err
			}
		}
		it.marks = m.landmarks(points)
	}
	return it, nil
}

// parseLandmarks reads the values of landmarkColumns.
func parseLandmarks(points []face.Point, fields []string) error {
	for i := range points {
		for axis, v := range []*float64{&points[i].X, &points[i].Y} {
			var err error
			if *v, err = strconv.ParseFloat(fields[2*i+axis], 64); err != nil {
				return fmt.Errorf("%s is %q; want a number", landmarkColumns[2*i+axis], fields[2*i+axis])
			}
		}
	}
	return nil
}

// checkLandmarks is [face.Check] of a face whose image is not at hand, only its size.
func checkLandmarks(points []face.Point, width, height int) error {
	return face.Check(face.Face{Image: &image.RGBA{Rect: image.Rect(0, 0, width, height)}, Landmarks: points})
}

// maxFrame bounds coordinates in a frame, in pixels: far above any video, far below an overflow.
const maxFrame = 1 << 24

// SetName is what a set of faces in a folder of this name is called: "FF++ c40" for ffpp_c40, any other name itself.
func SetName(folder string) string {
	if name, ok := displayNames[folder]; ok {
		return name
	}
	return folder
}

// SetFolder is the name of the folder in which a set of faces is called name: the reverse of [SetName].
func SetFolder(name string) string {
	for folder, display := range displayNames {
		if display == name {
			return folder
		}
	}
	return name
}

// FolderName is [SetName] for the folder dir, whatever path leads to it.
func FolderName(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("datasets: %s: %w", dir, err)
	}
	return SetName(filepath.Base(abs)), nil
}
