package face

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// A turned face has its landmarks on the same pixels, whatever its sides, and four quarters give it back.
func TestTurn(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 7, 5))
	f := Face{Image: img}
	for i := range 35 {
		x, y := i%7, i/7
		img.SetRGBA(x, y, color.RGBA{R: uint8(i), G: 1, B: 2, A: 255})
		f.Landmarks = append(f.Landmarks, Point{X: float64(x), Y: float64(y)})
	}
	for quarters := range 9 {
		got := Turn(f, quarters)
		want := image.Pt(7, 5)
		if quarters%2 == 1 {
			want = image.Pt(5, 7)
		}
		if got.Image.Rect != (image.Rectangle{Max: want}) {
			t.Fatalf("%d quarters: %v, want %v", quarters, got.Image.Rect, want)
		}
		for i, p := range got.Landmarks {
			if c := got.Image.RGBAAt(int(p.X), int(p.Y)); c != (color.RGBA{R: uint8(i), G: 1, B: 2, A: 255}) {
				t.Errorf("%d quarters: landmark %d at %v is on %v", quarters, i, p, c)
			}
		}
		if back := Turn(got, 4-quarters%4); back.Landmarks[3] != f.Landmarks[3] || back.Image.RGBAAt(3, 0) != img.RGBAAt(3, 0) {
			t.Errorf("%d quarters and back: landmark 3 at %v", quarters, back.Landmarks[3])
		}
	}
	// Clockwise: what is at the top left comes to the top right.
	if got := Turn(f, 1).Landmarks[0]; got != (Point{X: 4, Y: 0}) {
		t.Errorf("a quarter takes the top left to %v, want (4, 0)", got)
	}
}

// Faces are turned upright from any direction, and bent heads are left alone.
func TestQuarters(t *testing.T) {
	upright := Template(image.Rect(0, 0, 100, 100))
	for degrees := -180; degrees < 180; degrees += 5 {
		sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
		turned := make([]Point, len(upright))
		for i, p := range upright {
			turned[i] = Point{X: p.X*cos - p.Y*sin, Y: p.X*sin + p.Y*cos} // clockwise, as y points down
		}
		quarters := Quarters(turned)
		left := math.Remainder(float64(degrees+90*quarters), 360)
		switch bent := math.Abs(float64(degrees)) <= 60; {
		case bent && quarters != 0:
			t.Errorf("%d°: %d quarters, want none", degrees, quarters)
		case !bent && math.Abs(left) > 46: // the template's eyes are not quite level
			t.Errorf("%d°: %d quarters leave %g°", degrees, quarters, left)
		}
	}
	if got := Quarters(nil); got != 0 {
		t.Errorf("no landmarks: %d quarters", got)
	}
}
