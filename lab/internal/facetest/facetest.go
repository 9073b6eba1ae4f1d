// Package facetest draws pictures for tests.
package facetest

import (
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Ellipse is a picture of size × size pixels of an ellipse as large as a face, with soft shading and edges, on a ground with grain.
func Ellipse(size int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	rng := stream.New(7, "paint")
	scale := float64(size) / 256
	for y := range size {
		for x := range size {
			u, v := (float64(x)+0.5)/scale-128, (float64(y)+0.5)/scale-148
			base := [3]float64{70, 90, 110}
			if u*u/4900+v*v/3800 < 1 {
				shade := 1 - (u*u+v*v)/16000 + 0.15*math.Sin(u/6)*math.Sin(v/5)
				base = [3]float64{214 * shade, 160 * shade, 132 * shade}
			}
			grain := 6 * (rng.Float64() - 0.5)
			p := img.Pix[img.PixOffset(x, y):]
			for c := range 3 {
				p[c] = uint8(min(max(base[c]+grain, 0), 255))
			}
			p[3] = 255
		}
	}
	return img
}

// Noise is an opaque picture of random colours.
func Noise(seed uint64, w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	rng := stream.New(seed, "noise")
	for i := range m.Pix {
		if m.Pix[i] = uint8(rng.IntN(256)); i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}
