package discrepancy

import (
	"image"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// slowFeather is spec section 2.5 as it is written, in float64 on whole images: resize, blur, keep what is 1, blur,
// resize. What lies beyond the edges mirrors the inside.
func slowFeather(region []float64, n int, f Feather) []float64 {
	m := f.Size
	mask := slowResize(region, n, n, m[0], m[1])
	mask = slowBlur(mask, m[0], m[1], f.Erode, 0.3*(float64(f.Erode-1)*0.5-1)+0.8)
	peak := highest(mask)
	for i, v := range mask {
		if v/peak < 1-1e-13 {
			mask[i] = 0
		} else {
			mask[i] = v / peak
		}
	}
	mask = slowBlur(mask, m[0], m[1], f.Blur, f.Sigma)
	peak = highest(mask)
	for i := range mask {
		mask[i] /= peak
	}
	mask = slowResize(mask, m[0], m[1], n, n)
	for i := range mask {
		mask[i] *= f.Ratio
	}
	return mask
}

func highest(values []float64) (peak float64) {
	for _, v := range values {
		peak = max(peak, v)
	}
	return peak
}

func slowResize(src []float64, w, h, toW, toH int) []float64 {
	dst := make([]float64, toW*toH)
	at := func(i, n, to int) (int, int, float64) {
		x := (float64(i)+0.5)*float64(n)/float64(to) - 0.5
		x = min(max(x, 0), float64(n-1))
		low := int(x)
		return low, min(low+1, n-1), x - float64(low)
	}
	for y := range toH {
		y0, y1, fy := at(y, h, toH)
		for x := range toW {
			x0, x1, fx := at(x, w, toW)
			dst[y*toW+x] = (1-fy)*((1-fx)*src[y0*w+x0]+fx*src[y0*w+x1]) + fy*((1-fx)*src[y1*w+x0]+fx*src[y1*w+x1])
		}
	}
	return dst
}

func slowBlur(src []float64, w, h, size int, sigma float64) []float64 {
	kernel := make([]float64, size)
	var sum float64
	for i := range kernel {
		d := float64(i - size/2)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += kernel[i]
	}
	across, dst := make([]float64, w*h), make([]float64, w*h)
	for y := range h {
		for x := range w {
			for i, k := range kernel {
				across[y*w+x] += k / sum * src[y*w+reflect(x+i-size/2, 0, w)]
			}
		}
	}
	for y := range h {
		for x := range w {
			for i, k := range kernel {
				dst[y*w+x] += k / sum * across[reflect(y+i-size/2, 0, h)*w+x]
			}
		}
	}
	return dst
}

// marked is the bitmap of a binary mask, and the mask laid out over an image of n × n.
func marked(m region.Mask, n int) (*bitmap, []float64) {
	var b bitmap
	b.reset(m.Rect)
	whole := make([]float64, n*n)
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			if m.Weight[(y-m.Rect.Min.Y)*m.Rect.Dx()+x-m.Rect.Min.X] > 0 {
				b.setRun(b.row(y), x, x)
				whole[y*n+x] = 1
			}
		}
	}
	return &b, whole
}

// spreadOut lays a blend mask out over an image of n × n.
func spreadOut(m blendMask, n int) []float64 {
	whole := make([]float64, n*n)
	for i, weight := range m.weights[:m.rect.Dx()*m.rect.Dy()] {
		p := m.rect.Min.Add(image.Pt(i%m.rect.Dx(), i/m.rect.Dx()))
		whole[p.Y*n+p.X] = float64(weight) / full
	}
	return whole
}

