package networks

import (
	"fmt"
	"math"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// probe appends the face of a clip, as tests look at it, and its mirror image when the spec says so.
func probe(crops method.Crops, s spec.Spec, dst *method.Samples, c face.Clip) error {
	view, err := crops.Look(c)
	if err != nil {
		return err
	}
	dst.Images = discrepancy.AppendRGB(dst.Images, view.Image)
	if s.Score.Flip {
		dst.Images = discrepancy.AppendRGB(dst.Images, face.Mirror(view).Image)
	}
	return nil
}

// squareMap is the map of a clip that [probe] appended, of values in [0, 1] that are made of those in one output of its rows, a square
// by rows. What was seen in the mirror image is mirrored back.
func squareMap(label string, crops method.Crops, c face.Clip, rows []method.Row, output int, value func(x float64) float64) (method.Map, error) {
	view, err := crops.Look(c)
	if err != nil {
		return method.Map{}, err
	}
	if len(rows) == 0 {
		return method.Map{}, fmt.Errorf("networks: a map wants the rows of a face, found none")
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
	return method.Map{Label: label, Image: view.Image, Marks: view.Landmarks, Side: side, Values: values, High: 1}, nil
}
