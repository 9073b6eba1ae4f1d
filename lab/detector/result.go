package detector

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/face/detect"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
)

// Result is what a detector says of something that it was shown.
type Result struct {
	File string `json:"file,omitempty"`
	// Found tells that there was a face. Without one there is no score.
	Found bool `json:"found"`
	// Score is larger for what is more likely fake; it is not a probability. NaN without a face.
	Score    float64 `json:"score"`
	Name     string  `json:"name"`     // which score it is
	Fallback bool    `json:"fallback"` // the landmarks are not those of the face but a mean shape
	// Synthetic tells that the detector was trained on faces drawn by code: it knows nothing about photographs.
	Synthetic bool `json:"synthetic"`
	// Similarities are the cosines of the K variants with their own prototypes, label by label; nil for methods without
	// variants, and where nobody asked for an explanation. Places are those of the face, also where it is looked at mirrored.
	Similarities []float64   `json:"similarities,omitempty"`
	Map          *method.Map `json:"-"` // where in the face; nil for methods without maps, and where nobody asked
	Face         face.Face   `json:"-"` // that was scored
}

// result is what the rows of a clip say.
func (d *Detector) result(c face.Clip, rows []method.Row) Result {
	return Result{
		Found: true, Score: d.Score(d.Record.Score, rows), Name: d.Record.Score, Fallback: c.Frames[0].Fallback,
		Synthetic: d.Record.Train.Synthetic, Face: c.Frames[0],
	}
}

// nothing is the result where there is no face.
func (d *Detector) nothing() Result {
	return Result{Score: math.NaN(), Name: d.Record.Score, Synthetic: d.Record.Train.Synthetic}
}

// Face scores one face. The same pixels and landmarks have the same score.
func (d *Detector) Face(ctx context.Context, f face.Face) (Result, error) {
	return d.Clip(ctx, face.Still(f))
}

// Clip scores one clip. The same pixels and landmarks have the same score.
func (d *Detector) Clip(ctx context.Context, c face.Clip) (Result, error) {
	rows, err := d.Rows(ctx, d.Record.Score, c)
	if err != nil {
		return Result{}, fmt.Errorf("detector: %w", err)
	}
	return d.result(c, rows), nil
}

// Image looks for faces in a picture and scores the largest; Found is false where there is none.
func (d *Detector) Image(ctx context.Context, picture *image.RGBA) (Result, error) {
	finder, err := d.finder()
	if err != nil {
		return Result{}, err
	}
	found, err := finder.Faces(picture)
	if errors.Is(err, detect.ErrNoFace) {
		return d.nothing(), nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("detector: %w", err)
	}
	largest := found[0]
	for _, f := range found[1:] {
		if f.Box.Area() > largest.Box.Area() {
			largest = f
		}
	}
	return d.Face(ctx, face.Face{Image: picture, Landmarks: largest.Landmarks})
}

// File scores the largest face of a picture, or the faces of a video or of a folder of frames as [Detector.Video] does.
func (d *Detector) File(ctx context.Context, path string) (Result, error) {
	picture, err := face.Open(path)
	if err == nil {
		r, err := d.Image(ctx, picture)
		if err != nil {
			return Result{}, fmt.Errorf("%w (%s)", err, path)
		}
		r.File = path
		return r, nil
	}
	footage, wrong := OpenFootage(ctx, d.env, path)
	if wrong != nil {
		return Result{}, errors.Join(err, wrong)
	}
	r := d.nothing()
	r.File = path
	v, err := d.Video(ctx, footage)
	if errors.Is(err, detect.ErrNoFace) {
		return r, nil
	}
	if err != nil {
		return Result{}, err
	}
	r.Found, r.Score = true, v.Score
	return r, nil
}

// Explain scores one clip and says where in it: the map of its method, if it has one.
func (d *Detector) Explain(ctx context.Context, c face.Clip) (Result, error) {
	// The score may do without some samples, but the map needs them.
	rows, err := d.Rows(ctx, method.AllScores, c)
	if err != nil {
		return Result{}, fmt.Errorf("detector: %w", err)
	}
	r := d.result(c, rows)
	if p, ok := method.As[method.Prototyped](d.Method); ok {
		r.Similarities = p.Similarities(rows)
	}
	if e, ok := method.As[method.Explainer](d.Method); ok {
		m, err := e.Explain(c, rows, d.Fit)
		if err != nil {
			return Result{}, fmt.Errorf("detector: %w", err)
		}
		r.Map = &m
	}
	return r, nil
}

// Crops explains picture files, each taken as a crop around one face. A file that cannot be read is an error in strict mode;
// otherwise it is left out and the reason is among skipped.
func (d *Detector) Crops(ctx context.Context, files ...string) (out []Result, skipped []string, err error) {
	for _, file := range files {
		f, err := datasets.Load(datasets.Item{Dataset: "files", File: filepath.Base(file), Path: file, Frame: -1})
		if err != nil && d.env.Mode == datasets.Skip {
			// What wraps the cause names a data set, and there is none.
			skipped = append(skipped, fmt.Sprintf("%s: %v", file, errors.Unwrap(err)))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		r, err := d.Explain(ctx, face.Still(f))
		if err != nil {
			return nil, nil, fmt.Errorf("%w (%s)", err, file)
		}
		r.File = file
		out = append(out, r)
	}
	return out, skipped, nil
}

// Items explains faces of data sets, drawn ones too. A face that cannot be read is an error.
func (d *Detector) Items(ctx context.Context, items ...datasets.Item) ([]Result, error) {
	var out []Result
	for _, it := range items {
		f, err := datasets.Load(it)
		if err != nil {
			return nil, err
		}
		r, err := d.Explain(ctx, face.Still(f))
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, it.ID())
		}
		r.File = it.File
		out = append(out, r)
	}
	return out, nil
}

// All is [Detector.Read] of a whole source, for those who need it at once. A clip that cannot be read is an error.
func (d *Detector) All(ctx context.Context, clips source.Source, score string) (rows [][]method.Row, err error) {
	read, err := d.Read(ctx, clips, 0, clips.Len(), score)
	for i, r := range read {
		if r.Err != nil && err == nil {
			err = fmt.Errorf("detector: %s: %w", nameOf(clips, i), r.Err)
		}
		rows = append(rows, r.Rows)
	}
	return rows, err
}
