package method

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// ramp is a face whose pixels tell where they are: red is x, green is y. Its landmarks' box is 110 pixels wide.
func ramp() face.Face {
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for i := range 256 * 256 {
		copy(img.Pix[4*i:], []uint8{uint8(i % 256), uint8(i / 256), 0, 255})
	}
	return face.Face{Image: img, Landmarks: face.Template(image.Rect(70, 75, 180, 180))}
}

// colour is the image at p, interpolated bilinearly.
func colour(img *image.RGBA, p face.Point) (red, green float64) {
	x, y := int(math.Floor(p.X)), int(math.Floor(p.Y))
	for dy := range 2 {
		for dx := range 2 {
			weight := (1 - math.Abs(p.X-float64(x+dx))) * (1 - math.Abs(p.Y-float64(y+dy)))
			c := img.RGBAAt(x+dx, y+dy)
			red += weight * float64(c.R)
			green += weight * float64(c.G)
		}
	}
	return red, green
}

func box(points []face.Point) (low, high face.Point) {
	low, high = points[0], points[0]
	for _, p := range points {
		low.X, low.Y = min(low.X, p.X), min(low.Y, p.Y)
		high.X, high.Y = max(high.X, p.X), max(high.Y, p.Y)
	}
	return low, high
}

// Wherever a crop goes, landmarks stay on their pixels.
func TestCropTakesLandmarksAlong(t *testing.T) {
	f := ramp()
	for _, size := range []int{64, 200} {
		for _, margin := range []float64{1.2, 1.45, 1.7} {
			for _, shift := range [][2]float64{{0, 0}, {-1, 1}, {0.7, -0.4}} {
				cropped, err := crop(f, margin, size, shift[0], shift[1])
				if err != nil {
					t.Fatal(err)
				}
				if cropped.Image.Rect != image.Rect(0, 0, size, size) {
					t.Fatalf("crop is %v, want a side of %d", cropped.Image.Rect, size)
				}
				checked := 0
				for i, p := range cropped.Landmarks {
					if p.X < 1 || p.Y < 1 || p.X > float64(size-2) || p.Y > float64(size-2) {
						continue
					}
					checked++
					red, green := colour(cropped.Image, p)
					if was := f.Landmarks[i]; math.Abs(red-was.X) > 1 || math.Abs(green-was.Y) > 1 {
						t.Fatalf("size %d, margin %v, shift %v: landmark %d was at %.1f, lies on what was at (%.1f, %.1f)",
							size, margin, shift, i, was, red, green)
					}
				}
				if checked < 50 {
					t.Errorf("size %d, margin %v, shift %v: only %d landmarks are inside", size, margin, shift, checked)
				}
			}
		}
	}
}

// A test crop is as large as the mean margin says, with the landmarks' box in the middle of its width and three
// quarters of the free room above it.
func TestLookIsCentred(t *testing.T) {
	s := tiny()
	s.Encoder.Size, s.Augment.Margin = 192, [2]float64{1.3, 1.6}
	m := newTestSeeABLE(t, s)
	view, err := m.look(ramp())
	if err != nil {
		t.Fatal(err)
	}
	low, high := box(view.Landmarks)
	// A pixel of the picture is 1.2 of the crop, and squares lie on whole ones.
	near(t, "the box's width", max(high.X-low.X, high.Y-low.Y), 192/1.45, 1.5)
	near(t, "the box's middle", (low.X+high.X)/2, 95.5, 1.5)
	near(t, "the box's height", (low.Y+high.Y)/2, 95.5+(192-192/1.45)/4, 1.5)
}