func TestFeatherGolden(t *testing.T) {
	var file struct {
		Blend struct {
			Cases []struct {
				Input   string    `json:"input"`
				Sum     float64   `json:"out_sum"`
				Max     float64   `json:"out_max"`
				Half    int       `json:"area_gt_half"`
				Row     int       `json:"centre_row_y"`
				Weights []float64 `json:"centre_row"` // at x = 80, 84, …, 136
			} `json:"cases"`
		} `json:"blend_mask_fixed_draws"`
	}
	golden(t, masksFile, &file)
	// kernels and sigma as the golden's note has them; the blend mask is the float one
	f := Feather{Size: [2]int{224, 224}, Erode: 11, Blur: 15, Sigma: 20, Ratio: 1}
	const n = 256
	cell := generator(t, "grid").Regions().Mask(5, faceShape, image.Rect(0, 0, n, n))
	region, pixels := marked(cell, n)
	var w Workspace
	var mask blendMask
	feather(&mask, region, f, image.Pt(n, n), &w)
	for _, c := range file.Blend.Cases {
		if c.Input != "float32_0_1" {
			continue
		}
		for name, got := range map[string][]float64{"fast": spreadOut(mask, n), "slow": slowFeather(pixels, n, f)} {
			var sum float64
			var half int
			for _, v := range got {
				sum += v
				if v > 0.5 {
					half++
				}
			}
			if math.Abs(sum-c.Sum) > 0.01*c.Sum/444 || half != c.Half || math.Abs(highest(got)-c.Max) > 2e-5 {
				t.Errorf("%s: sum %.3f, max %.4f, %d pixels above one half; want %.3f, %.4f, %d", name, sum, highest(got), half,
					c.Sum, c.Max, c.Half)
			}
			for i, want := range c.Weights {
				if v := got[c.Row*n+80+4*i]; math.Abs(v-want) > 2e-5 {
					t.Errorf("%s: weight %.5f at x = %d, want %.5f", name, v, 80+4*i, want)
				}
			}
		}
	}
}

// Where the erosion leaves something, the fast mask is the slow one up to the final division.
func TestFeatherMatchesTheSlowOne(t *testing.T) {
	rng := stream.New(3)
	d := spec.Default().Discrepancy
	var w Workspace
	var fits int
	for range 60 {
		n := []int{64, 128, 224, 320}[rng.IntN(4)]
		f := drawFeather(d, rng)
		regions := generator(t, []string{"grid", "whole", "components"}[rng.IntN(3)]).Regions()
		m := regions.Mask(rng.IntN(regions.Len()), paint(n).Landmarks, image.Rect(0, 0, n, n))
		if m.Rect.Empty() {
			continue
		}
		region, pixels := marked(m, n)
		if !erode(&w.core, region, region.bounds(), scaling{n, f.Size[0]}, scaling{n, f.Size[1]}, f.Erode/2, &w) {
			continue
		}
		fits++
		var mask blendMask
		feather(&mask, region, f, image.Pt(n, n), &w)
		got, want := spreadOut(mask, n), slowFeather(pixels, n, f)
		// ours has its peak at a pixel of the image, the slow one at a pixel of the mask
		peak := highest(want)
		if low := 0.9 * f.Ratio; peak < low {
			t.Errorf("slow peak %.3f, below %.3f: the final division differs too much", peak, low)
		}
		for i := range got {
			if math.Abs(got[i]-want[i]*f.Ratio/peak) > 1e-4 {
				t.Errorf("n %d, %+v: weight %.5f at (%d, %d), want %.5f", n, f, got[i], i%n, i/n, want[i]*f.Ratio/peak)
				break
			}
		}
	}
	if fits < 20 {
		t.Errorf("only %d regions were eroded to something, want 20 or more", fits)
	}
}

// Any region that is not empty gets weights in [0, ratio] with ratio as the largest, however small it is.
func TestFeatherOfSmallRegions(t *testing.T) {
	rng := stream.New(4)
	d := spec.Default().Discrepancy
	var w Workspace
	for i := range 2000 {
		n := []int{32, 64, 128, 640}[i%4]
		var region bitmap
		region.reset(image.Rect(0, 0, n, n).Intersect(image.Rect(0, 0, 1+rng.IntN(5), 1+rng.IntN(5)).Add(
			image.Pt(rng.IntN(n), rng.IntN(n)))))
		for y := region.rect.Min.Y; y < region.rect.Max.Y; y++ {
			for x := region.rect.Min.X; x < region.rect.Max.X; x++ {
				if rng.IntN(3) > 0 {
					region.setRun(region.row(y), x, x)
				}
			}
		}
		f := drawFeather(d, rng)
		var mask blendMask
		feather(&mask, &region, f, image.Pt(n, n), &w)
		var peak int32
		for _, v := range mask.weights {
			if v < 0 {
				t.Fatalf("weight %d", v)
			}
			peak = max(peak, v)
		}
		want := int32(f.Ratio*full + 0.5)
		if region.bounds().Empty() {
			want = 0
		}
		if distance(int(peak), int(want)) > 1 {
			t.Fatalf("%d pixels at %v of %d: peak %d, want %d", len(mask.weights), region.rect, n, peak, want)
		}
		if !mask.rect.In(image.Rect(0, 0, n, n)) {
			t.Fatalf("mask at %v of an image of %d", mask.rect, n)
		}
	}
}

