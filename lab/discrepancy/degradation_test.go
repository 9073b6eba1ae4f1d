package discrepancy

import (
	"bytes"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// phases are the mean differences between neighbours along x, by the place of the right one modulo 8.
func phases(img *image.RGBA) (mean [8]float64) {
	var n [8]float64
	for y := range img.Rect.Dy() {
		for x := 1; x < img.Rect.Dx(); x++ {
			a, b := img.Pix[img.PixOffset(x-1, y)+1], img.Pix[img.PixOffset(x, y)+1]
			mean[x&7] += math.Abs(float64(a) - float64(b))
			n[x&7]++
		}
	}
	for i := range mean {
		mean[i] /= n[i]
	}
	return mean
}

// grid is the mean difference between neighbours across the borders of blocks of 8 over that at other places (section 4.1 of the
// specification of hard fakes).
func grid(img *image.RGBA) float64 {
	mean, others := phases(img), 0.0
	for _, d := range mean[1:] {
		others += d / 7
	}
	return mean[0] / others
}

// degraded is a painted face after a degradation.
func degraded(d Degradation, size int, w *Workspace) *image.RGBA {
	img := paint(size).Image
	Augmentation{Degradation: d}.Apply(img, w)
	return img
}

// Degraded pictures of the network's size have no grid, which JPEG at that size leaves; it is what training with augment.scale
// sees.
func TestDegradedPicturesHaveNoGrid(t *testing.T) {
	a := spec.Augment{Scale: [2]float64{1.5, 3}}
	var w Workspace
	var found, atSize []float64
	untouched := 0
	const n = 80
	plain, img := paint(128).Image, image.NewRGBA(image.Rect(0, 0, 128, 128))
	own := grid(plain)
	for seed := range n {
		copyPixels(img, plain)
		DrawAugmentation(a, stream.New(1, seed)).Apply(img, &w)
		found = append(found, grid(img)/own)
		if bytes.Equal(img.Pix, plain.Pix) {
			untouched++
		}
		copyPixels(img, plain)
		Augmentation{JPEG: 20 + seed%76}.Apply(img, &w)
		atSize = append(atSize, grid(img)/own)
	}
	slices.Sort(found)
	slices.Sort(atSize)
	t.Logf("grid, over that of the face as it is: degraded %.3f (5 %% to 95 %%: %.3f to %.3f), JPEG at the input's size %.3f", found[n/2], found[n/20], found[n-n/20], atSize[n/2])
	if found[n/2] < 0.95 || found[n/2] > 1.05 {
		t.Errorf("degraded pictures have a grid of %.3f, want 0.95 to 1.05", found[n/2])
	}
	if atSize[n/2] < 1.15 {
		t.Errorf("JPEG at the input's size has a grid of %.3f: the test shows nothing", atSize[n/2])
	}
	if untouched < n/8 || untouched > n*3/8 {
		t.Errorf("%d of %d are as they were, want about a quarter", untouched, n)
	}
}

// The blocks lie where the shift says.
func TestDegradationShiftsTheGrid(t *testing.T) {
	var w Workspace
	for shift := range 8 {
		mean := phases(degraded(Degradation{Scale: 1, JPEG: 5, Shift: [2]int{shift, 3}}, 96, &w))
		at := 0
		for i := range mean {
			if mean[i] > mean[at] {
				at = i
			}
		}
		if want := (8 - shift) % 8; at != want {
			t.Errorf("shift %d: borders at %d modulo 8, want %d (%.2f)", shift, at, want, mean)
		}
	}
}

// The blur is the convolution with a Gaussian whose weights sum to 1, cut at 3σ, with what lies inside of the picture.
func TestDegradationBlurs(t *testing.T) {
	const n, sigma = 40, 1.1
	var w Workspace
	src, got := paint(n).Image, degraded(Degradation{Scale: 1, Blur: sigma}, n, &w)
	for y := range n {
		for x := range n {
			for c := range 3 {
				sum, total := 0.0, 0.0
				for v := range n {
					for u := range n {
						dx, dy := float64(u-x), float64(v-y)
						if math.Abs(dx) > 3*sigma || math.Abs(dy) > 3*sigma {
							continue
						}
						weight := math.Exp(-(dx*dx + dy*dy) / (2 * sigma * sigma))
						sum, total = sum+weight*float64(src.Pix[src.PixOffset(u, v)+c]), total+weight
					}
				}
				if is := float64(got.Pix[got.PixOffset(x, y)+c]); math.Abs(is-sum/total) > 1 {
					t.Fatalf("pixel (%d, %d), channel %d: %v, want %.2f", x, y, c, is, sum/total)
				}
			}
		}
	}
}

// Noise has its deviation, in all channels the same where it is grey, and is a function of its seed.
func TestDegradationIsNoisy(t *testing.T) {
	var w, other Workspace
	for _, grey := range []bool{false, true} {
		d := Degradation{Scale: 1, Noise: 6, Grey: grey, Seed: 5}
		src, got := paint(128).Image, degraded(d, 128, &w)
		if !bytes.Equal(got.Pix, degraded(d, 128, &other).Pix) {
			t.Error("one seed, two noises")
		}
		d.Seed++
		if bytes.Equal(got.Pix, degraded(d, 128, &w).Pix) {
			t.Error("two seeds, one noise")
		}
		var squares, differ, n float64
		for i := 0; i < len(src.Pix); i += 4 {
			if slices.Min(src.Pix[i:i+3]) < 30 || slices.Max(src.Pix[i:i+3]) > 225 {
				continue // clipped
			}
			red, blue := float64(got.Pix[i])-float64(src.Pix[i]), float64(got.Pix[i+2])-float64(src.Pix[i+2])
			squares, differ, n = squares+red*red, differ+math.Abs(red-blue), n+1
		}
		if deviation := math.Sqrt(squares / n); math.Abs(deviation-6) > 0.3 {
			t.Errorf("grey %t: deviation %.2f, want 6", grey, deviation)
		}
		if (differ == 0) != grey {
			t.Errorf("grey %t: channels differ by %.2f levels", grey, differ/n)
		}
	}
}

// Scaled up and down alone, a picture stays nearly as it is, at any size; resized on the way it loses detail.
func TestDegradationScales(t *testing.T) {
	var w Workspace
	away := func(d Degradation, size int) float64 {
		src, got := paint(size).Image, degraded(d, size, &w)
		total := 0.0
		for i, v := range src.Pix {
			total += math.Abs(float64(v)-float64(got.Pix[i])) / float64(len(src.Pix))
		}
		return total
	}
	if d := away(Degradation{Scale: 1}, 64); d != 0 {
		t.Errorf("scaled by 1 a picture is %.2f levels away", d)
	}
	for _, size := range []int{33, 128} {
		kept := away(Degradation{Scale: 2}, size)
		for filter := range filters {
			if lost := away(Degradation{Scale: 1.5, Resize: 0.4, Filter: filter}, size); kept > 2 || lost < 1.2*kept || lost > 12 {
				t.Errorf("size %d, filter %d: %.2f levels away when resized, %.2f when not", size, filter, lost, kept)
			}
		}
	}
}

// Draws use their ranges, and what is drawn before them does not depend on them.
func TestDrawDegradation(t *testing.T) {
	s := spec.Default().Augment
	s.JPEGP, s.ResampleP = 0.5, 0.5
	with := s
	with.Scale = [2]float64{1.5, 3}
	const n = 8000
	var none, blur, noisy, grey, resized, jpeg float64
	filtered := [3]float64{}
	for seed := range n {
		before, after := DrawAugmentation(s, stream.New(2, seed)), DrawAugmentation(with, stream.New(2, seed))
		d := after.Degradation
		if after.Degradation = (Degradation{}); before != after {
			t.Fatalf("draw %d: %+v with the key, %+v without", seed, after, before)
		}
		if d == (Degradation{}) {
			none++
			continue
		}
		within := func(what string, v, low, high float64) {
			if v != 0 && (v < low || v > high) {
				t.Fatalf("draw %d: %s %v, want it in [%v, %v]", seed, what, v, low, high)
			}
		}
		within("scale", d.Scale, 1.5, 3)
		within("blur", d.Blur, 0.3, 1.2)
		within("noise", d.Noise, 1, 8)
		within("resize", d.Resize, 0.4, 1)
		within("quality", float64(d.JPEG), 60, 95)
		within("shift", float64(max(d.Shift[0], d.Shift[1])), 0, 7)
		count := func(counter *float64, yes bool) {
			if yes {
				*counter++
			}
		}
		count(&blur, d.Blur > 0)
		count(&noisy, d.Noise > 0)
		count(&grey, d.Grey)
		count(&resized, d.Resize > 0)
		count(&jpeg, d.JPEG > 0)
		count(&filtered[d.Filter], d.Resize > 0)
	}
	for what, c := range map[string][2]float64{
		"none": {none / n, 0.25}, "blur": {blur / (n - none), 0.3}, "noise": {noisy / (n - none), 0.2}, "grey noise": {grey / noisy, 0.5},
		"resized": {resized / (n - none), 0.5}, "JPEG": {jpeg / (n - none), 0.5}, "bicubic": {filtered[2] / resized, 1. / 3},
	} {
		if math.Abs(c[0]-c[1]) > 0.05 {
			t.Errorf("%s: share %.3f, want %.3f", what, c[0], c[1])
		}
	}
}
