package method

import (
	"errors"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
)

// appendLooks appends the looks at a face whose samples are the face itself: as tests crop it, and its mirror image if flip says so.
func (m *sampling) appendLooks(dst *Samples, c face.Clip, flip bool) error {
	view, err := m.lookAt(c)
	if err != nil {
		return err
	}
	dst.Images = discrepancy.AppendRGB(dst.Images, view.Image)
	if flip {
		dst.Images = discrepancy.AppendRGB(dst.Images, face.Mirror(view).Image)
	}
	return nil
}

// AppendLooks appends the face of a clip to dst, cropped as [Crops.Look] does, and its mirror image if flip says so.
func (c Crops) AppendLooks(dst *Samples, clip face.Clip, flip bool) error {
	return c.appendLooks(dst, clip, flip)
}

// Square is the map of a clip that [Crops.AppendLooks] appended: value makes those of the map, in [0, 1], of those in one output of its
// rows, a square by rows. What was seen in the mirror image is mirrored back, and both are averaged.
func (c Crops) Square(label string, clip face.Clip, rows []Row, output int, value func(x float64) float64) (Map, error) {
	view, err := c.Look(clip)
	if err != nil {
		return Map{}, err
	}
	if len(rows) == 0 {
		return Map{}, errors.New("method: a map wants the rows of a face, found none")
	}
	side := int(math.Round(math.Sqrt(float64(len(rows[0][output])))))
	values := make([]float64, side*side)
	for i, row := range rows {
		for at, x := range row[output] {
			if i == 1 { // of the mirror image
				at += side - 1 - 2*(at%side)
			}
			values[at] += value(float64(x)) / float64(len(rows))
		}
	}
	return Map{Label: label, Image: view.Image, Marks: view.Landmarks, Side: side, Values: values, High: 1}, nil
}

// LogOdds are those of the second of two classes, [B, 1], by their logits [B, 2].
func LogOdds(logits *Node) *Node {
	return Sub(Slice(logits, AxisRange(), AxisRange(1, 2)), Slice(logits, AxisRange(), AxisRange(0, 1)))
}

// Mean is the mean of a value over rows.
func Mean(rows []Row, value func(row Row) float64) float64 {
	total := 0.0
	for _, row := range rows {
		total += value(row)
	}
	return total / float64(len(rows))
}