func TestBlendGolden(t *testing.T) {
	var file struct {
		Blend struct {
			Source, Target, Out []uint8Value
			M                   []float64
		} `json:"blend_arithmetic"`
	}
	golden(t, masksFile, &file)
	b := file.Blend
	if len(b.Source) == 0 {
		t.Fatal("the golden is empty")
	}
	for i := range b.Source {
		got := over(int32(b.M[i]*full+0.5), uint8(b.Source[i]), uint8(b.Target[i]))
		if got != uint8(b.Out[i]) {
			t.Errorf("%d over %d by %v: %d, want %d", b.Source[i], b.Target[i], b.M[i], got, b.Out[i])
		}
	}
}

// uint8Value keeps encoding/json from reading a list of numbers as base64.
type uint8Value uint8

// The blend is the truncated mix, within the rounding of the weight.
func TestOverMatchesFloat(t *testing.T) {
	rng := stream.New(5)
	for range 100_000 {
		weight, source, under := int32(rng.IntN(full+1)), uint8(rng.IntN(256)), uint8(rng.IntN(256))
		m := float64(weight) / full
		want := math.Floor(m*float64(source) + (1-m)*float64(under) + 1e-9)
		if got := over(weight, source, under); float64(got) != want {
			t.Fatalf("%d over %d by %v: %d, want %v", source, under, m, got, want)
		}
	}
}

// A factor of 1 leaves a feather as it is; a larger one makes its mask harder, in the end without any softness.
func TestHarden(t *testing.T) {
	for kernel := 1; kernel <= 63; kernel += 2 {
		for _, ratio := range []float64{0.25, 0.5, 1} {
			f := Feather{Size: [2]int{200, 224}, Erode: kernel, Blur: 64 - kernel, Sigma: 9, Ratio: ratio}
			if got := f.harden(1); got != f {
				t.Errorf("factor 1 makes %+v of %+v", got, f)
			}
			hardest := Feather{Size: f.Size, Erode: 1, Blur: 1, Sigma: f.Sigma, Ratio: 1}
			if got := f.harden(1000); got != hardest {
				t.Errorf("factor 1000 makes %+v of %+v", got, f)
			}
			before := f
			for factor := 1.0; factor <= 20; factor += 0.25 {
				h := f.harden(factor)
				if h.Erode%2 == 0 || h.Blur%2 == 0 || h.Erode < 1 || h.Blur < 1 || h.Ratio > 1 {
					t.Fatalf("factor %v makes %+v", factor, h)
				}
				if h.Erode > before.Erode || h.Blur > before.Blur || h.Ratio < before.Ratio {
					t.Errorf("factor %v makes %+v, a smaller one %+v", factor, h, before)
				}
				// The kernel's radius shrinks in proportion.
				if radius := float64(kernel-1) / 2 / factor; math.Abs(float64(h.Erode-1)/2-radius) > 0.5 {
					t.Errorf("factor %v makes a kernel of %d out of %d", factor, h.Erode, kernel)
				}
				before = h
			}
		}
	}
}

// A harder mask covers more of the region, as a small cell shows best.
func TestHardenedMaskCoversMore(t *testing.T) {
	f := paint(96)
	g := generator(t, "grid")
	var w Workspace
	mask := g.Regions().Mask(5, f.Landmarks, f.Image.Rect)
	soft := Feather{Size: [2]int{224, 224}, Erode: 21, Blur: 21, Sigma: 15, Ratio: 0.5}
	covered := func(shape Feather) (share float64) {
		region, _ := marked(mask, 96)
		var out blendMask
		feather(&out, region, shape, image.Pt(96, 96), &w)
		for _, v := range out.weights {
			share += float64(v) / full
		}
		var area float64
		for _, v := range mask.Weight {
			area += float64(v)
		}
		return share / area
	}
	before := 0.0
	for _, factor := range []float64{1, 2, 5, 50} {
		share := covered(soft.harden(factor))
		if share <= before {
			t.Errorf("factor %v covers %.2f of the cell, a smaller one %.2f", factor, share, before)
		}
		before = share
	}
	if before < 0.8 || before > 1 { // scaling costs the border half a pixel
		t.Errorf("factor 50 covers %.2f of the cell, want most of it", before)
	}
}
