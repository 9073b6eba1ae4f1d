package face_test

import (
	"errors"
	"fmt"
	"image"

	"github.com/seeable-lab/seeable/lab/face"
)

// A crop without landmarks gets those of a mean face, and says so.
func Example() {
	picture := image.NewRGBA(image.Rect(0, 0, 190, 190))
	f := face.Face{
		Image:     picture,
		Landmarks: face.Template(face.CropBox(picture.Bounds(), 1.9)),
		Fallback:  true,
	}
	small, err := face.Crop(f, image.Rect(20, 20, 170, 170), 64)
	if err != nil {
		fmt.Println(err)
		return
	}
	chin := small.Landmarks[8]
	fmt.Printf("chin at (%.1f, %.1f) of %v\n", chin.X, chin.Y, small.Image.Bounds().Max)

	small.Landmarks = make([]face.Point, face.Landmarks)
	fmt.Println(errors.Is(face.Check(small), face.ErrDegenerate))
	// Output:
	// chin at (31.5, 57.3) of (64,64)
	// true
}
