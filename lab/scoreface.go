package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
)

// FaceScore is what a detector says of one image.
type FaceScore struct {
	File     string  `json:"file"`
	Score    float64 `json:"score"` // larger means more likely fake; not a probability
	Name     string  `json:"name"`  // which score it is
	Fallback bool    `json:"fallback"`
	// Similarities are the cosines of the K variants with their own prototypes, label by label; nil for methods without
	// variants.
	Similarities []float64 `json:"similarities,omitempty"`
	// Regions are the mean similarities of the types of each region, to be drawn over Face.
	Regions []float64          `json:"-"`
	Masks   []discrepancy.Mask `json:"-"`
	Face    face.Face          `json:"-"`
}

// Score scores image files, each taken as a crop around one face. A file that cannot be read is an error of a strict lab;
// otherwise it is left out and the reason is among skipped.
func (l *Lab) Score(ctx context.Context, r *Run, files ...string) (out []FaceScore, skipped []string, err error) {
	d, err := l.detector(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	// The one-pass score does not need the variants, but the heat map does.
	variants := r.Record.Score
	if variants == "onepass" {
		variants = "cosine"
	}
	for _, file := range files {
		f, err := datasets.Load(datasets.Item{Dataset: "files", File: filepath.Base(file), Path: file, Frame: -1})
		if err != nil && l.mode == datasets.Skip {
			// What wraps the cause names a data set, and there is none.
			skipped = append(skipped, fmt.Sprintf("%s: %v", file, errors.Unwrap(err)))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		evidence, err := l.evidence(ctx, "scoring", d, variants, []face.Face{f}, []string{filepath.Base(file)})
		if err != nil {
			return nil, nil, fmt.Errorf("lab: %s: %w", file, err)
		}
		score := FaceScore{
			File: file, Name: r.Record.Score, Fallback: f.Fallback, Face: f,
			Score: d.method.Score(r.Record.Score, evidence[0], d.calibration),
		}
		if seeable, ok := d.method.(*method.SeeABLE); ok {
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
		}
		out = append(out, score)
	}
	return out, skipped, nil
}
