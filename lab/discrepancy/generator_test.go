package discrepancy

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

func TestSampleIsAFunctionOfItsStream(t *testing.T) {
	g := generator(t, "grid")
	f := paint(96)
	make1 := func(seed uint64, w *Workspace) []uint8 {
		dst := image.NewRGBA(f.Image.Rect)
		rng := stream.New(seed, "sample", 3)
		label, err := g.Sample(dst, f, int(seed)%g.Classes(), 1.5, rng, w)
		if err != nil || label != int(seed)%g.Classes() {
			t.Fatalf("label %d, %v", label, err)
		}
		return dst.Pix
	}
	var used Workspace
	for seed := range uint64(64) {
		first := make1(seed, new(Workspace))
		again := make1(seed, &used) // a workspace that other samples went through
		if !bytes.Equal(first, again) {
			t.Fatalf("seed %d: two images", seed)
		}
		if bytes.Equal(first, make1(seed+100, &used)) {
			t.Fatalf("seeds %d and %d: one image", seed, seed+100)
		}
	}
}

// Inside: no pixel changes where the blend mask has no weight. Outside: with nothing moved, no pixel changes where it has
// full weight.
func TestOnlyTheSideChanges(t *testing.T) {
	const n = 112
	f := paint(n)
	rng := stream.New(11)
	var w Workspace
	for _, strategy := range spec.Regions {
		g := generator(t, strategy)
		for label := range g.Classes() {
			dst := image.NewRGBA(f.Image.Rect)
			d := g.Draw(label, 5, rng)
			d.Outside = label%2 == 1
			d.Feather.Ratio = 1
			if d.Outside {
				d.Deformation.Translate, d.Deformation.Scale = [2]float64{}, [2]float64{}
			}
			if err := g.Apply(dst, f, d, &w); err != nil {
				t.Fatal(err)
			}
			weights := spreadOut(w.blendMask, n)
			var changed int
			for i, weight := range weights {
				same := bytes.Equal(dst.Pix[4*i:4*i+4], f.Image.Pix[4*i:4*i+4])
				if !same {
					changed++
				}
				if untouched := weight == 0 && !d.Outside || weight == 1 && d.Outside; untouched && !same {
					t.Fatalf("%s, label %d: pixel (%d, %d) changed, weight %v, outside %t", strategy, label, i%n, i/n, weight, d.Outside)
				}
			}
			if changed == 0 {
				t.Errorf("%s, label %d: nothing changed", strategy, label)
			}
		}
	}
}

// With strength 0 and nothing moved, a discrepancy is invisible, on either side.
func TestStrengthZeroIsIdentity(t *testing.T) {
	f := paint(64)
	s := spec.Default()
	s.Discrepancy.Strength, s.Discrepancy.Translate, s.Discrepancy.Scale = 0, [2]float64{}, 0
	g, err := New(s.Discrepancy, spec.Augment{})
	if err != nil {
		t.Fatal(err)
	}
	var w Workspace
	rng := stream.New(12)
	dst := image.NewRGBA(f.Image.Rect)
	for i := range 200 {
		if _, err := g.Sample(dst, f, i%g.Classes(), 1, rng, &w); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.Pix, f.Image.Pix) {
			t.Fatalf("sample %d differs from the face", i)
		}
	}
}

