package detector

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/extract"
)

// A video that shows several persons has a score of each, and the highest of those who are seen often enough.
func TestTellApart(t *testing.T) {
	at := func(track, x int) extract.Face {
		return extract.Face{Track: track, Square: image.Rect(x, 0, x+100, 100), Length: 50, Turned: track}
	}
	v := VideoScore{Score: 2}
	for i := range 8 {
		frame := FrameScore{Faces: []float64{1, 3}, faces: []extract.Face{at(0, 0), at(1, 500)}}
		if i == 7 {
			frame.Faces, frame.faces = append(frame.Faces, 99), append(frame.faces, at(2, 900)) // in one frame only
		}
		v.Frames = append(v.Frames, frame)
	}
	v.tellApart()
	want := []Person{{1, 1, 8, 50, 50, 50}, {2, 3, 8, 550, 50, 50}, {3, 99, 1, 950, 50, 50}}
	if !slices.Equal(v.Persons, want) || v.Score != 3 || v.Turned != 9 || !slices.Equal(v.Frames[7].Persons, []int{1, 2, 3}) {
		t.Errorf("%+v, score %g, %d turned, %v; want %+v, 3, 9, 1 2 3", v.Persons, v.Score, v.Turned, v.Frames[7].Persons, want)
	}
	// Of one person the score stays the mean over the frames.
	v = VideoScore{Score: 0.3, Frames: []FrameScore{{Faces: []float64{0.1}, faces: []extract.Face{at(0, 0)}}, {}, {Faces: []float64{0.5}, faces: []extract.Face{at(3, 700)}}}}
	v.tellApart()
	if len(v.Persons) != 1 || v.Score != 0.3 || math.Abs(v.Persons[0].Score-0.3) > 1e-15 || v.Persons[0].Frames != 2 {
		t.Errorf("%+v, score %g; want one person of 2 frames, 0.3", v.Persons, v.Score)
	}
}
