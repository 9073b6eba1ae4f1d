package run

import (
	"fmt"
	"iter"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/method"
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

func scoreColumn(m method.Method, score string) int { return slices.Index(m.Scores(), score) }