// The whole of a discrepancy, by the spec's formulas in float64, on the whole image: perturbed operations are those that
// TestOperationsMatchThePeer checks, masks those of TestFeatherMatchesTheSlowOne.
func TestApplyMatchesTheSlowOne(t *testing.T) {
	const n = 96
	f := paint(n)
	g := typed(t, spec.Types...)
	rng := stream.New(13)
	var w, other Workspace
	for range 60 {
		d := g.Draw(rng.IntN(g.Classes()), 1+4*rng.Float64(), rng)
		got := image.NewRGBA(f.Image.Rect)
		if err := g.Apply(got, f, d, &w); err != nil {
			t.Fatal(err)
		}
		weights := spreadOut(w.blendMask, n)

		plain := d.Perturbation
		plain.Strength = 1
		changed := image.NewRGBA(f.Image.Rect)
		perturb(changed, f.Image, &plain, &other)
		at := func(img *image.RGBA, x, y, c int) float64 {
			if !image.Pt(x, y).In(img.Rect) {
				return 0
			}
			return float64(img.Pix[img.PixOffset(x, y)+c])
		}
		perturbed := func(x, y, c int) float64 {
			v := at(f.Image, x, y, c)
			return min(max(math.Round(v+d.Perturbation.Strength*(at(changed, x, y, c)-v)), 0), 255)
		}
		pristine := func(x, y, c int) float64 { return at(f.Image, x, y, c) }
		source, under := perturbed, pristine
		if d.Outside {
			source, under = pristine, perturbed
		}
		var worst float64
		for y := range n {
			for x := range n {
				m := weights[y*n+x]
				const centre = (n - 1) / 2.0
				px := (float64(x)-centre-d.Deformation.Translate[0]*n)/d.Deformation.Scale[0] + centre
				py := (float64(y)-centre-d.Deformation.Translate[1]*n)/d.Deformation.Scale[1] + centre
				x0, y0 := int(math.Floor(px)), int(math.Floor(py))
				fx, fy := px-float64(x0), py-float64(y0)
				for c := range 3 {
					want := under(x, y, c)
					if m > 0 {
						moved := (1-fy)*((1-fx)*source(x0, y0, c)+fx*source(x0+1, y0, c)) +
							fy*((1-fx)*source(x0, y0+1, c)+fx*source(x0+1, y0+1, c))
						want = math.Floor(m*moved + (1-m)*want)
					}
					worst = max(worst, math.Abs(want-float64(got.Pix[got.PixOffset(x, y)+c])))
				}
			}
		}
		// two roundings to levels on the way, and the final truncation
		if worst > 2 {
			t.Errorf("%+v: differs by %v levels", d, worst)
		}
	}
}

