package detector

import (
	"context"
	"fmt"
	"math"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
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
	// Box is where the face was found in a picture: left, top, right and bottom, in pixels of the picture as it is seen. Faces
	// is how many were found there and scored, Small how many more are too small, and Unclear how many are not surely faces.
	Box     []int `json:"box,omitempty"`
	Faces   int   `json:"faces,omitempty"`
	Small   int   `json:"faces_too_small,omitempty"`
	Unclear int   `json:"faces_unclear,omitempty"`
	// Crop tells that the picture was taken as a crop around one face, as test sets have them.
	Crop bool `json:"crop,omitempty"`
	// Meaning is what Score says of a face, at the default rates; nil where the detector has no Points, and without a face.
	Meaning *operating.Meaning `json:"meaning,omitempty"`
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
	r := Result{
		Found: true, Score: d.Score(d.Record.Score, rows), Name: d.Record.Score, Fallback: c.Frames[0].Fallback,
		Synthetic: d.Record.Train.Synthetic, Face: c.Frames[0],
	}
	if d.Points != nil {
		m := d.Points.Meaning(r.Score, operating.Default)
		r.Meaning = &m
	}
	return r
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
