package lab

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/method"
)

// FaceScore is what a detector says of one image.
type FaceScore struct {
	File     string  `json:"file"`
	Score    float64 `json:"score"` // larger means more likely fake; not a probability
	Name     string  `json:"name"`  // which score it is
	Fallback bool    `json:"fallback"`
	// Synthetic tells that the detector was trained on faces drawn by code: it knows nothing about photographs.
	Synthetic bool `json:"synthetic"`
	// Similarities are the cosines of the K variants with their own prototypes, label by label; nil for methods without
	// variants.
	Similarities []float64 `json:"similarities,omitempty"`
	// Regions are the mean similarities of the types of each region, to be drawn over Face.
	Regions []float64          `json:"-"`
	Masks   []discrepancy.Mask `json:"-"`
	Face    face.Face          `json:"-"`
}

// HeatMap shows which regions of the face the detector recognised least: how near, on average, the variants with a
// discrepancy in a region came to their own prototypes. A region that holds most of the face is left out, as it would hide
// the others. It fails for methods without variants.
func (s FaceScore) HeatMap(title string) (figure.Cells, error) {
	if s.Regions == nil {
		return figure.Cells{}, fmt.Errorf("lab: no heat map of %s: its detector has no regions", s.File)
	}
	var face image.Rectangle
	for _, m := range s.Masks {
		face = face.Union(m.Rect)
	}
	c := figure.Cells{Title: title, Label: "mean cosine", Image: s.Face.Image, Landmarks: s.Face.Landmarks, Synthetic: s.Synthetic}
	for i, m := range s.Masks {
		if 2*m.Rect.Dx()*m.Rect.Dy() <= face.Dx()*face.Dy() || len(s.Masks) == 1 {
			c.Regions, c.Values = append(c.Regions, m), append(c.Values, s.Regions[i])
		}
	}
	return c, nil
}

// Score scores image files, each taken as a crop around one face. A file that cannot be read is an error of a strict lab;
// otherwise it is left out and the reason is among skipped.
func (l *Lab) Score(ctx context.Context, r *Run, files ...string) (out []FaceScore, skipped []string, err error) {
	d, err := l.detector(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		f, err := datasets.Load(datasets.Item{Dataset: "files", File: filepath.Base(file), Path: file, Frame: -1})
		if err != nil && l.env.Mode == datasets.Skip {
			// What wraps the cause names a data set, and there is none.
			skipped = append(skipped, fmt.Sprintf("%s: %v", file, errors.Unwrap(err)))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		score, err := l.scoreFace(ctx, r, d, f, file, filepath.Base(file))
		if err != nil {
			return nil, nil, err
		}
		out = append(out, score)
	}
	return out, skipped, nil
}

// ScoreItems scores faces of data sets, drawn ones too. A face that cannot be read is an error.
func (l *Lab) ScoreItems(ctx context.Context, r *Run, items ...datasets.Item) ([]FaceScore, error) {
	d, err := l.detector(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []FaceScore
	for _, it := range items {
		f, err := datasets.Load(it)
		if err != nil {
			return nil, err
		}
		score, err := l.scoreFace(ctx, r, d, f, it.File, it.ID())
		if err != nil {
			return nil, err
		}
		out = append(out, score)
	}
	return out, nil
}

// scoreFace scores one face; id makes its draws.
func (l *Lab) scoreFace(ctx context.Context, r *Run, d *detector, f face.Face, file, id string) (FaceScore, error) {
	// The score may do without some variants, but the heat map needs them.
	evidence, err := d.evidence(ctx, l.env, "scoring", allVariants, []face.Face{f}, []string{id})
	if err != nil {
		return FaceScore{}, fmt.Errorf("lab: %s: %w", file, err)
	}
	score := FaceScore{
		File: file, Name: r.Record.Score, Fallback: f.Fallback, Face: f,
		Score:     d.score(r.Record.Score, evidence[0]),
		Synthetic: r.Record.Train.Synthetic,
	}
	seeable, ok := d.method.(*method.SeeABLE)
	if !ok {
		return score, nil
	}
	score.Similarities = seeable.Similarities(evidence[0])
	regions := seeable.Regions()
	for i := range regions.Len() {
		score.Masks = append(score.Masks, regions.Mask(i, f.Landmarks, f.Image.Rect))
		mean, n := 0.0, 0.0
		for k := i; k < len(score.Similarities); k += regions.Len() {
			mean, n = mean+score.Similarities[k], n+1
		}
		score.Regions = append(score.Regions, mean/n)
	}
	return score, nil
}