// Some variants are those of all, in the order in which they are wanted.
func TestVariantsOf(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Pristine = 0.1
	for _, regions := range []string{"grid", "meshgrid"} {
		s.Discrepancy.Regions = regions
		g, err := New(s.Discrepancy, s.Augment)
		if err != nil {
			t.Fatal(err)
		}
		f := paint(64)
		var w, other Workspace
		all, err := g.Variants(nil, f, 5, "item", &w)
		if err != nil {
			t.Fatal(err)
		}
		const size = 64 * 64 * 3
		last := g.Classes() - 1
		labels := []int{17, 3, last, 0, 3}
		got, err := g.VariantsOf([]uint8{1}, f, labels, 5, "item", &other)
		if err != nil {
			t.Fatal(err)
		}
		want := []uint8{1}
		for _, k := range labels {
			want = append(want, all[k*size:(k+1)*size]...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes are not the %d of the variants", regions, len(got), len(want))
		}
		if none, err := g.VariantsOf([]uint8{1}, f, nil, 5, "item", &other); err != nil || len(none) != 1 {
			t.Errorf("no variants: %d bytes, %v", len(none), err)
		}
		for _, k := range []int{-1, last + 1} {
			if _, err := g.VariantsOf(nil, f, []int{k}, 5, "item", &other); err == nil {
				t.Errorf("no error for label %d of %d", k, last+1)
			}
		}
	}
}

func TestVariantsAreTheirDraws(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Pristine = 0.1
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	f := paint(64)
	var w, other Workspace
	got, err := g.Variants([]uint8{1, 2, 3}, f, 5, "FF++/000_003/17", &w)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 * 64 * 3
	if g.Classes() != 33 || len(got) != 3+33*size || !bytes.Equal(got[:3], []uint8{1, 2, 3}) {
		t.Fatalf("%d classes, %d bytes", g.Classes(), len(got))
	}
	dst := image.NewRGBA(f.Image.Rect)
	var seen [][]uint8
	for k := range g.Classes() {
		d := g.Variant(5, "FF++/000_003/17", k)
		if d.Outside || d.Label != k {
			t.Fatalf("variant %d: %+v", k, d)
		}
		if err := g.Apply(dst, f, d, &other); err != nil {
			t.Fatal(err)
		}
		want, variant := AppendRGB(nil, dst), got[3+k*size:][:size]
		if !bytes.Equal(variant, want) {
			t.Fatalf("variant %d is not its draw", k)
		}
		if plain := bytes.Equal(variant, AppendRGB(nil, f.Image)); plain != (k == 32) {
			t.Errorf("variant %d: is the face itself: %t", k, plain)
		}
		for j, before := range seen {
			if bytes.Equal(before, variant) {
				t.Errorf("variants %d and %d are equal", j, k)
			}
		}
		seen = append(seen, variant)
	}
}

func TestLabels(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Pristine = 0.5
	g, err := New(s.Discrepancy, spec.Augment{})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[int]struct {
		region int
		kind   string
		ok     bool
	}{0: {0, "spatial", true}, 5: {5, "spatial", true}, 16: {0, "frequency", true}, 31: {15, "frequency", true}, 32: {}, -1: {}, 99: {}} {
		region, kind, ok := g.Class(label)
		if region != want.region || kind != want.kind || ok != want.ok {
			t.Errorf("label %d: region %d, %q, %t, want %+v", label, region, kind, ok, want)
		}
	}
	f := paint(64)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	if label, err := g.Sample(dst, f, 32, 1, stream.New(1), &w); err != nil || label != 32 || !bytes.Equal(dst.Pix, f.Image.Pix) {
		t.Errorf("pristine: label %d, %v, changed %t", label, err, !bytes.Equal(dst.Pix, f.Image.Pix))
	}
}

// On the golden face the corner cells of a 5 × 5 grid have 10 pixels of 13,811: they are drawn again, with their type.
func TestRedraw(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols = 5, 5
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	f := paint(256)
	var w Workspace
	rng := stream.New(2)
	counts := map[int]int{}
	for range 2000 {
		label, err := g.Redraw(f, 25+20, rng)
		if err != nil {
			t.Fatal(err)
		}
		counts[label]++
	}
	least := s.Discrepancy.MinArea * face.Area(face.Hull(f.Landmarks))
	var usable int
	for region := range 25 {
		mask := g.Regions().Mask(region, f.Landmarks, f.Image.Rect)
		var area float64
		for _, v := range mask.Weight {
			area += float64(v)
		}
		n := counts[25+region]
		if area < least && n > 0 {
			t.Errorf("region %d has %v pixels, below %v, and was drawn %d times", region, area, least, n)
		}
		if area >= least {
			usable++
			if n < 40 || n > 160 {
				t.Errorf("region %d was drawn %d times of 2000, want about 87", region, n)
			}
		}
	}
	if usable != 23 {
		t.Errorf("%d usable regions, want 23: all but the two lower corners", usable)
	}
	dst := image.NewRGBA(f.Image.Rect)
	if label, err := g.Sample(dst, f, 24, 1, rng, &w); err != nil || label == 24 || label >= 25 {
		t.Errorf("sample of a corner: label %d, %v", label, err)
	}
	if label, _ := g.Redraw(f, 12, rng); label != 12 {
		t.Errorf("the middle cell became %d", label)
	}
}

func TestErrors(t *testing.T) {
	g := generator(t, "grid")
	f := paint(64)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	rng := stream.New(1)
	away := f
	away.Landmarks = nil
	for _, p := range f.Landmarks {
		away.Landmarks = append(away.Landmarks, face.Point{X: p.X + 500, Y: p.Y})
	}
	nan := f
	nan.Landmarks = append([]face.Point{{X: math.NaN(), Y: 1}}, f.Landmarks[1:]...)
	flat := f
	flat.Landmarks = make([]face.Point, face.Landmarks)
	for i := range flat.Landmarks {
		flat.Landmarks[i] = face.Point{X: -3, Y: -3}
	}
	few := f
	few.Landmarks = f.Landmarks[:5]
	sample := func(dst *image.RGBA, f face.Face, label int) error {
		_, err := g.Sample(dst, f, label, 1, rng, &w)
		return err
	}
	variants := func(f face.Face) error {
		_, err := g.Variants(nil, f, 1, "", &w)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no image":          {sample(dst, face.Face{Landmarks: f.Landmarks}, 0), "without an image"},
		"wrong destination": {sample(image.NewRGBA(image.Rect(0, 0, 9, 9)), f, 0), "destination"},
		"in place":          {sample(f.Image, f, 0), "destination"},
		"no destination":    {sample(nil, f, 0), "destination"},
		"label":             {sample(dst, f, 32), "label 32"},
		"negative label":    {sample(dst, f, -1), "label -1"},
		"outside":           {sample(dst, away, 0), "no region"},
		"NaN":               {sample(dst, nan, 0), "no region"},
		"a point":           {sample(dst, flat, 0), "no region"},
		"five landmarks":    {sample(dst, few, 0), "5 landmarks"},
		"variants of few":   {variants(few), "5 landmarks"},
		"variants of none":  {variants(face.Face{}), "without an image"},
		"apply a label":     {g.Apply(dst, f, Draw{Label: 77}, &w), "label 77"},
		"self-blend away":   {g.SelfBlend(dst, away, rng, &w), "no face"},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), "discrepancy: ") || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, c.err, c.want)
		}
	}
	if _, err := g.Variants(nil, away, 1, "", &w); err != nil {
		t.Errorf("variants of a face outside its image: %v, want them unchanged", err)
	}
	for name, change := range map[string]func(*spec.Spec){
		"regions": func(s *spec.Spec) { s.Discrepancy.Regions = "hexagons" },
		"types":   func(s *spec.Spec) { s.Discrepancy.Types = nil },
		"type":    func(s *spec.Spec) { s.Discrepancy.Types = []string{"temporal"} },
		"side":    func(s *spec.Spec) { s.Discrepancy.Side = "left" },
		"kernel":  func(s *spec.Spec) { s.Discrepancy.Kernel = [2]int{4, 10} },
		"ratios":  func(s *spec.Spec) { s.Discrepancy.Ratios = nil },
		"elastic": func(s *spec.Spec) { s.Discrepancy.ElasticSig = 0 },
		"jpeg":    func(s *spec.Spec) { s.Augment.JPEG = [2]int{90, 40} },
	} {
		s := spec.Default()
		change(&s)
		if _, err := New(s.Discrepancy, s.Augment); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Draws stay in the ranges of spec section 2 and use them.
func TestDrawRanges(t *testing.T) {
	g := generator(t, "grid")
	rng := stream.New(6)
	var outside, shifted, down, n float64
	ratios := map[float64]int{}
	span := map[string][2]float64{}
	note := func(name string, v float64) {
		r, ok := span[name]
		if !ok {
			r = [2]float64{v, v}
		}
		span[name] = [2]float64{min(r[0], v), max(r[1], v)}
	}
	for range 20_000 {
		d := g.Draw(rng.IntN(32), 1, rng)
		n++
		if d.Outside {
			outside++
		}
		if d.Perturbation.Strength != 1 {
			t.Fatalf("strength %v, want 1", d.Perturbation.Strength)
		}
		if p := d.Perturbation; d.Label < 16 {
			if p.Colour.RGB != [3]float64{} {
				shifted++
				note("rgb", p.Colour.RGB[1])
			}
			if !p.Colour.ThroughHSV || p.Downscale > 0 || p.Sharpen > 0 {
				t.Fatalf("spatial: %+v", p)
			}
			note("hsv", p.Colour.HSV[2])
			note("brightness", p.Colour.Brightness)
			note("contrast", p.Colour.Contrast)
		} else {
			if p.Colour != (Colour{}) || (p.Downscale > 0) == (p.Sharpen > 0) {
				t.Fatalf("frequency: %+v", p)
			}
			if p.Downscale > 0 {
				down++
				note("downscale", float64(p.Downscale))
			} else {
				note("alpha", p.Sharpen)
				note("lightness", p.Lightness)
			}
		}
		note("x", d.Deformation.Translate[0])
		note("y", d.Deformation.Translate[1])
		note("scale", d.Deformation.Scale[1])
		note("width", float64(d.Feather.Size[0]))
		note("height", float64(d.Feather.Size[1]))
		note("erode", float64(d.Feather.Erode))
		note("blur", float64(d.Feather.Blur))
		note("sigma", d.Feather.Sigma)
		ratios[d.Feather.Ratio]++
		if d.Feather.Erode%2 == 0 || d.Feather.Blur%2 == 0 {
			t.Fatalf("even kernel: %+v", d.Feather)
		}
	}
	for name, want := range map[string][2]float64{
		"rgb": {-20, 20}, "hsv": {-0.3, 0.3}, "brightness": {-0.1, 0.1}, "contrast": {-0.1, 0.1}, "downscale": {2, 4},
		"alpha": {0.2, 0.5}, "lightness": {0.5, 1}, "x": {-0.03, 0.03}, "y": {-0.015, 0.015}, "scale": {0.98, 1.02},
		"width": {192, 256}, "height": {192, 256}, "erode": {5, 25}, "blur": {5, 25}, "sigma": {5, 45},
	} {
		got, slack := span[name], 0.01*(want[1]-want[0])
		if got[0] < want[0] || got[0] > want[0]+slack || got[1] > want[1] || got[1] < want[1]-slack {
			t.Errorf("%s is in %v, want %v", name, got, want)
		}
	}
	for name, c := range map[string][2]float64{
		"outside": {outside / n, 0.5}, "shifted": {2 * shifted / n, 0.3}, "downscaled": {2 * down / n, 0.5},
		"ratio 1": {float64(ratios[1]) / n, 0.5}, "ratio 0.25": {float64(ratios[0.25]) / n, 1.0 / 6},
	} {
		if math.Abs(c[0]-c[1]) > 0.02 {
			t.Errorf("%s: share %.3f, want %.3f", name, c[0], c[1])
		}
	}
}

// A factor is on top of the spec's strength, and hardens the mask; nothing else that is drawn depends on it.
func TestFactor(t *testing.T) {
	s := spec.Default()
	s.Discrepancy.Strength = 0.5
	g, err := New(s.Discrepancy, s.Augment)
	if err != nil {
		t.Fatal(err)
	}
	for label := range 32 {
		plain, strong := g.Draw(label, 1, stream.New(9, label)), g.Draw(label, 4, stream.New(9, label))
		want := plain
		want.Perturbation.Strength, want.Feather = 2, plain.Feather.harden(4)
		if plain.Perturbation.Strength != 0.5 || strong != want {
			t.Errorf("label %d: factor 4 makes %+v of %+v", label, strong, plain)
		}
	}
}

// What is switched off is never drawn.
func TestSwitches(t *testing.T) {
	s := spec.Default()
	d := &s.Discrepancy
	d.RGBShift, d.HSVShift, d.Brightness, d.Contrast = 0, -1, 0, 0
	d.Downscale, d.Side = nil, "outside"
	g, err := New(*d, spec.Augment{})
	if err != nil {
		t.Fatal(err)
	}
	rng := stream.New(1)
	for label := range 32 {
		got := g.Draw(label, 1, rng)
		if got.Perturbation.Colour != (Colour{}) || got.Perturbation.Downscale != 0 || !got.Outside {
			t.Fatalf("%+v", got)
		}
	}
	if a := DrawAugmentation(spec.Augment{}, rng); a != (Augmentation{}) {
		t.Errorf("augmentation %+v, want none", a)
	}
	a := spec.Augment{Resample: [2]float64{0.4, 0.9}, ResampleP: 1, JPEG: [2]int{40, 100}, JPEGP: 1, HSVShiftP: 1}
	for range 100 {
		if got := DrawAugmentation(a, rng); got.Resample < 0.4 || got.Resample > 0.9 || got.JPEG < 40 || got.JPEG > 100 ||
			!got.Colour.ThroughHSV {
			t.Fatalf("%+v", got)
		}
	}
}

// A self-blended face differs from the face, mostly within the hull when the source is perturbed, by SBI's scales.
// The mask is that of the very image that SelfBlend makes of the same draws: what it leaves out was not blended.
func TestSelfBlendMask(t *testing.T) {
	g := generator(t, "grid")
	f := paint(96)
	plain, dst := image.NewRGBA(f.Image.Rect), image.NewRGBA(f.Image.Rect)
	var w Workspace
	insides := 0
	for seed := range uint64(20) {
		if err := g.SelfBlend(plain, f, stream.New(seed), &w); err != nil {
			t.Fatal(err)
		}
		mask, err := g.SelfBlendMask(dst, f, stream.New(seed), &w)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.Pix, plain.Pix) {
			t.Fatalf("seed %d: another image than SelfBlend's", seed)
		}
		d := g.DrawSelfBlend(stream.New(seed))
		if most := slices.Max(mask.Weight); math.Abs(float64(most)-d.Feather.Ratio) > 1e-4 {
			t.Errorf("seed %d: the largest weight is %v, the ratio %v", seed, most, d.Feather.Ratio)
		}
		if !mask.Rect.In(f.Image.Rect) || len(mask.Weight) != mask.Rect.Dx()*mask.Rect.Dy() {
			t.Fatalf("seed %d: %d weights in %v", seed, len(mask.Weight), mask.Rect)
		}
		if d.Outside {
			continue
		}
		insides++
		for y := range 96 {
			for x := range 96 {
				weight := float32(0)
				if image.Pt(x, y).In(mask.Rect) {
					weight = mask.Weight[(y-mask.Rect.Min.Y)*mask.Rect.Dx()+x-mask.Rect.Min.X]
				}
				if at := dst.PixOffset(x, y); weight == 0 && !bytes.Equal(dst.Pix[at:at+4], f.Image.Pix[at:at+4]) {
					t.Fatalf("seed %d: pixel (%d, %d) has no weight and was changed", seed, x, y)
				}
			}
		}
	}
	if insides == 0 {
		t.Error("no face was changed inside of its mask")
	}
	if _, err := g.SelfBlendMask(dst, face.Face{Image: f.Image}, stream.New(1), &w); err == nil {
		t.Error("a face without landmarks: no error")
	}
}

