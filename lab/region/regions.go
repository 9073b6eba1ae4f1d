// Package region divides a face into regions by its 68 landmarks and marks their pixels: a grid of cells, the official
// mesh of 13 polygons, the four parts of SLADD, and hulls of landmarks up to the whole face (spec section 2.3). [New]
// returns the strategy that a spec names. A [Mask] has weight 1 on a region's pixels and 0 elsewhere, as OpenCV fills
// polygons; making it soft is the matter of package discrepancy.
package region

import (
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Regions is a strategy that divides a face into places where a discrepancy can sit (spec section 2.3). Regions are
// numbered from 0 in the official order. A value never changes, so goroutines may share it.
type Regions interface {
	// Len is N_loc, the number of regions.
	Len() int
	// Name says in words where region i is, for labels in pictures.
	Name(i int) string
	// Mask marks region i of a face with weight 1, within bounds. Rect is as small as the region allows, and empty when
	// no pixel belongs to it: when the face lies outside bounds, or when landmarks are not 68 finite points or more.
	// Landmarks are rounded to whole pixels first, as polygons of the official code have integer corners.
	Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask
	// Mirror is the region that i becomes when the face is mirrored left to right.
	Mirror(i int) int
	// Distances is the symmetric table of graph distances between the regions under a metric of [spec.Distances], in
	// steps. The metrics differ on grids only; elsewhere a distance is the shortest path over neighbouring regions.
	Distances(metric string) ([][]int, error)
}

// New returns the strategy that d names. Its number of regions is d.Locations().
func New(d spec.Discrepancy) (Regions, error) {
	strategy, err := newStrategy(d)
	if err == nil && d.Whole > 0 {
		strategy = withWhole{strategy}
	}
	return strategy, err
}

func newStrategy(d spec.Discrepancy) (Regions, error) {
	switch d.Regions {
	case "grid":
		if d.Rows < 1 || d.Cols < 1 {
			return nil, fmt.Errorf("region: grid of %d×%d cells: want at least one row and one column", d.Rows, d.Cols)
		}
		return grid{rows: d.Rows, cols: d.Cols}, nil
	case "meshgrid":
		return meshgrid, nil
	case "sladd":
		return sladd{}, nil
	case "whole":
		return whole, nil
	case "dfl":
		return dfl, nil
	case "components":
		return components, nil
	case "extended":
		return extended, nil
	}
	return nil, fmt.Errorf("region: regions %q: want one of %q", d.Regions, spec.Regions)
}

// farthest bounds the pixels of landmarks, so that a wild landmark costs little time and cannot overflow the filler.
const farthest = 1 << 16

// pixels appends the landmarks, rounded to whole pixels, to dst. It returns nil when they are not 68 finite points or
// more.
func pixels(dst []image.Point, landmarks []face.Point) []image.Point {
	if len(landmarks) < face.Landmarks {
		return nil
	}
	for _, p := range landmarks {
		// The difference of an infinity with itself is NaN too.
		if math.IsNaN(p.X-p.X) || math.IsNaN(p.Y-p.Y) {
			return nil
		}
		dst = append(dst, pixel(p))
	}
	return dst
}

// pixel is the pixel that a finite point lies in.
func pixel(p face.Point) image.Point {
	whole := func(v float64) int { return int(math.Floor(min(max(v, -farthest), farthest) + 0.5)) }
	return image.Pt(whole(p.X), whole(p.Y))
}

// paths is the table of shortest path lengths of the graph in which neighbour(i, j) joins i and j.
func paths(n int, metric string, neighbour func(i, j int) bool) ([][]int, error) {
	if err := checkMetric(metric); err != nil {
		return nil, err
	}
	table := make([][]int, n)
	for from := range table {
		steps := make([]int, n)
		for i := range steps {
			steps[i] = -1
		}
		steps[from] = 0
		for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
			for to := range steps {
				if i := queue[0]; steps[to] < 0 && (neighbour(i, to) || neighbour(to, i)) {
					steps[to] = steps[i] + 1
					queue = append(queue, to)
				}
			}
		}
		table[from] = steps
	}
	return table, nil
}

func checkMetric(metric string) error {
	if !slices.Contains(spec.Distances, metric) {
		return fmt.Errorf("region: distance %q: want one of %q", metric, spec.Distances)
	}
	return nil
}
