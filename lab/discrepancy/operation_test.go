package discrepancy

import (
	"image"
	"testing"
)

// operations.json holds what albumentations 1.3.1 and OpenCV 4.10 make of a small picture.
type peerImage struct {
	Width, Height int
	Image         []byte
	Cases         []struct {
		Name       string
		Image      []byte
		Parameters struct {
			RGB, HSV                                         *[3]float64
			Translate, Scale                                 any
			Brightness, Contrast, Alpha, Lightness, Resample float64
			Ratio                                            int
		}
	}
}

func (p peerImage) picture(rgb []byte) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

func TestOperationsMatchThePeer(t *testing.T) {
	var peer peerImage
	golden(t, "testdata/operations.json", &peer)
	src := peer.picture(peer.Image)
	var w Workspace
	for i, c := range peer.Cases {
		p := c.Parameters
		want := peer.picture(c.Image)
		got := image.NewRGBA(src.Rect)
		colour := Colour{Brightness: p.Brightness, Contrast: p.Contrast}
		if p.RGB != nil {
			colour.RGB = *p.RGB
		}
		if p.HSV != nil {
			colour.ThroughHSV, colour.HSV = true, *p.HSV
		}
		numbers := func(v any) (pair [2]float64) {
			for i, n := range v.([]any) {
				pair[i] = n.(float64)
			}
			return pair
		}
		// How far a level and the mean of all may be off. Colours are the peer's but for ties in HSV to RGB; sharpening rounds
		// ties up, not to even. Interpolation rounds to whole levels after each direction; OpenCV keeps 11 bits, and its warps
		// know only 32 places between pixels.
		var worst int
		var mostMean float64
		switch c.Name {
		case "rgb_shift", "contrast", "colour":
			perturb(got, src, &Perturbation{Colour: colour, Strength: 1}, &w)
		case "hsv_shift":
			worst, mostMean = 1, 0.002
			perturb(got, src, &Perturbation{Colour: colour, Strength: 1}, &w)
		case "downscale":
			worst, mostMean = 1, 0.3
			perturb(got, src, &Perturbation{Downscale: p.Ratio, Strength: 1}, &w)
		case "sharpen":
			worst, mostMean = 1, 0.2
			perturb(got, src, &Perturbation{Sharpen: p.Alpha, Lightness: p.Lightness, Strength: 1}, &w)
		case "resample":
			worst, mostMean = 2, 0.65
			copyPixels(got, src)
			Augmentation{Resample: p.Scale.(float64)}.Apply(got, &w)
		case "affine":
			worst, mostMean = 4, 0.4
			d := Deformation{Translate: numbers(p.Translate), Scale: numbers(p.Scale)}
			all := blendMask{rect: src.Rect, weights: make([]int32, src.Rect.Dx()*src.Rect.Dy())}
			for i := range all.weights {
				all.weights[i] = full
			}
			w.blendMask = all
			w.paste(target{got.Pix, got.Stride, 4}, src, nil, d)
			for i := range got.Rect.Dx() * got.Rect.Dy() {
				got.Pix[4*i+3] = 255
			}
		default:
			t.Fatalf("case %q is unknown", c.Name)
		}
		var sum, most int
		for j := range want.Pix {
			d := distance(int(got.Pix[j]), int(want.Pix[j]))
			sum, most = sum+d, max(most, d)
		}
		mean := float64(sum) / float64(3*peer.Width*peer.Height)
		if most > worst || mean > mostMean {
			t.Errorf("case %d, %s: differs by up to %d, in the mean by %.3f, want at most %d, %.3f", i, c.Name, most, mean,
				worst, mostMean)
		}
	}
}