func TestSelfBlend(t *testing.T) {
	g := generator(t, "grid")
	f := paint(96)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	rng := stream.New(8)
	shapes := map[int]bool{}
	for range 60 {
		d := g.DrawSelfBlend(rng)
		shapes[d.Region] = true
		for _, s := range d.Deformation.Scale {
			if s < 0.95 || s > 1/0.95 {
				t.Fatalf("scale %v", s)
			}
		}
		if p := d.Perturbation; !p.Colour.ThroughHSV || (p.Downscale > 0) == (p.Sharpen > 0) {
			t.Fatalf("SBI changes colour and detail: %+v", p)
		}
		if err := g.SelfBlend(dst, f, rng, &w); err != nil {
			t.Fatal(err)
		}
		var changed int
		for i := 0; i < len(dst.Pix); i += 4 {
			if !bytes.Equal(dst.Pix[i:i+4], f.Image.Pix[i:i+4]) {
				changed++
			}
		}
		if changed < 200 {
			t.Errorf("only %d pixels changed", changed)
		}
	}
	if len(shapes) != 4 {
		t.Errorf("%d face shapes, want 4", len(shapes))
	}
}

// Once a workspace has grown, a sample allocates only what the region's mask does.
func TestSteadyStateAllocates(t *testing.T) {
	g := generator(t, "grid")
	f := paint(64)
	dst := image.NewRGBA(f.Image.Rect)
	var w Workspace
	rng := stream.New(1)
	sample := func() {
		if _, err := g.Sample(dst, f, rng.IntN(32), 2, rng, &w); err != nil {
			t.Fatal(err)
		}
	}
	for range 500 {
		sample()
	}
	mask := testing.AllocsPerRun(100, func() { g.Regions().Mask(5, f.Landmarks, f.Image.Rect) })
	hull := testing.AllocsPerRun(100, func() { face.Area(face.Hull(f.Landmarks)) })
	if got := testing.AllocsPerRun(300, sample); got > mask+hull+1 {
		t.Errorf("%v allocations a sample, want those of a mask (%v) and a hull (%v)", got, mask, hull)
	}
}

