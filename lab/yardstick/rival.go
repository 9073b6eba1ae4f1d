package yardstick

import (
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/rival"
)

// A Rival is what anybody can tell of a picture.
type Rival struct {
	Name string
	Look func(f face.Face) float64 // larger is rather fake
	// unusual: it is rather fake what lies far from the mean of its rung, which finds that either copy was changed.
	unusual bool
}

// Rivals are all rivals: less sharp in the middle, darker, corners of unusual sharpness. What one of them finds, a detector may have
// found and nothing else. No mask reaches the corners, so that they are at 0.5 or the reference has a shortcut; the middle of a fake
// is less sharp than that of its real face, as that of deepfakes is, and is to be beaten.
func Rivals() []Rival {
	return []Rival{
		{Name: "sharpness", Look: func(f face.Face) float64 { return rival.Scores(face.NewLook(f.Image), 0)[0] }},
		{Name: "brightness", Look: func(f face.Face) float64 { return rival.Scores(face.NewLook(f.Image), 0)[1] }},
		{Name: "corners", Look: func(f face.Face) float64 { return corners(f.Image) }, unusual: true},
	}
}

// corners is the logarithm of the mean sharpness of the four corners of a picture.
func corners(img *image.RGBA) float64 {
	sum, size := 0.0, img.Rect.Size()
	square := image.Rect(0, 0, size.X/4, size.Y/4)
	for _, at := range []image.Point{{}, {size.X - square.Dx(), 0}, {0, size.Y - square.Dy()}, size.Sub(square.Max)} {
		sum += face.NewLook(img.SubImage(square.Add(at)).(*image.RGBA)).Sharpness
	}
	return math.Log1p(sum / 4)
}

// Scores are those of the rival for what it saw.
func (r Rival) Scores(looks Scores) Scores {
	if !r.unusual {
		return looks
	}
	out := make(Scores, len(looks))
	for i := range looks {
		out[i] = make([][Sides]float64, len(rungs))
	}
	for rung := range rungs {
		mean := 0.0
		for _, of := range looks {
			for _, v := range of[rung] {
				mean += v / float64(len(looks)*Sides)
			}
		}
		for i, of := range looks {
			for side, v := range of[rung] {
				out[i][rung][side] = math.Abs(v - mean)
			}
		}
	}
	return out
}
