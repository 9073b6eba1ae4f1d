package face

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/internal/facetest"
)

// naive is NewLook by its definition, pixel by pixel, with two passes for the variance.
func naive(m *image.RGBA) (sharpness, brightness float64) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	grey := func(x, y int) float64 {
		c := m.RGBAAt(m.Rect.Min.X+x, m.Rect.Min.Y+y)
		return 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
	}
	var laplacian, values []float64
	for x := w / 4; x < w-w/4; x++ {
		for y := h / 4; y < h-h/4; y++ {
			values = append(values, grey(x, y))
			if x > 0 && y > 0 && x < w-1 && y < h-1 {
				laplacian = append(laplacian, 4*grey(x, y)-grey(x-1, y)-grey(x+1, y)-grey(x, y-1)-grey(x, y+1))
			}
		}
	}
	mean := func(list []float64) (total float64) {
		for _, v := range list {
			total += v
		}
		return total / float64(len(list))
	}
	middle := mean(laplacian)
	for i, l := range laplacian {
		laplacian[i] = (l - middle) * (l - middle)
	}
	return mean(laplacian), mean(values)
}

func TestLookByDefinition(t *testing.T) {
	for _, size := range [][2]int{{224, 224}, {64, 33}, {9, 8}, {5, 7}, {4, 4}, {3, 3}, {2, 9}, {1, 1}} {
		m := facetest.Noise(uint64(size[0]), size[0], size[1])
		got := NewLook(m)
		sharp, bright := naive(m)
		if near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, b) || math.IsNaN(a) && math.IsNaN(b) }; !near(got.Sharpness, sharp) || !near(got.Brightness, bright) {
			t.Errorf("%v: %+v, by definition %v and %v", size, got, sharp, bright)
		}
		if small := min(size[0], size[1]) < 3; math.IsNaN(got.Sharpness) != small {
			t.Errorf("%v: sharpness %v", size, got.Sharpness)
		}
	}
	// What lies outside of the centre and its neighbours has no part in it, and a picture may be a part of another.
	m := facetest.Noise(1, 40, 40)
	want := NewLook(m)
	for x := range 40 {
		for _, y := range []int{0, 8, 31, 39} {
			m.SetRGBA(x, y, color.RGBA{1, 2, 3, 255})
			m.SetRGBA(y, x, color.RGBA{1, 2, 3, 255})
		}
	}
	if got := NewLook(m); got != want {
		t.Errorf("%+v with another border, want %+v", got, want)
	}
	m.SetRGBA(9, 20, color.RGBA{1, 2, 3, 255}) // the neighbour of a pixel of the centre
	if got := NewLook(m); got.Sharpness == want.Sharpness || got.Brightness != want.Brightness {
		t.Errorf("%+v with another neighbour, before %+v", got, want)
	}
	part := NewLook(facetest.Noise(2, 80, 80).SubImage(image.Rect(20, 10, 61, 40)).(*image.RGBA))
	whole := image.NewRGBA(image.Rect(0, 0, 41, 30))
	for y := range 30 {
		for x := range 41 {
			whole.SetRGBA(x, y, facetest.Noise(2, 80, 80).RGBAAt(20+x, 10+y))
		}
	}
	if got := NewLook(whole); got != part {
		t.Errorf("a part of a picture has %+v, as a picture %+v", part, got)
	}
}
