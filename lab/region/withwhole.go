package region

import (
	"image"

	"github.com/seeable-lab/seeable/lab/face"
)

// withWhole is a strategy with the whole face as its last region (ours): a deepfake replaces more than a cell, and a
// network that never saw a seam around the face does not look for one.
type withWhole struct{ Regions }

func (w withWhole) Len() int { return w.Regions.Len() + 1 }

func (w withWhole) last(i int) bool { return i == w.Regions.Len() }

func (w withWhole) Name(i int) string {
	if w.last(i) {
		return "whole face"
	}
	return w.Regions.Name(i)
}

func (w withWhole) Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask {
	if w.last(i) {
		return whole.Mask(0, landmarks, bounds)
	}
	return w.Regions.Mask(i, landmarks, bounds)
}

func (w withWhole) Mirror(i int) int {
	if w.last(i) {
		return i
	}
	return w.Regions.Mirror(i)
}

// Distances has the whole face one step from every region, as it overlaps them all. It is no short cut: the other regions
// keep the distances that they have without it.
func (w withWhole) Distances(metric string) ([][]int, error) {
	inner, err := w.Regions.Distances(metric)
	if err != nil {
		return nil, err
	}
	n := w.Len()
	table := make([][]int, n)
	for i := range table {
		table[i] = make([]int, n)
		for j := range table[i] {
			switch {
			case i == j:
			case w.last(i) || w.last(j):
				table[i][j] = 1
			default:
				table[i][j] = inner[i][j]
			}
		}
	}
	return table, nil
}