// The margins of training crops lie in the spec's range and use it; the box moves by up to half of the room.
func TestGlanceRanges(t *testing.T) {
	s := tiny()
	s.Encoder.Size, s.Augment.Flip = 96, 0
	m := newTestSeeABLE(t, s)
	rng := stream.New(1, "glance")
	f := ramp()
	least, most, left, right := 9.0, 0.0, 9.0, -9.0
	for range 300 {
		view, err := m.glance(f, rng)
		if err != nil {
			t.Fatal(err)
		}
		low, high := box(view.Landmarks)
		if low.X < -1 || low.Y < -1 || high.X > 96 || high.Y > 96 {
			t.Fatalf("the crop cuts the box of the landmarks, %v to %v", low, high)
		}
		margin := 96 / (high.X - low.X)
		least, most = min(least, margin), max(most, margin)
		// Where the box lies in its free room, from 0 to 1.
		place := (low.X + 0.5) / (96 - (high.X - low.X))
		left, right = min(left, place), max(right, place)
	}
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"narrowest margin", least, 1.2}, {"widest margin", most, 1.7}, {"leftmost", left, 0.25}, {"rightmost", right, 0.75}} {
		near(t, c.what, c.got, c.want, 0.05)
	}
}

// A flipped crop is the mirror image of the same crop.
func TestGlanceMirrors(t *testing.T) {
	f := person(t, 0)
	s := tiny()
	s.Augment.Flip = 0
	straight := newTestSeeABLE(t, s)
	s.Augment.Flip = 1
	flipped := newTestSeeABLE(t, s)
	s.Augment.Flip = 0.5
	perhaps := newTestSeeABLE(t, s)
	flips := 0
	for i := range 200 {
		plain, err := straight.glance(f, stream.New(1, i))
		if err != nil {
			t.Fatal(err)
		}
		mirrored, err := flipped.glance(f, stream.New(1, i))
		if err != nil {
			t.Fatal(err)
		}
		want := face.Mirror(plain)
		if !bytes.Equal(mirrored.Image.Pix, want.Image.Pix) {
			t.Fatal("the flipped crop is not the mirrored one")
		}
		for j, p := range mirrored.Landmarks {
			if p != want.Landmarks[j] {
				t.Fatalf("landmark %d at %v, want %v", j, p, want.Landmarks[j])
			}
		}
		either, err := perhaps.glance(f, stream.New(1, i))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(either.Image.Pix, mirrored.Image.Pix) {
			flips++
		} else if !bytes.Equal(either.Image.Pix, plain.Image.Pix) {
			t.Fatal("a third crop")
		}
	}
	if flips < 70 || flips > 130 {
		t.Errorf("%d of 200 crops are flipped, want about half", flips)
	}
}

