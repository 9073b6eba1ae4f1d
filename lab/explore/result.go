package explore

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/figure/curves"
)

// HeatMap shows where in the face the detector found what it scores, as its method explains it. It fails for methods without
// maps.
func HeatMap(s detector.Result, title string) (figure.Cells, error) {
	if s.Map == nil {
		return figure.Cells{}, fmt.Errorf("explore: no heat map of %s: its detector has no maps", s.File)
	}
	m := s.Map
	cells := figure.Cells{
		Title: title, Label: m.Label, Image: m.Image, Landmarks: m.Marks, Synthetic: s.Synthetic, Regions: m.Regions, Side: m.Side, Values: m.Values,
	}
	// A square is read by its extremes, so one scale serves all faces; regions differ too little for that.
	if m.Side > 0 {
		cells.Low, cells.High = m.Low, m.High
	}
	return cells, nil
}

// Timeline shows the scores of the frames; the most telling ones are numbered.
func Timeline(v *detector.VideoScore) curves.Timeline {
	t := curves.Timeline{
		Title: filepath.Base(v.File), Score: v.Name, Reference: v.Reference, Synthetic: v.Synthetic,
		// The frames of a folder have no times.
		Untimed: len(v.Frames) > 1 && v.Frames[len(v.Frames)-1].Second == 0,
	}
	for _, f := range v.Frames {
		point := curves.Frame{Second: f.Second, Score: math.NaN()}
		if f.Score != nil {
			point.Score = *f.Score
		}
		if t.Untimed {
			point.Second = float64(f.Frame)
		}
		t.Frames = append(t.Frames, point)
	}
	for i, f := range v.Telling {
		t.Frames[f.At].Mark = fmt.Sprint(i + 1)
	}
	return t
}
