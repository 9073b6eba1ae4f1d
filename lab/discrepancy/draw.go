package discrepancy

import (
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/spec"
)

// A Draw holds every random choice of one soft discrepancy. Applying the same draw to the same face gives the same
// image, so tests and test-time variants can fix it.
type Draw struct {
	Label        int  // class of the discrepancy: type·N_loc + region (spec section 2.2)
	Region       int  // which region of the strategy
	Outside      bool // the perturbed pixels are those outside the region instead of those inside
	Perturbation Perturbation
	Deformation  Deformation
	Feather      Feather
}

// A Perturbation changes colours (the spatial domain), detail (the frequency domain), or both in this order, as in
// SBI. Its zero value with Strength 1 leaves an image as it is.
type Perturbation struct {
	Colour    Colour
	Downscale int     // ratio by which detail is thrown away; 0 for none
	Sharpen   float64 // weight α of the sharpened image, in [0, 1]; 0 for none. Ignored with Downscale
	Lightness float64 // l of the sharpening kernel, whose centre is 8 + l
	Strength  float64 // g of face + g·(perturbed − face); 1 is official
}

// A Colour shifts channels in RGB, then in HSV, then changes brightness and contrast, each in 8 bits as albumentations
// and OpenCV do.
type Colour struct {
	RGB        [3]float64 // levels added to red, green and blue
	ThroughHSV bool       // the colour goes to 8-bit HSV and back, which alone changes it by a level or two
	HSV        [3]float64 // 8-bit units (hue of 180) added to hue, saturation and value
	Brightness float64    // share of 255 that is added
	Contrast   float64    // relative contrast: levels are multiplied by 1 + Contrast
}

// A Deformation moves and scales source and region together, then bends the region (spec section 2.4).
type Deformation struct {
	Translate [2]float64 // shares of the image's width and height
	Scale     [2]float64 // factors around the image's centre; 0 means 1
	Elastic   Elastic
}

// A Feather turns a region into a blend mask: erosion, blur and ratio (spec section 2.5), in pixels of a mask that has
// Size whatever the size of the image. Its zero value gives no pixel any weight.
type Feather struct {
	Size  [2]int  // width and height of the mask, official 192 to 256; 0 means 224
	Erode int     // odd size of the first blur's kernel, which works as an erosion
	Blur  int     // odd size of the second blur's kernel
	Sigma float64 // of the second blur; 0 means OpenCV's choice for its size
	Ratio float64 // largest weight of the mask, in [0, 1]
}

// harden makes a mask as much less soft as factor makes the perturbation stronger: official kernels take most of a small
// cell away, and a network that never saw whole cells does not learn to find what is left of them.
func (f Feather) harden(factor float64) Feather {
	odd := func(kernel int) int { return 1 + 2*int(math.Round(float64(kernel-1)/2/factor)) }
	f.Erode, f.Blur, f.Ratio = odd(f.Erode), odd(f.Blur), min(1, f.Ratio*factor)
	return f
}

// newDraw draws the discrepancy of a region and type. The order of the draws is part of the format: changing it changes
// every run.
func newDraw(d spec.Discrepancy, kind string, strength float64, rng *rand.Rand) Draw {
	var out Draw
	switch d.Side {
	case "outside":
		out.Outside = true
	case "random":
		out.Outside = rng.IntN(2) == 1
	}
	if kind != "frequency" {
		out.Perturbation.Colour = drawColour(colourRange{
			d.RGBShift, d.RGBShiftP, d.HSVShift, 1, d.Brightness, d.Contrast, 1,
		}, rng)
	}
	if kind != "spatial" {
		out.Perturbation.drawDetail(d, rng)
	}
	out.Perturbation.Strength = strength
	out.Deformation = Deformation{
		Translate: [2]float64{spread(rng, d.Translate[0]), spread(rng, d.Translate[1])},
		Scale:     [2]float64{1 + spread(rng, d.Scale), 1 + spread(rng, d.Scale)},
		Elastic:   Elastic{Seed: rng.Uint64(), Alpha: d.Elastic, Sigma: d.ElasticSig},
	}
	out.Feather = drawFeather(d, rng)
	return out
}

// drawDetail draws one of downscaling and sharpening.
func (p *Perturbation) drawDetail(d spec.Discrepancy, rng *rand.Rand) {
	sharpens := d.SharpAlpha[1] > 0
	if len(d.Downscale) > 0 && (!sharpens || rng.IntN(2) == 0) {
		p.Downscale = d.Downscale[rng.IntN(len(d.Downscale))]
	} else if sharpens {
		p.Sharpen = between(rng, d.SharpAlpha)
		p.Lightness = between(rng, d.SharpLight)
	}
}

func drawFeather(d spec.Discrepancy, rng *rand.Rand) Feather {
	odd := func() int { return d.Kernel[0] + 2*rng.IntN((d.Kernel[1]-d.Kernel[0])/2+1) }
	return Feather{
		Size:  [2]int{192 + rng.IntN(65), 192 + rng.IntN(65)},
		Erode: odd(),
		Blur:  odd(),
		Sigma: float64(5 + rng.IntN(41)),
		Ratio: d.Ratios[rng.IntN(len(d.Ratios))],
	}
}

// colourRange is the distribution of a [Colour].
type colourRange struct {
	rgb, rgbP            float64
	hsv, hsvP            float64 // a negative hsv switches it off
	brightness, contrast float64
	contrastP            float64
}

func drawColour(r colourRange, rng *rand.Rand) Colour {
	var c Colour
	if r.rgb > 0 && rng.Float64() < r.rgbP {
		c.RGB = [3]float64{spread(rng, r.rgb), spread(rng, r.rgb), spread(rng, r.rgb)}
	}
	if r.hsv >= 0 && rng.Float64() < r.hsvP {
		c.ThroughHSV = true
		c.HSV = [3]float64{spread(rng, r.hsv), spread(rng, r.hsv), spread(rng, r.hsv)}
	}
	if rng.Float64() < r.contrastP {
		c.Brightness, c.Contrast = spread(rng, r.brightness), spread(rng, r.contrast)
	}
	return c
}

// spread is uniform in [−limit, limit).
func spread(rng *rand.Rand, limit float64) float64 { return limit * (2*rng.Float64() - 1) }

func between(rng *rand.Rand, r [2]float64) float64 { return r[0] + (r[1]-r[0])*rng.Float64() }

// scale is the deformation's factor along an axis.
func (d Deformation) scale(axis int) float64 {
	if s := d.Scale[axis]; s > 0 && !math.IsInf(s, 0) {
		return s
	}
	return 1
}
