package lab

import (
	"context"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/explore"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/figure/curves"
	"github.com/seeable-lab/seeable/lab/run"
)

// FaceScore is what a detector says of one image.
type FaceScore = detector.Result

// VideoScore is what a detector says of a video.
type VideoScore = detector.VideoScore

// FrameScore is what a detector says of a frame.
type FrameScore = detector.FrameScore

// TellingFace is a face that says much of its video.
type TellingFace = detector.TellingFace

// Skipped is a file without a score, and why.
type Skipped = detector.Skipped

// Unscored is the [Skipped] of a file for which [Lab.ScoreVideo] failed.
func Unscored(file string, err error) Skipped { return detector.Unscored(file, err) }

// IsPicture tells whether a file is for [Lab.Score], and not for [Lab.ScoreVideo], by its content.
func IsPicture(file string) bool { return detector.IsPicture(file) }

// Score looks for faces in picture files and scores each ([detector.Detector.Picture]); a picture that is a crop around one
// face is scored as those of test sets are. A file without a score is an error of a strict lab; otherwise it is left out and
// among skipped, with the reason.
func (l *Lab) Score(ctx context.Context, r *Run, files ...string) (out []FaceScore, skipped []Skipped, err error) {
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	return d.Pictures(ctx, files...)
}

// ScoreCrops is Score without looking for faces: each picture is taken as a crop around one, with the landmarks of a mean face.
func (l *Lab) ScoreCrops(ctx context.Context, r *Run, files ...string) (out []FaceScore, skipped []Skipped, err error) {
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	return d.Crops(ctx, files...)
}

// ScoreItems scores faces of data sets, drawn ones too. A face that cannot be read is an error.
func (l *Lab) ScoreItems(ctx context.Context, r *Run, items ...datasets.Item) ([]FaceScore, error) {
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Items(ctx, items...)
}

// ScoreVideo scores a video file, or a folder of frames: the faces in frames that are spread evenly over it, cut as
// [WithFaces] says. A video without a face on any of them is an error that wraps [detect.ErrNoFace]. A damaged video is
// scored as far as it can be read, except by a strict lab.
func (l *Lab) ScoreVideo(ctx context.Context, r *Run, path string) (*VideoScore, error) {
	footage, err := detector.OpenFootage(ctx, l.env, path)
	if err != nil {
		return nil, err
	}
	d, err := run.Detector(ctx, l.env, r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Video(ctx, footage)
}

// HeatMap shows where in the face the detector found what it scores, as its method explains it. It fails for methods without
// maps.
func HeatMap(s FaceScore, title string) (figure.Cells, error) { return explore.HeatMap(s, title) }

// Timeline shows the scores of the frames; the most telling ones are numbered.
func Timeline(v *VideoScore) curves.Timeline { return explore.Timeline(v) }
