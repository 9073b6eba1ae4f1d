package region

import (
	"fmt"
	"image"

	"github.com/seeable-lab/seeable/lab/face"
)

// grid divides the box of the first 68 landmarks into rows × cols cells, each cut by the landmarks' convex hull.
//
// Cells are numbered row by row. With dx = ⌈width/cols⌉ and dy = ⌈height/rows⌉ cell (r, c) starts at
// (⌊xmin + dx·c⌋, ⌊ymin + dy·r⌋) and is dx+1 by dy+1 pixels, so neighbours share a line and all cells together are the
// hull. The grid follows the axes of the image: a rolled head is not turned back.
type grid struct{ rows, cols int }

func (g grid) Len() int { return g.rows * g.cols }

func (g grid) Name(i int) string { return fmt.Sprintf("row %d, col %d", i/g.cols+1, i%g.cols+1) }

func (g grid) Mask(i int, landmarks []face.Point, bounds image.Rectangle) Mask {
	var room [96]image.Point
	points := pixels(room[:0], landmarks)
	if points == nil {
		return Mask{}
	}
	points = points[:face.Landmarks]
	var corners [face.Landmarks]image.Point
	return fill(hull(corners[:0], points), g.cell(i, points).Intersect(bounds), convexOutline)
}

// cell is the rectangle of cell i before the hull cuts it.
func (g grid) cell(i int, points []image.Point) image.Rectangle {
	box := image.Rectangle{Min: points[0], Max: points[0]}
	for _, p := range points {
		box.Min.X, box.Min.Y = min(box.Min.X, p.X), min(box.Min.Y, p.Y)
		box.Max.X, box.Max.Y = max(box.Max.X, p.X), max(box.Max.Y, p.Y)
	}
	dx, dy := (box.Dx()+g.cols-1)/g.cols, (box.Dy()+g.rows-1)/g.rows
	corner := box.Min.Add(image.Pt(i%g.cols*dx, i/g.cols*dy))
	// Both ends belong to the cell, and Max of an image.Rectangle does not.
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(dx+1, dy+1))}
}

func (g grid) Mirror(i int) int { return i/g.cols*g.cols + g.cols - 1 - i%g.cols }

func (g grid) Distances(metric string) ([][]int, error) {
	if err := checkMetric(metric); err != nil {
		return nil, err
	}
	table := make([][]int, g.Len())
	for i := range table {
		table[i] = make([]int, g.Len())
		for j := range table[i] {
			rows, cols := distance(i/g.cols, j/g.cols), distance(i%g.cols, j%g.cols)
			table[i][j] = rows + cols
			if metric == "chebyshev" {
				table[i][j] = max(rows, cols)
			}
		}
	}
	return table, nil
}

func distance(a, b int) int { return max(a-b, b-a) }
