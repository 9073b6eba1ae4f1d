// Package rival gives faces the scores of three trivial rivals: what anybody can tell of a picture without knowing anything
// about deepfakes. A detector that is not shown to beat them has not shown that it detects anything else.
//
//	rival_sharpness   less sharp is rather fake: a generator and the blending behind it smooth a face
//	rival_brightness  darker is rather fake
//	rival_size        a smaller file is rather fake
//
// The signs are fixed beforehand, whatever a test set says. A score is minus the value, so that larger is rather fake, as in
// every column of scores.csv. Which rivals, which part of the picture and the signs are our choice.
package rival

import (
	"math"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Prefix begins the names of rivals, and no other score's: package spec refuses methods that have such a score.
const Prefix = spec.RivalPrefix

// Count is the number of rivals.
const Count = 3

// Names are the columns of the rivals in scores.csv, in the order of [Scores].
func Names() []string { return []string{Prefix + "sharpness", Prefix + "brightness", Prefix + "size"} }

// Is tells whether a column of scores.csv is that of a rival.
func Is(column string) bool { return strings.HasPrefix(column, Prefix) }

// Label is a rival's column as people read it: "sharpness", "brightness", "file size".
func Label(column string) string {
	if column == Prefix+"size" {
		return "file size"
	}
	return strings.TrimPrefix(column, Prefix)
}

// Scores are those of the rivals, by what they see of a picture, in the order of [Names]. Bytes is the size of the file: of the picture, or of the video that
// a face was cut from, as then the size of the picture is the lab's own doing. 0 is no file, of drawn faces, and gives NaN.
// Sharpness and brightness have six significant digits, as scores.csv grows by them for every face.
func Scores(l face.Look, bytes int64) [Count]float64 {
	size := math.NaN()
	if bytes > 0 {
		size = -float64(bytes)
	}
	return [Count]float64{-rounded(l.Sharpness), -rounded(l.Brightness), size}
}

// rounded keeps six significant digits.
func rounded(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64) // of what FormatFloat writes
	return x
}

// OfClip are the scores of a clip: sharpness and brightness are means over its frames.
func OfClip(c face.Clip, bytes int64) [Count]float64 {
	var mean face.Look
	for _, f := range c.Frames {
		look := face.NewLook(f.Image)
		mean.Sharpness += look.Sharpness / float64(len(c.Frames))
		mean.Brightness += look.Brightness / float64(len(c.Frames))
	}
	return Scores(mean, bytes)
}
