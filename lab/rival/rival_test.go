package rival

import (
	"image"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/facetest"
)

// What is blurred, darker or smaller scores higher.
func TestSigns(t *testing.T) {
	m := facetest.Noise(3, 32, 32)
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
	if got := Scores(face.Look{Sharpness: 1234.56789, Brightness: 0.0123456789}, 1234567); got != [Count]float64{-1234.57, -0.0123457, -1234567} {
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
