package terminal

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/explore"
	"github.com/seeable-lab/seeable/lab/extract"
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
	if len(v.Persons) > 1 {
		fmt.Fprintf(w, "%s: %.4f (%s), the highest of %d persons; %d frames with a face of %d\n", v.File, v.Score, v.Name, len(v.Persons), v.Found, len(v.Frames))
	} else {
		fmt.Fprintf(w, "%s: %.4f (%s), the mean of %d frames with a face of %d\n", v.File, v.Score, v.Name, v.Found, len(v.Frames))
	}
	for _, p := range v.Persons {
		if len(v.Persons) > 1 {
			fmt.Fprintf(w, "  person %d: %.4f, in %d frames, at first around x %d, y %d, %.0f pixels\n", p.Person, p.Score, p.Frames, p.X, p.Y, p.Length)
		}
		if p.Length < extract.Smallest {
			fmt.Fprintf(w, "  a face of %.0f pixels tells little: want %d or more\n", p.Length, extract.Smallest)
		}
	}
	if v.Turned > 0 {
		fmt.Fprintf(w, "  %d faces lie on their side: they were turned upright\n", v.Turned)
	}
	if v.Small > 0 {
		fmt.Fprintf(w, "  left out: %d faces under %d pixels beside larger ones, in all frames\n", v.Small, extract.Smallest)
	}
	fmt.Fprintf(w, "  not looked for: faces under about %d pixels beside larger ones\n", v.Smallest)
	if v.Unclear > 0 {
		fmt.Fprintf(w, "  left out: %d that are not surely faces, in all frames\n", v.Unclear)
	}
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
			for i, score := range f.Faces {
				fmt.Fprintf(w, "  person %d %.4f", f.Persons[i], score)
			}
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
