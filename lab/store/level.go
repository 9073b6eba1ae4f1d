package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/version"
)

// The levels of a [Test]: what one score of it is of.
const (
	LevelVideo  = "video"  // the mean over its frames of the most anomalous face in each
	LevelPerson = "person" // a person in a video: the mean over their faces there
	LevelFrame  = "frame"  // its most anomalous face
	LevelFace   = "face"   // each scored face
)

// meanFaces calls the levels of a record as they are called now: of numerics up to 0.5.0 what was called a frame was a face.
func meanFaces(r *Record) {
	var major, minor int
	if n, _ := fmt.Sscanf(version.NumericsOf(r.Versions), "%d.%d", &major, &minor); n != 2 || major > 0 || minor > 5 {
		return
	}
	if slices.ContainsFunc(r.Tests, func(t Test) bool { return t.Level == LevelFace }) {
		return
	}
	for i := range r.Tests {
		if t := &r.Tests[i]; t.Level == LevelFrame {
			t.Level, t.NoFigure = LevelFace, strings.ReplaceAll(t.NoFigure, LevelFrame, LevelFace)
		}
	}
}
