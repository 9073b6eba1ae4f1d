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
	"image"
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

// Look is what a rival sees of a picture.
type Look struct {
	// Sharpness is the variance of the Laplacian over the centre of the picture, in [0, 1020²]: that of 4g(x,y) − g(x−1,y) −
	// g(x+1,y) − g(x,y−1) − g(x,y+1), g the grey value. NaN for a picture with a side below three pixels.
	Sharpness float64
	// Brightness is the mean grey value of the centre, in [0, 255].
	Brightness float64
}

// NewLook looks at a picture as it is decoded, at its own size. Its centre is the middle half of its width and of its height,
// within the face in a crop around one; grey is the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, not rounded.
//
// The variance of the Laplacian is the usual measure of focus (Pech-Pacheco et al. 2000; LAPV of Pertuz et al. 2013). The frames of
// a real video agree in it as well as in the mean absolute value (variance between videos over that within, on those of our FF++
// c23: 31 and 28).
func NewLook(m *image.RGBA) Look {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	centre := image.Rect(w/4, h/4, w-w/4, h-h/4)
	inner := centre.Intersect(image.Rectangle{image.Point{1, 1}, image.Point{w - 1, h - 1}}) // what has four neighbours
	// Rows y−1, y and y+1 of a window one pixel wider than the centre on each side.
	left, right := max(0, centre.Min.X-1), min(w, centre.Max.X+1)
	rows := make([][]float64, 3)
	for i := range rows {
		rows[i] = make([]float64, right-left)
	}
	top := max(0, centre.Min.Y-1)
	var bright, sum, squares float64
	for y := top; y < min(h, centre.Max.Y+1); y++ {
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
		grey := rows[2]
		at := m.PixOffset(m.Rect.Min.X+left, m.Rect.Min.Y+y)
		for x := range grey {
			p := m.Pix[at+4*x : at+4*x+3]
			grey[x] = (299*float64(p[0]) + 587*float64(p[1]) + 114*float64(p[2])) / 1000
		}
		if y >= centre.Min.Y && y < centre.Max.Y {
			for _, g := range grey[centre.Min.X-left : centre.Max.X-left] {
				bright += g
			}
		}
		if y-1 >= inner.Min.Y && y-1 < inner.Max.Y {
			for x := inner.Min.X - left; x < inner.Max.X-left; x++ {
				l := 4*rows[1][x] - rows[1][x-1] - rows[1][x+1] - rows[0][x] - grey[x]
				sum, squares = sum+l, squares+l*l
			}
		}
	}
	n := float64(inner.Dx() * inner.Dy()) // 0/0 is NaN
	return Look{
		Sharpness:  max(0, squares/n-sum/n*(sum/n)),
		Brightness: bright / float64(centre.Dx()*centre.Dy()),
	}
}

// Scores are those of the rivals in the order of [Names]. Bytes is the size of the file: of the picture, or of the video that
// a face was cut from, as then the size of the picture is the lab's own doing. 0 is no file, of drawn faces, and gives NaN.
// Sharpness and brightness have six significant digits, as scores.csv grows by them for every face.
func (l Look) Scores(bytes int64) [Count]float64 {
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
	var mean Look
	for _, f := range c.Frames {
		look := NewLook(f.Image)
		mean.Sharpness += look.Sharpness / float64(len(c.Frames))
		mean.Brightness += look.Brightness / float64(len(c.Frames))
	}
	return mean.Scores(bytes)
}
