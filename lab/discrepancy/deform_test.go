package discrepancy

import (
	"image"
	"math"
	"testing"
)

// The field's spread and correlation are those of smoothed white noise: variance α²/(12πσ²), correlation exp(−d²/4σ²).
func TestElasticField(t *testing.T) {
	e := Elastic{Alpha: 50, Sigma: 7}
	if got, want := e.deviation(), 1.163; math.Abs(got-want) > 1e-3 {
		t.Errorf("deviation %.4f, want %.4f: 50/(2·√(3π)·7)", got, want)
	}
	var b bend
	var n, sum, squares, near, cross float64
	for seed := range uint64(40) {
		e.Seed = seed * 977
		b.cover(e, 0, 0, reference, reference)
		for y := range b.rows {
			for x := range b.cols - 1 {
				i := 2 * (y*b.cols + x)
				n++
				sum += float64(b.nodes[i])
				squares += float64(b.nodes[i]) * float64(b.nodes[i])
				near += float64(b.nodes[i]) * float64(b.nodes[i+2])
				cross += float64(b.nodes[i]) * float64(b.nodes[i+1])
			}
		}
	}
	variance := e.deviation() * e.deviation()
	for name, c := range map[string]struct{ got, want float64 }{
		"variance":                    {squares / n / variance, 1},
		"correlation one sigma apart": {near / n / variance, math.Exp(-0.25)},
		"correlation of the two axes": {cross / n / variance, 0},
		"mean in standard deviations": {sum / n / e.deviation(), 0},
	} {
		if math.Abs(c.got-c.want) > 0.05 {
			t.Errorf("%s %.3f, want %.3f", name, c.got, c.want)
		}
	}
}

// A displacement belongs to its place, whatever part of the field was asked for.
func TestElasticFieldDoesNotDependOnTheAsking(t *testing.T) {
	e := Elastic{Seed: 9, Alpha: 50, Sigma: 7}
	var all, part bend
	all.cover(e, 0, 0, reference, reference)
	part.cover(e, 50, 80, 90, 100)
	for y := range part.rows {
		for x := range part.cols {
			i, j := 2*(y*part.cols+x), 2*((y+part.y0-all.y0)*all.cols+x+part.x0-all.x0)
			if part.nodes[i] != all.nodes[j] || part.nodes[i+1] != all.nodes[j+1] {
				t.Fatalf("node (%d, %d): %v, want %v", x, y, part.nodes[i:i+2], all.nodes[j:j+2])
			}
		}
	}
}

// The bitmap is the mask looked up at each pixel's place before the deformation, by the formulas of spec section 2.4.
func TestDeformMatchesTheSlowOne(t *testing.T) {
	const n = 128
	size := image.Pt(n, n)
	var w Workspace
	regions := generator(t, "grid").Regions()
	for i := range regions.Len() {
		mask := regions.Mask(i, paint(n).Landmarks, image.Rectangle{Max: size})
		d := Deformation{
			Translate: [2]float64{0.03 - 0.004*float64(i), 0.002*float64(i) - 0.015},
			Scale:     [2]float64{1.02 - 0.002*float64(i), 0.98 + 0.003*float64(i)},
		}
		if i%2 == 1 {
			d.Elastic = Elastic{Seed: uint64(i), Alpha: 50, Sigma: 7}
		}
		var got bitmap
		deform(&got, mask, d, size, &w)
		var field bend
		if d.Elastic.bends() {
			field.cover(d.Elastic, 0, 0, reference+1, reference+1)
		}
		shift := func(x, y, axis int) float64 {
			if !d.Elastic.bends() {
				return 0
			}
			u := (float64(x)+0.5)*reference/n/7 - float64(field.x0)
			v := (float64(y)+0.5)*reference/n/7 - float64(field.y0)
			at := func(c, r int) float64 { return float64(field.nodes[2*(r*field.cols+c)+axis]) }
			c, r := int(u), int(v)
			fu, fv := u-float64(c), v-float64(r)
			return ((1-fv)*((1-fu)*at(c, r)+fu*at(c+1, r)) + fv*((1-fu)*at(c, r+1)+fu*at(c+1, r+1))) * n / reference
		}
		var wrong, pixels int
		for y := range n {
			for x := range n {
				const centre = (n - 1) / 2.0
				px := (float64(x)+shift(x, y, 0)-centre-d.Translate[0]*n)/d.Scale[0] + centre
				py := (float64(y)+shift(x, y, 1)-centre-d.Translate[1]*n)/d.Scale[1] + centre
				p := image.Pt(int(math.Floor(px+0.5)), int(math.Floor(py+0.5)))
				want := p.In(mask.Rect) && mask.Weight[(p.Y-mask.Rect.Min.Y)*mask.Rect.Dx()+p.X-mask.Rect.Min.X] > 0
				has := image.Pt(x, y).In(got.rect) && got.row(y)[(x-got.rect.Min.X)>>6]>>((x-got.rect.Min.X)&63)&1 == 1
				if want {
					pixels++
				}
				if want != has {
					wrong++
				}
			}
		}
		// places on the line between two pixels may round either way in 32 bits
		if pixels == 0 || wrong > 1 {
			t.Errorf("region %d: %d of %d pixels differ", i, wrong, pixels)
		}
	}
}

func TestDeformIdentity(t *testing.T) {
	regions := generator(t, "grid").Regions()
	mask := regions.Mask(6, paint(64).Landmarks, image.Rect(0, 0, 64, 64))
	var w Workspace
	var got bitmap
	deform(&got, mask, Deformation{}, image.Pt(64, 64), &w)
	if got.bounds() != mask.Rect {
		t.Errorf("the region moved from %v to %v", mask.Rect, got.bounds())
	}
}
