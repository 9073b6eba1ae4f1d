package detect_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
)

// Cut the largest face out of a photo, as wide as a net is trained on.
func Example() {
	d, err := detect.Open(context.Background(), os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	photo, err := face.Open("photo.jpg")
	if err != nil {
		log.Fatal(err)
	}
	found, err := d.Faces(photo)
	if errors.Is(err, detect.ErrNoFace) {
		fmt.Println("nobody there")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	whole := face.Face{Image: photo, Landmarks: found[0].Landmarks}
	crop, err := face.Crop(whole, face.WideMargins.Around(found[0].Box), 256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(crop.Landmarks), "landmarks in", crop.Image.Rect)
}

// A download that brought a web page instead of weights.
func ExampleNew() {
	_, err := detect.New([]byte("<html>404 not found</html>"), nil)
	fmt.Println(err)
	// Output:
	// detect: CenterFace: onnx: field 7 has wire type 4, which ONNX does not use
}
