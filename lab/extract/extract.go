// Package extract cuts the faces out of the videos of a data set, once, and keeps them.
//
// An [Extractor] takes frames spread evenly over a video, finds the faces in each (package detect) and cuts a square
// around each face that counts, with its 68 landmarks. A [Cache] keeps what it finds:
//
//	DIR/digests.csv                                   the SHA-256 of the videos, by size and time of change
//	DIR/32frames-margin0.5-side448-1a2b3c4d/          one folder for each choice of parameters
//	    parameters.json
//	    ffpp_c40/manifest.csv                         the faces to test on, as datasets.OpenCrops reads them
//	    ffpp_c40/landmarks.csv                        the real faces to train on, as datasets.OpenReal reads them
//	    ffpp_c40/train.csv                            instead, for runs of frames, as datasets.OpenManifest reads them
//	    ffpp_c40/train-fakes.csv                      the faces to train on with fakes, likewise
//	    ffpp_c40/faces/Deepfakes/183_253-9f86d081884c7d65/
//	        faces.json                                what was found in the video
//	        000016-0.jpg                              frame 16, face 0
//
// The folder of a video is named by the digest of its file, so that another file, as other parameters or another version
// of the nets, never meets faces that are not its own. It is renamed into place when it is complete: whoever is stopped at
// any moment loses the video at hand and nothing else, and of two extractors that share a cache, on one machine or many,
// each takes the videos that the other has not.
package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Params are what faces depend on besides the video.
type Params struct {
	// Frames of a video, evenly spread over its time, or all if there are fewer. The field takes 30 to 32 in tests (spec
	// section 1.5).
	Frames int `json:"frames"`
	// Margin is the room around the detector's box on each side, in the longer of its sides: the crop is a square of 1 + 2·Margin
	// of them. The official code leaves half a height above and below, and a width at the sides (spec section 1.3).
	Margin float64 `json:"margin"`
	// Side is the largest side of a stored face in pixels; larger crops are scaled down to it.
	Side int `json:"side"`
	// Run is how many of the frames are consecutive: Frames / Run runs of that many frames each, whose middles are evenly spread.
	// 0 and 1 are single frames.
	Run int `json:"run,omitempty"`
	// Damage names what [Extractor.After] did to the frames before faces were looked for in them: small letters, digits and hyphens. ""
	// is nothing.
	Damage string `json:"damage,omitempty"`
}

// Default leaves about 230 pixels for what a network sees in a test, 1.3 sides of the landmarks' box.
var Default = Params{Frames: 32, Margin: 0.5, Side: 448, Run: 1}

// The bounds of [Params] are far beyond what is of use.
const (
	maxFrames = 1 << 16
	maxMargin = 4
	maxSide   = 1 << 12
)

func (p Params) check() error {
	switch {
	case p.Frames < 1 || p.Frames > maxFrames:
		return fmt.Errorf("extract: %d frames a video; want 1 to %d", p.Frames, maxFrames)
	case !(p.Margin >= 0 && p.Margin <= maxMargin):
		return fmt.Errorf("extract: margin %g; want 0 to %d sides of the face", p.Margin, maxMargin)
	case p.Side < 32 || p.Side > maxSide:
		return fmt.Errorf("extract: side %d; want 32 to %d pixels", p.Side, maxSide)
	case strings.ContainsFunc(p.Damage, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }):
		return fmt.Errorf("extract: damage %q; want small letters, digits and hyphens", p.Damage)
	case p.Run < 0 || p.Run > 1 && p.Frames%p.Run != 0:
		return fmt.Errorf("extract: %d frames in runs of %d consecutive ones; want a number of frames that is a multiple of the run, or runs of 1", p.Frames, p.Run)
	}
	return nil
}

// version counts the changes of this package and of packages detect and video that change which faces are cut, or a face. Since
// 2, small faces beside large ones count, faces that lie on their side are turned, and frames are as a player shows them. Since
// 3, landmarks are those of version 2 of package detect.
const version = 3

// recipe is all that the faces of a video depend on.
type recipe struct {
	Params
	Version  int    `json:"version"`
	Detector string `json:"detector"` // digests of the weights
	Mesh     string `json:"mesh"`
}

func (p Params) recipe() recipe {
	if p.Run == 1 {
		p.Run = 0 // which is left out, as before there were runs
	}
	return recipe{p, version, toolbox.CenterFace.MemberSHA256, toolbox.FaceMesh.MemberSHA256}
}

// Faces is what a record says of faces that are cut so.
func (p Params) Faces() store.Faces {
	f := Nets()
	f.Frames, f.Margin, f.Side, f.Cutting = p.Frames, p.Margin, p.Side, version
	if p.Run > 1 {
		f.Run = p.Run
	}
	return f
}

// Nets is what a record says of faces whose landmarks the lab's detector has found, wherever the pictures come from.
func Nets() store.Faces {
	return store.Faces{Detector: toolbox.CenterFace.ID(), Landmarks: fmt.Sprintf("%s, version %d", toolbox.FaceMesh.ID(), detect.Version)}
}

// folder is the name of the folder of the faces that are cut so.
func (r recipe) folder() (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("extract: %w", err)
	}
	sum := sha256.Sum256(text)
	run := ""
	if r.Run > 1 {
		run = fmt.Sprintf("-run%d", r.Run)
	}
	if r.Damage != "" {
		run += "-" + r.Damage
	}
	return fmt.Sprintf("%dframes%s-margin%g-side%d-%s", r.Frames, run, r.Margin, r.Side, hex.EncodeToString(sum[:4])), nil
}
