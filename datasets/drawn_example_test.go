package datasets_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Who imports the package of this file can name the data set "plain".
func init() { datasets.RegisterDrawn("plain", plain) }

// plain is a data set of faces of one colour each.
func plain(seed uint64) (train, test datasets.Set) {
	train = datasets.Set{Name: "plain", Synthetic: true}
	for i := range 40 {
		name := fmt.Sprintf("person_%02d", i)
		train.Items = append(train.Items, datasets.Item{
			Dataset: "plain", Method: "real", Video: name, Identity: name, File: name,
			Draw: func() face.Face {
				m := image.NewRGBA(image.Rect(0, 0, 64, 64))
				draw.Draw(m, m.Rect, image.NewUniform(color.Gray{Y: uint8(seed) + uint8(i)}), image.Point{}, draw.Src)
				return face.Face{Image: m, Landmarks: face.Template(image.Rect(16, 20, 48, 56))}
			},
		})
	}
	return train, datasets.Set{Name: "plain", Synthetic: true} // nothing to test on
}

// A data set of one's own, drawn by code, in one file.
func ExampleRegisterDrawn() {
	train, held, _, err := datasets.Train("", spec.Data{Train: []string{"plain"}, Holdout: 0.25}, 1, datasets.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := datasets.Load(train.Items[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(train.Items)+len(held.Items), "faces,", train.Items[0].ID(), f.Image.Rect.Max)
	// Output: 40 faces, plain/real/person_00:person_00 (64,64)
}
