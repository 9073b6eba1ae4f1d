package run

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
)

// measure makes the rows of a set's table, as package evaluation makes them of scores.csv later.
func measure(set datasets.Set, items iter.Seq[store.Item], column int, fallback float64) ([]store.Test, error) {
	tests, err := evaluation.Tests(items, column)
	if err != nil {
		return nil, fmt.Errorf("run: %s: %w", set.Name, err)
	}
	for i := range tests {
		tests[i].Fallback = fallback
	}
	return tests, nil
}

// columns are the names of the scores of faces: those of the method, then those of the rivals.
func columns(m method.Method) []string { return append(slices.Clone(m.Scores()), rival.Names()...) }

func scoreColumn(m method.Method, score string) int { return slices.Index(m.Scores(), score) }

// measureRivals measures the trivial rivals on the videos of a set that have a score in column.
func measureRivals(items iter.Seq[store.Item], m method.Method, column int) (all []store.Rival, err error) {
	rivals, err := evaluation.PoolRivals(items, columns(m))
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	sets, err := evaluation.Pool(func(yield func(store.Item, error) bool) {
		for it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}, column)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	for _, s := range sets {
		found, err := s.Rivals(rivals)
		if err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// watched are clips whose frames rivals look at when a detector reads them.
type watched struct {
	*source.Set
	scores [][rival.Count]float64 // of the part of the clips that is read
}

func (w watched) look(i int) *[rival.Count]float64 { return &w.scores[i%len(w.scores)] }

// Clip implements [source.Source]. Each clip is read once.
func (w watched) Clip(ctx context.Context, i int) (face.Clip, error) {
	c, err := w.Set.Clip(ctx, i)
	if err != nil {
		*w.look(i) = [rival.Count]float64{}
		return c, err
	}
	*w.look(i) = rival.OfClip(c, w.Item(i).FileSize())
	return c, nil
}
