package layout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maruel/natural"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// Video is one video of a data set, before any face is cut from it: a video file, a folder of its frames, or a still
// image. A face of it is a [datasets.Item] with the same Dataset, Method, Identity, Source and Fake, whose Video is its Name.
type Video struct {
	Dataset     string // data set with its compression, as in "FF++ c40"
	Compression string // "raw", "c23" or "c40"; "" where the data set comes in one
	Method      string // what made the fake, as in "Deepfakes"; for real videos their kind, as in "original"
	Name        string // name within the method, without extension
	Identity    string // the person whose head is seen: the target of a fake
	Source      string // the person whose face or expression was put in; "" if none or unknown
	Fake        bool
	Split       Split
	Pixels      Pixels
	File        string // slash path within the folder of the data set
	Path        string // what to open; "" for a video that is missing
}

// ID identifies the video, as [datasets.Item.VideoID] does for its faces.
func (v Video) ID() string {
	return datasets.Item{Dataset: v.Dataset, Method: v.Method, Video: v.Name}.VideoID()
}

// Split is the part of a data set to which its official lists assign a video.
type Split string

const (
	TrainSplit Split = "train"
	ValSplit   Split = "val"
	TestSplit  Split = "test"
	NoSplit    Split = "" // the data set has no official parts
)

// Pixels says what a [Video]'s path is.
type Pixels int

const (
	VideoFile   Pixels = iota // a file to decode
	FrameFolder               // a folder of images, whose names give their order
	StillImage                // one image
)

func (p Pixels) String() string {
	switch p {
	case FrameFolder:
		return "frames"
	case StillImage:
		return "image"
	}
	return "video"
}

// videoExtensions are those of files that may be videos, imageExtensions those that are images in folders without a list.
var (
	videoExtensions = []string{".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"}
	imageExtensions = []string{".jpg", ".jpeg", ".png"}
)

// Medium tells by its extension whether a file is a video or an image.
func Medium(name string) (Pixels, bool) {
	switch ext := strings.ToLower(path.Ext(name)); {
	case slices.Contains(videoExtensions, ext):
		return VideoFile, true
	case slices.Contains(imageExtensions, ext):
		return StillImage, true
	}
	return 0, false
}

var (
	errEmpty      = errors.New("the file is empty: fetch it again")
	errNoMedium   = errors.New("its extension is that of no video and no image; want one like .mp4 or .png, or a folder of frames")
	errOnlyListed = errors.New("images of its format are read only where a videos.csv names them; want JPEG or PNG in a folder without one")
	errMisnamed   = errors.New("and its name says another")
)

// faultOf is the kind of an error of checkFile and checkHead.
func faultOf(err error) datasets.Fault {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return datasets.Absent
	case errors.Is(err, errEmpty):
		return datasets.Empty
	case datasets.IsOddName(err):
		return datasets.OddName
	case errors.Is(err, errNoMedium), errors.Is(err, errOnlyListed), errors.Is(err, errMisnamed):
		return datasets.Format
	}
	return datasets.Unreadable
}

// present is faultOf a file that no list names, so that it is not absent.
func present(err error) datasets.Fault {
	if fault := faultOf(err); fault != datasets.Absent {
		return fault
	}
	return datasets.Unreadable
}

// checkFile tells whether path is a file that is not empty, or a link to one.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return whyNot(path, err)
	case !info.Mode().IsRegular():
		return errors.New("not a file")
	case info.Size() == 0:
		return errEmpty
	}
	return nil
}

// whyNot says more of an error of os.Stat if path is a symbolic link.
func whyNot(path string, err error) error {
	if target, linkErr := os.Readlink(path); linkErr == nil {
		return fmt.Errorf("broken symbolic link to %s: mend the link or delete it", datasets.Printable(target))
	}
	return datasets.Pathless(err)
}

// heads are what files begin with, and where, by extension. Other formats are not checked.
var heads = map[string]struct {
	at   int
	want []string
}{
	".mp4":  {4, []string{"ftyp", "moov", "mdat", "free", "skip", "wide"}},
	".mov":  {4, []string{"ftyp", "moov", "mdat", "free", "skip", "wide"}},
	".m4v":  {4, []string{"ftyp", "moov", "mdat", "free", "skip", "wide"}},
	".avi":  {0, []string{"RIFF"}},
	".mkv":  {0, []string{"\x1a\x45\xdf\xa3"}},
	".webm": {0, []string{"\x1a\x45\xdf\xa3"}},
	".jpg":  {0, []string{"\xff\xd8"}},
	".jpeg": {0, []string{"\xff\xd8"}},
	".png":  {0, []string{"\x89PNG"}},
}

// Check reads the beginning of the video's file, or of its first frame, and tells whether it is what its name says: a
// web page that was saved as a video is the usual find. Whether all of it can be decoded only decoding tells.
func (v Video) Check() error {
	name := v.Path
	if v.Pixels == FrameFolder {
		frames, err := frameNames(v.Path)
		if err != nil {
			return datasets.Problem{File: v.Path, Fault: datasets.Unreadable, Err: err}
		}
		name = filepath.Join(v.Path, frames[0])
	}
	if err := checkHead(name); err != nil {
		return datasets.Problem{File: name, Fault: faultOf(err), Err: err}
	}
	return nil
}

func checkHead(name string) error {
	if err := checkFile(name); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return datasets.Pathless(err)
	}
	defer f.Close()
	head := make([]byte, face.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return datasets.Pathless(err)
	}
	head = head[:n]
	ext := strings.ToLower(filepath.Ext(name))
	known, ok := heads[ext]
	begins := func(want string) bool { return bytes.HasPrefix(head[min(known.at, n):], []byte(want)) }
	if ok && !slices.ContainsFunc(known.want, begins) {
		if format := face.FormatOf(head); format != "" {
			return fmt.Errorf("it is a picture in the format %s %w: convert it to JPEG or PNG, under a name that says so", format, errMisnamed)
		}
		return fmt.Errorf("it begins with %q, as no %s file does: fetch it again", head[:min(16, n)], ext)
	}
	return nil
}

// FrameFiles lists the images of a video that is a folder of frames, in order, or the one that is a still image.
func (v Video) FrameFiles() ([]string, error) {
	switch v.Pixels {
	case StillImage:
		return []string{v.Path}, nil
	case FrameFolder:
		names, err := frameNames(v.Path)
		if err != nil {
			return nil, datasets.Problem{File: v.Path, Fault: datasets.Unreadable, Err: err}
		}
		for i, name := range names {
			names[i] = filepath.Join(v.Path, name)
		}
		return names, nil
	}
	return nil, fmt.Errorf("layout: %s is a video file; want a folder of frames or an image", datasets.Printable(v.Path))
}

// frameNames lists the images of a folder in the order of the numbers in their names, so that frame 2 comes before frame 10;
// a folder without one is an error.
func frameNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, datasets.Pathless(err)
	}
	var names []string
	for _, e := range entries {
		if p, ok := Medium(e.Name()); ok && p == StillImage && !hidden(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no frame in the folder")
	}
	slices.SortStableFunc(names, natural.Compare)
	return names, nil
}

// hidden tells whether a file is one that programs leave behind, such as ._000.mp4 or .DS_Store.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }
