// Package datasets knows which faces there are, what they are called and whether they are fake. A new data set is one new
// file that registers itself: its layout on disk (package datasets/layout), or how it is drawn ([RegisterDrawn]).
//
// Before faces are cut, there are videos: package datasets/layout reads a data set of videos as it lies on disk, and
// datasets/official adds those of FaceForensics++ with DFD, Celeb-DF v2, DFDC and its preview. Who imports the latter has
// the names of sets of faces that were cut from them ("FF++ c40" for a folder ffpp_c40), and what is known of their people
// and their official size ([Publish]); without it they are sets as any other.
//
// Of faces, the package reads folders of crops with a manifest ([OpenCrops]) and folders of real faces ([OpenReal]),
// and finds the training and test sets of an experiment under a data root ([Train], [Tests]). It ships no third-party
// picture; package datasets/synthetic draws faces by code. Images are decoded one at a time, by [Load]. What is tested on
// and trained on as well, package datasets/overlap finds.
//
// A label means the same in every manifest that is ours: 1 is fake, 0 is real. The official list of Celeb-DF v2 says
// the opposite (1 is real), and datasets/official reads it so; manifests of its crops must be labelled the other way round.
package datasets

import (
	"fmt"
	"os"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
)

// Item is one face image and what is known of it.
type Item struct {
	Dataset  string // data set with its compression, as in "FF++ c40"
	Method   string // what made the fake, as in "Deepfakes"; for real faces their kind, as in "original"
	Video    string // name of the video within the method
	Identity string // the person whose head is seen: the target of a fake
	Source   string // the person whose face or expression was put in; "" if none or unknown
	Frame    int    // frame of the video, −1 if unknown
	Track    int    // which of the faces that were followed through the video it is, counted from 1; 0 if unknown
	File     string // slash path within the folder of the set, the same on every machine; "" where there is no face
	Path     string // the file to open; "" for a drawn face, and where there is no face
	Box      Square // the square of the source frame that was cropped; the zero Square if unknown
	Fake     bool
	inner    placing // where a face without landmarks lies in its image
	Bytes    int64   // size of the video that the face was cut from here; 0 of a face that was cut by others

	// Unread says of an item without a face which file stands behind it, and why it gave none; nil where that is not known.
	Unread *Left

	// Draw draws the face of a set made by code ([RegisterDrawn]), the same one at each call and from any number of
	// goroutines at once. Nil for a face in a file.
	Draw func() face.Face

	marks marks // landmarks
}

// Square is a square of pixels of a frame: its upper left corner, which may lie outside, and its side. It is small, since there are
// millions of items.
type Square struct{ X, Y, Side int32 }

// Landmarks returns the 68 landmarks in the pixels of the image, nil if the set has none. The slice is the caller's.
func (it Item) Landmarks() []face.Point { return it.marks.points() }

// LandmarkSize is what the landmarks take in memory, in bytes.
func (it Item) LandmarkSize() int64 { return it.marks.size() }

// SetLandmarks replaces the landmarks by 68 others, or by none if points is nil.
func (it *Item) SetLandmarks(points []face.Point) { it.marks = newMarks(points, new(compactMarks)) }

// VideoID identifies the video by data set with compression, method and name. The name alone does not: FF++ has a
// 000_003 for each method, and pooling them by name changes video-level figures.
func (it Item) VideoID() string { return videoID(it.Dataset, it.Method, it.Video) }

func videoID(dataset, method, video string) string {
	return escape.Replace(dataset) + "/" + escape.Replace(method) + "/" + escape.Replace(video)
}

// ID identifies the face: its video and its file, or its frame if there is none. It does not depend on where the data lie.
func (it Item) ID() string {
	if it.File == "" && it.Frame >= 0 {
		return fmt.Sprintf("%s:/%d", it.VideoID(), it.Frame) // no file's path begins with a slash
	}
	return it.VideoID() + ":" + it.File
}

// NoFace tells that the item stands for a frame, or for a whole video if its frame is unknown, in which no face was found.
// It has no image and counts where coverage is counted.
func (it Item) NoFace() bool { return it.File == "" }

// FileSize is the size in bytes of the video that the face was cut from here, else of the face's own file; 0 where there is
// none, or none that can be seen.
func (it Item) FileSize() int64 {
	if it.Bytes > 0 || !it.inFile() {
		return it.Bytes
	}
	info, err := os.Stat(it.Path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// escape keeps names that contain the separators of an ID apart.
var escape = strings.NewReplacer("%", "%25", "/", "%2F", ":", "%3A")

// Set is a named collection of faces, ordered by [Item.ID].
type Set struct {
	Name      string
	Synthetic bool     // at least some of the faces are drawn by code: say so wherever a figure of this set is shown
	Partial   bool     // videos of the official test list are lacking: say so wherever a figure of this set is shown
	Cut       []string // names of the sets in it whose faces the lab has cut out of videos, in order
	Items     []Item
	Left      []Left // what the set holds besides, as far as it was looked for ([Tests] does); none of it changes a figure
}

// Mode says what a bad row of a manifest does.
type Mode int

const (
	// Strict makes the first bad row an error.
	Strict Mode = iota
	// Skip leaves bad rows out and returns them as problems.
	Skip
)
