package swap_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/swap"
)

// A bright striped face is pasted into a dark grey one by a mask that is soft at its sides: the stripes come, their brightness
// does not.
func Example() {
	dark := image.NewRGBA(image.Rect(0, 0, 8, 4))
	draw.Draw(dark, dark.Rect, image.NewUniform(color.Gray{60}), image.Point{}, draw.Src)
	striped := image.NewRGBA(dark.Rect)
	for y := range 4 {
		for x := range 8 {
			striped.Set(x, y, color.Gray{uint8(190 + 20*(x%2))})
		}
	}
	mask := region.Mask{Rect: image.Rect(1, 1, 7, 3), Weight: []float32{.25, .5, 1, 1, .5, .25, .25, .5, 1, 1, .5, .25}}

	var w swap.Workspace
	used, err := w.Paste(dark, striped, swap.Transform{A: 1}, mask, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("blended within", used.Rect)
	for y := range 4 {
		for x := range 8 {
			fmt.Printf("%4d", dark.RGBAAt(x, y).R)
		}
		fmt.Println()
	}
	// Output:
	// blended within (1,1)-(7,3)
	//   60  60  60  60  60  60  60  60
	//   60  62  55  70  50  65  57  60
	//   60  62  55  70  50  65  57  60
	//   60  60  60  60  60  60  60  60
}
