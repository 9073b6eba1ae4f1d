package detector

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
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

// Files scores image files, each taken as a crop around one face. A file that cannot be read is an error in strict mode;
// otherwise it is left out and the reason is among skipped.
func (d *Detector) Files(ctx context.Context, e *env.Env, files ...string) (out []FaceScore, skipped []string, err error) {
	for _, file := range files {
		f, err := datasets.Load(datasets.Item{Dataset: "files", File: filepath.Base(file), Path: file, Frame: -1})
		if err != nil && e.Mode == datasets.Skip {
			// What wraps the cause names a data set, and there is none.
			skipped = append(skipped, fmt.Sprintf("%s: %v", file, errors.Unwrap(err)))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		score, err := d.scoreFace(ctx, e, f, file, filepath.Base(file))
		if err != nil {
			return nil, nil, err
		}
		out = append(out, score)
	}
	return out, skipped, nil
}

// Items scores faces of data sets, drawn ones too. A face that cannot be read is an error.
func (d *Detector) Items(ctx context.Context, e *env.Env, items ...datasets.Item) ([]FaceScore, error) {
	var out []FaceScore
	for _, it := range items {
		f, err := datasets.Load(it)
		if err != nil {
			return nil, err
		}
		score, err := d.scoreFace(ctx, e, f, it.File, it.ID())
		if err != nil {
			return nil, err
		}
		out = append(out, score)
	}
	return out, nil
}

// scoreFace scores one face; id makes its draws.
func (d *Detector) scoreFace(ctx context.Context, e *env.Env, f face.Face, file, id string) (FaceScore, error) {
	// The score may do without some variants, but the heat map needs them.
	evidence, err := d.Evidence(ctx, e, "scoring", AllVariants, []face.Face{f}, []string{id})
	if err != nil {
		return FaceScore{}, fmt.Errorf("lab: %s: %w", file, err)
	}
	score := FaceScore{
		File: file, Name: d.Record.Score, Fallback: f.Fallback, Face: f,
		Score:     d.Score(d.Record.Score, evidence[0]),
		Synthetic: d.Record.Train.Synthetic,
	}
	seeable, ok := d.Method.(*method.SeeABLE)
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
