package rival

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

func noise(seed uint64, w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	rng := stream.New(seed, "noise")
	for i := range m.Pix {
		if m.Pix[i] = uint8(rng.IntN(256)); i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

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
		m := noise(uint64(size[0]), size[0], size[1])
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
	m := noise(1, 40, 40)
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
	part := NewLook(noise(2, 80, 80).SubImage(image.Rect(20, 10, 61, 40)).(*image.RGBA))
	whole := image.NewRGBA(image.Rect(0, 0, 41, 30))
	for y := range 30 {
		for x := range 41 {
			whole.SetRGBA(x, y, noise(2, 80, 80).RGBAAt(20+x, 10+y))
		}
	}
	if got := NewLook(whole); got != part {
		t.Errorf("a part of a picture has %+v, as a picture %+v", part, got)
	}
}

// What is blurred, darker or smaller scores higher.
func TestSigns(t *testing.T) {
	m := noise(3, 32, 32)
	blurred, darker := image.NewRGBA(m.Rect), image.NewRGBA(m.Rect)
	for i := range m.Pix {
		darker.Pix[i] = m.Pix[i] / 2
		blurred.Pix[i] = m.Pix[i]
		if x := i / 4 % 32; x > 0 {
			blurred.Pix[i] = uint8((int(m.Pix[i-4]) + int(m.Pix[i])) / 2)
		}
	}
	of := func(m *image.RGBA, bytes int64) [Count]float64 {
		return OfClip(face.Still(face.Face{Image: m}), bytes)
	}
	real := of(m, 1000)
	if s := of(blurred, 1000)[0]; !(s > real[0]) {
		t.Errorf("blurred %v, sharp %v", s, real[0])
	}
	if s := of(darker, 1000)[1]; !(s > real[1]) {
		t.Errorf("dark %v, bright %v", s, real[1])
	}
	if got := (Look{Sharpness: 1234.56789, Brightness: 0.0123456789}).Scores(1234567); got != [Count]float64{-1234.57, -0.0123457, -1234567} {
		t.Errorf("scores %v, want six digits of what is measured", got)
	}
	if s := of(m, 999)[2]; !(s > real[2]) || real[2] != -1000 {
		t.Errorf("small %v, large %v", s, real[2])
	}
	if s := of(m, 0)[2]; !math.IsNaN(s) {
		t.Errorf("without a file: %v, want NaN", s)
	}
	clip := OfClip(face.Clip{Frames: []face.Face{{Image: m}, {Image: darker}}}, 5)
	dark := of(darker, 5)
	for i, want := range [Count]float64{(real[0] + dark[0]) / 2, (real[1] + dark[1]) / 2, -5} {
		if math.Abs(clip[i]-want) > 1e-5*math.Abs(want) {
			t.Errorf("%s of a clip is %v, want the mean over its frames, %v", Names()[i], clip[i], want)
		}
	}
}

func TestNames(t *testing.T) {
	want := []string{"sharpness", "brightness", "file size"}
	for i, name := range Names() {
		if !Is(name) || Label(name) != want[i] {
			t.Errorf("%q is %q, want %q", name, Label(name), want[i])
		}
	}
	if len(Names()) != Count || Is("cosine") || Is("size") {
		t.Error("others are rivals too")
	}
}