// Nothing that a caller can put into a draw or a face makes Apply panic, and alpha stays opaque.
func FuzzApply(f *testing.F) {
	f.Add(uint64(1), 5, 1.0, 0.03, 1.0, 50.0, 7.0, 5, 25, 20.0, 1.0, uint8(64), 0.0)
	f.Add(uint64(2), 20, math.NaN(), math.Inf(1), 1e-300, 1e9, 1e-9, -3, 1<<40, math.NaN(), math.Inf(1), uint8(1), 1e12)
	f.Add(uint64(3), 31, -5.0, 1e300, 1e300, math.Inf(1), 1.0, 1<<40, 0, -1.0, -1.0, uint8(3), -300.0)
	f.Add(uint64(4), 12, 1e300, 0.5, 0.0, math.NaN(), math.NaN(), 24, 24, 0.0, math.NaN(), uint8(200), math.NaN())
	g := generator(f, "grid")
	var w Workspace
	f.Fuzz(func(t *testing.T, seed uint64, label int, strength, move, scale, alpha, sigma float64, erode, blur int,
		blurSigma, ratio float64, size uint8, shift float64) {
		if size == 0 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		img := image.NewRGBA(image.Rect(0, 0, int(size), int(size)))
		for i := range img.Pix {
			img.Pix[i] = uint8(rng.Uint32()) | uint8(i&3/3*255)
		}
		in := face.Face{Image: img}
		for _, p := range faceShape {
			in.Landmarks = append(in.Landmarks, face.Point{X: p.X*float64(size)/256 + shift, Y: p.Y * float64(size) / 256})
		}
		d := Draw{
			Label: label, Outside: seed%2 == 0,
			Perturbation: Perturbation{
				Colour:    Colour{RGB: [3]float64{shift, move}, ThroughHSV: seed%3 == 0, HSV: [3]float64{shift, scale, alpha}, Contrast: ratio},
				Downscale: erode, Sharpen: ratio, Lightness: sigma, Strength: strength,
			},
			Deformation: Deformation{Translate: [2]float64{move, -move}, Scale: [2]float64{scale, 1}, Elastic: Elastic{seed, alpha, sigma}},
			Feather:     Feather{Size: [2]int{int(size), blur}, Erode: erode, Blur: blur, Sigma: blurSigma, Ratio: ratio},
		}
		if d.Feather.Size[1] > 4096 {
			d.Feather.Size[1] = 4096
		}
		dst := image.NewRGBA(img.Rect)
		if err := g.Apply(dst, in, d, &w); err != nil {
			return
		}
		Augmentation{Colour: d.Perturbation.Colour, Resample: ratio, JPEG: blur, Degradation: Degradation{
			Scale: scale, Blur: sigma, Noise: ratio, Grey: seed%2 == 0, Resize: move, Filter: erode, JPEG: blur, Shift: [2]int{erode, label},
		}}.Apply(dst, &w)
		for i := 3; i < len(dst.Pix); i += 4 {
			if dst.Pix[i] != 255 {
				t.Fatalf("alpha %d", dst.Pix[i])
			}
		}
	})
}
