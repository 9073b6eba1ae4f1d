package terminal

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/explore"
)

// ScoredVideo is a scored video and where its pictures are.
type ScoredVideo struct {
	*detector.VideoScore
	Timeline string         `json:"timeline,omitempty"` // "" if it could not be drawn
	Telling  []TellingFrame `json:"telling"`
}

// TellingFrame is one of the frames that look most wrong.
type TellingFrame struct {
	Frame  int     `json:"frame"`
	Second float64 `json:"second"`
	detector.Result
	Heat string `json:"heat,omitempty"`
}

// DrawVideo writes the timeline of a scored video and the heat maps of its most telling frames, as PNG files under the names
// that names gives.
func DrawVideo(score *detector.VideoScore, names *Outputs) (ScoredVideo, error) {
	file := score.File
	v := ScoredVideo{VideoScore: score, Timeline: names.path(file, ".timeline.png")}
	if err := writePNG(v.Timeline, explore.Timeline(score)); err != nil {
		return ScoredVideo{}, err
	}
	for _, face := range score.Telling {
		at := score.Frames[face.At]
		t := TellingFrame{Frame: at.Frame, Second: at.Second, Result: face.Result}
		if face.Map != nil {
			t.Heat = names.path(file, fmt.Sprintf(".frame-%d.heat.png", at.Frame))
			title := fmt.Sprintf("%s, frame %d", filepath.Base(file), at.Frame)
			if err := writeHeat(t.Heat, title, face.Result); err != nil {
				return ScoredVideo{}, err
			}
		}
		v.Telling = append(v.Telling, t)
	}
	return v, nil
}

// PrintVideo prints the score of a video, a line for each of its frames, and where its pictures are.
func PrintVideo(w io.Writer, v ScoredVideo) {
	fmt.Fprintf(w, "%s: %.4f (%s), the mean of %d frames with a face of %d\n", v.File, v.Score, v.Name, v.Found, len(v.Frames))
	if v.Problem != "" {
		fmt.Fprintf(w, "  not all of it: %s\n", v.Problem)
	}
	for _, f := range v.Frames {
		fmt.Fprintf(w, "  frame %6d at %7.2f s  ", f.Frame, f.Second)
		if f.Score == nil {
			fmt.Fprint(w, "no face")
		} else {
			fmt.Fprintf(w, "%.4f", *f.Score)
		}
		if len(f.Faces) > 1 {
			fmt.Fprintf(w, "  (%d faces)", len(f.Faces))
		}
		fmt.Fprintln(w)
	}
	if v.Timeline != "" {
		fmt.Fprintf(w, "  timeline: %s\n", v.Timeline)
	}
	for _, t := range v.Telling {
		fmt.Fprintf(w, "  looks most wrong: frame %d at %.2f s, %.4f", t.Frame, t.Second, t.Result.Score)
		if t.Heat != "" {
			fmt.Fprintf(w, ", heat map: %s", t.Heat)
		}
		fmt.Fprintln(w)
	}
}
