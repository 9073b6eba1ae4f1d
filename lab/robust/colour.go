package robust

import (
	"image"
	"math"
	"math/rand/v2"
)

// each sets every pixel of a new opaque picture to what of makes of it.
func each(img *image.RGBA, of func(r, g, b float32) (float32, float32, float32)) *image.RGBA {
	size := img.Rect.Size()
	out := image.NewRGBA(img.Rect)
	for y := range size.Y {
		from, to := img.Pix[y*img.Stride:][:4*size.X], out.Pix[y*out.Stride:][:4*size.X]
		for x := 0; x < len(from); x += 4 {
			r, g, b := of(float32(from[x]), float32(from[x+1]), float32(from[x+2]))
			to[x], to[x+1], to[x+2], to[x+3] = truncated(r), truncated(g), truncated(b), 255
		}
	}
	return out
}

// truncated clips to 0…255 and cuts the fraction off, as the field's code does.
func truncated(v float32) uint8 { return uint8(min(max(v, 0), 255)) }

// rounded clips to 0…255 and rounds.
func rounded(v float64) uint8 { return uint8(min(max(v, 0), 255) + .5) }

// split gives luma and the differences of colour in levels of 8 bits.
func split(r, g, b float32) (y, cb, cr float32) {
	y = float32(.299*r) + float32(.587*g) + float32(.114*b)
	return y, .564 * (b - y), .713 * (r - y)
}

func join(y, cb, cr float32) (r, g, b float32) {
	return y + float32(1.403*cr), y - float32(.714*cr) - float32(.344*cb), y + float32(1.773*cb)
}

// saturation scales the differences of colour. The field's code scales them around a half, and neutral is 128 of 255, so that greys lose
// a level of red and of blue.
func saturation(img *image.RGBA, factor float64, _ *rand.Rand) (*image.RGBA, error) {
	f, off := float32(factor), float32((1-factor)*(128./255-.5)*255/224)
	return each(img, func(r, g, b float32) (float32, float32, float32) {
		y, cb, cr := split(r, g, b)
		return join(y, float32(f*cb)-off, float32(f*cr)-off)
	}), nil
}

// contrast scales towards black, not towards the mean, as the field's code does.
func contrast(img *image.RGBA, factor float64, _ *rand.Rand) (*image.RGBA, error) {
	f := float32(factor)
	return each(img, func(r, g, b float32) (float32, float32, float32) { return r * f, g * f, b * f }), nil
}

func noise(img *image.RGBA, variance float64, draws *rand.Rand) (*image.RGBA, error) {
	return addNoise(img, variance, draws.NormFloat64), nil
}

// addNoise adds normal noise of a variance to Y, Cb and Cr in studio range, as shares of it. normal gives Y, Cb, Cr of pixel after pixel.
func addNoise(img *image.RGBA, variance float64, normal func() float64) *image.RGBA {
	s := 255 * 255 * math.Sqrt(variance)
	return each(img, func(r, g, b float32) (float32, float32, float32) {
		y, cb, cr := split(r, g, b)
		y += float32(normal() * s / 219)
		cb += float32(normal() * s / 224)
		cr += float32(normal() * s / 224)
		return join(y, cb, cr)
	})
}
