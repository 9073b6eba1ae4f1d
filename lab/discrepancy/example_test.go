package discrepancy_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// A grey picture with a mean face laid into it: one cell of 4 × 4 gets darker or brighter, and the label tells which.
func Example() {
	img := image.NewRGBA(image.Rect(0, 0, 128, 128))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	f := face.Face{Image: img, Landmarks: face.Template(img.Rect.Inset(16))}

	s := spec.Default()
	s.Discrepancy.Side = "inside"
	g, err := discrepancy.New(s.Discrepancy, spec.Augment{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var w discrepancy.Workspace
	dst := image.NewRGBA(img.Rect)
	label, err := g.Sample(dst, f, 5, 1, stream.New(1, "example"), &w)
	if err != nil {
		fmt.Println(err)
		return
	}
	region, kind, _ := g.Class(label)
	fmt.Println(kind, "at", g.Regions().Name(region))

	var changed image.Rectangle
	for y := range 128 {
		for x := range 128 {
			if dst.RGBAAt(x, y) != img.RGBAAt(x, y) {
				changed = changed.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	fmt.Println("changed:", changed)
	// Output:
	// spatial at row 2, col 2
	// changed: (39,38)-(67,68)
}