// What Keep leaves of a face has what training crops see: a test crop of it shows the same place.
func TestKeep(t *testing.T) {
	s := tiny()
	s.Encoder.Size = 64
	m := newTestSeeABLE(t, s)
	for _, f := range []face.Face{ramp(), person(t, 1), person(t, 2)} {
		c, err := m.Keep(face.Still(f))
		if err != nil {
			t.Fatal(err)
		}
		kept := c.Frames[0]
		if side := kept.Image.Rect.Dx(); side != 91 { // 64·1.7/1.2, rounded up
			t.Errorf("kept %d pixels a side, want 91", side)
		}
		direct, err := m.look(f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := m.look(kept)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range again.Landmarks {
			if q := direct.Landmarks[i]; math.Hypot(p.X-q.X, p.Y-q.Y) > 1 {
				t.Fatalf("landmark %d is at %.2f, without Keep at %.2f", i, p, q)
			}
		}
		difference := 0.0
		for i, v := range again.Image.Pix {
			difference += math.Abs(float64(v)-float64(direct.Image.Pix[i])) / float64(len(again.Image.Pix))
		}
		if difference > 5 { // pixels resampled twice
			t.Errorf("pixels differ by %.1f levels on average", difference)
		}
	}
}

// Landmarks that are too few, not finite or off the image are errors, not panics, wherever a face comes in.
func TestUnusableLandmarks(t *testing.T) {
	s := tiny()
	for what, points := range map[string][]face.Point{
		"none": nil,
		"few":  make([]face.Point, 5),
		"NaN":  landmarksAt(math.NaN()),
		"Inf":  landmarksAt(math.Inf(1)),
		"huge": landmarksAt(1e300),
		"off":  landmarksAt(5000),
	} {
		f := ramp()
		f.Landmarks = points
		for _, m := range []Method{newTestSeeABLE(t, s), newTestSBI(t, s)} {
			w, dst := NewWorker(m.Layout()), []Sample{NewSamples(m.Layout(), 1).At(0)}
			if _, err := m.Keep(face.Still(f)); err == nil {
				t.Errorf("%s: Keep has no error", what)
			}
			if err := m.Sample(w, dst, face.Still(f), Draw{Rand: stream.New(1), Strength: 1}); err == nil {
				t.Errorf("%s: Sample has no error", what)
			}
			if err := m.Check(w, &dst[0], face.Still(f), stream.New(1)); err == nil {
				t.Errorf("%s: Check has no error", what)
			}
			if _, err := probe(t, m, m.Scores()[0], Fit{}, f, "id"); err == nil {
				t.Errorf("%s: Probe has no error", what)
			}
		}
	}
}

func landmarksAt(x float64) []face.Point {
	points := face.Template(image.Rect(70, 75, 180, 180))
	for i := range points {
		points[i].X += x
	}
	return points
}

// A pseudo-fake and its real face meet the same augmentation; the pseudo-fake alone is blended.
func TestFakeAndReal(t *testing.T) {
	for _, info := range spec.Pseudos() {
		t.Run(info.Name, func(t *testing.T) { testFakeAndReal(t, info.Name) })
	}
}

func testFakeAndReal(t *testing.T, kind string) {
	plain := tiny()
	plain.Augment = unaugmented(plain.Augment)
	bright := plain
	bright.Augment.Brightness, bright.Augment.ContrastP = 0.5, 1
	f := person(t, 0)
	before := bytes.Clone(f.Image.Pix)
	untouched, spreadOfReals := 0, 0.0
	for i := range 20 {
		real, fake := pair(t, plain, kind, f, stream.New(3, i), stream.New(3, i))
		if !bytes.Equal(real.Image.Pix, f.Image.Pix) {
			t.Fatal("without augmentation the real face changed")
		}
		if bytes.Equal(fake.Image.Pix, f.Image.Pix) {
			t.Errorf("pseudo-fake %d is the face", i)
		}
		// Half of the pseudo-fakes change the face only, not the corner of the picture.
		if bytes.Equal(fake.Image.Pix[:40], f.Image.Pix[:40]) {
			untouched++
		}

		real, fake = pair(t, bright, kind, f, stream.New(4, i), stream.New(4, i))
		level := mean(real.Image.Pix)
		spreadOfReals = max(spreadOfReals, math.Abs(level-mean(f.Image.Pix)))
		if difference := math.Abs(mean(fake.Image.Pix) - level); difference > 30 {
			t.Errorf("pair %d: the fake is %.0f levels away", i, difference)
		}
	}
	if untouched < 4 || untouched > 16 {
		t.Errorf("%d of 20 pseudo-fakes keep the corner, want about half", untouched)
	}
	if spreadOfReals < 60 {
		t.Errorf("the augmentation changed real faces by %.0f levels at most: the test shows nothing", spreadOfReals)
	}
	if !bytes.Equal(f.Image.Pix, before) {
		t.Error("the face itself was written to")
	}
}

// pair is a real face and the pseudo-fake that goes with it.
func pair(t *testing.T, s spec.Spec, kind string, f face.Face, forReal, forFake *rand.Rand) (real, fake face.Face) {
	t.Helper()
	m := newTestSeeABLE(t, s)
	p, err := NewPseudo(s, m, kind)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker(m.Layout())
	a, err := p.Real(w, face.Still(f), forReal)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Fake(w, face.Still(f), forFake)
	if err != nil {
		t.Fatal(err)
	}
	if a.Fake || !b.Fake {
		t.Errorf("labels %t of the real clip, %t of the pseudo-fake", a.Fake, b.Fake)
	}
	return a.Frames[0], b.Frames[0]
}

// faker is a method whose pseudo-fakes are all white.
type faker struct{ Method }

func (faker) Fake(_ *Worker, c face.Clip, _ *rand.Rand) (face.Clip, error) {
	white := image.NewRGBA(c.Frames[0].Image.Rect)
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	return face.Clip{Frames: []face.Face{{Image: white}}, Fake: true}, nil
}

// The own pseudo-fakes of a method are those that it makes, of one that makes none self-blended images; a kind that nobody
// registered is an error.
func TestPseudoKinds(t *testing.T) {
	s := tiny()
	m := newTestSeeABLE(t, s)
	for _, c := range []struct {
		m                Method
		kind, want, like string
	}{
		{m, "own", "selfblend", "selfblend"}, {m, "poisson", "poisson", ""}, {wrapper{faker{m}}, "own", "own", ""}, {faker{m}, "selfblend", "selfblend", "selfblend"},
	} {
		p, err := NewPseudo(s, c.m, c.kind)
		if err != nil || p.Kind() != c.want {
			t.Fatalf("%s: kind %q, %v", c.kind, p.Kind(), err)
		}
		two := face.Clip{Frames: []face.Face{person(t, 0), person(t, 0)}}
		fake, err := p.Fake(NewWorker(m.Layout()), two, stream.New(1, "kinds"))
		if err != nil {
			t.Fatal(err)
		}
		if white := fake.Frames[0].Image.Pix[0] == 255 && mean(fake.Frames[0].Image.Pix) == 255; white != (c.want == "own") {
			t.Errorf("%s: white %t", c.kind, white)
		}
		if c.want != "own" && (len(fake.Frames) != 2 || !bytes.Equal(fake.Frames[0].Image.Pix, fake.Frames[1].Image.Pix)) {
			t.Errorf("%s: frames that were the same are blended by other draws", c.kind)
		}
		if c.like == "" {
			continue
		}
		q, err := NewPseudo(s, m, c.like)
		if err != nil {
			t.Fatal(err)
		}
		same, err := q.Fake(NewWorker(m.Layout()), two, stream.New(1, "kinds"))
		if err != nil || !bytes.Equal(same.Frames[0].Image.Pix, fake.Frames[0].Image.Pix) {
			t.Errorf("%s is not %s (%v)", c.kind, c.like, err)
		}
	}
	if _, err := NewPseudo(s, m, "unheard-of"); err == nil || !strings.Contains(err.Error(), "unheard-of") {
		t.Errorf("an unknown kind: %v", err)
	}
}

// A self-blended image with its mask is that which Fake makes by the same draws.
func TestSelfBlended(t *testing.T) {
	s := tiny()
	s.Augment = unaugmented(s.Augment)
	m := newTestSeeABLE(t, s)
	p, err := NewPseudo(s, m, "poisson") // whatever the kind
	if err != nil {
		t.Fatal(err)
	}
	q, err := NewPseudo(s, m, "selfblend")
	if err != nil {
		t.Fatal(err)
	}
	f, w := person(t, 0), NewWorker(m.Layout())
	fake, mask, err := p.SelfBlended(w, f, stream.New(3, "blend"))
	if err != nil || mask.Rect.Empty() {
		t.Fatalf("a mask at %v, %v", mask.Rect, err)
	}
	same, err := q.Fake(w, face.Still(f), stream.New(3, "blend"))
	if err != nil || !bytes.Equal(same.Frames[0].Image.Pix, fake.Image.Pix) {
		t.Errorf("it is not what Fake makes (%v)", err)
	}
	if bytes.Equal(fake.Image.Pix, f.Image.Pix) {
		t.Error("nothing is blended")
	}
	if _, _, err := p.SelfBlended(w, face.Face{Image: f.Image}, stream.New(3, "blend")); err == nil {
		t.Error("a face without landmarks is blended")
	}
}

// unaugmented keeps crops and flips and leaves out what is done to pixels.
func unaugmented(a spec.Augment) spec.Augment {
	a.RGBShiftP, a.HSVShiftP, a.ContrastP, a.JPEGP, a.ResampleP = 0, 0, 0, 0, 0
	return a
}

func mean(pix []uint8) float64 {
	total := 0.0
	for _, v := range pix {
		total += float64(v)
	}
	return total / float64(len(pix))
}
