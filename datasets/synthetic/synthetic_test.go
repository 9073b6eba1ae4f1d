package synthetic

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

func TestItems(t *testing.T) {
	train, test := Sets(3)
	count := map[string]int{}
	videos := map[string]bool{}
	ids := map[string]bool{}
	trained := map[string]bool{}
	for _, it := range train.Items {
		trained[it.Identity] = true
		if it.Fake {
			t.Fatalf("%s is fake", it.ID())
		}
	}
	for _, it := range test.Items {
		count[it.Method]++
		videos[it.VideoID()] = true
		ids[it.ID()] = true
		if trained[it.Identity] || trained[it.Source] {
			t.Errorf("%s shows a training identity", it.ID())
		}
		if it.Fake != (it.Method != "original") {
			t.Errorf("%s: fake is %v", it.ID(), it.Fake)
		}
		if it.Source == it.Identity {
			t.Errorf("%s is swapped with itself", it.ID())
		}
	}
	if len(train.Items) != 960 || len(trained) != 240 {
		t.Errorf("%d training faces of %d people; want 960 of 240", len(train.Items), len(trained))
	}
	for method, want := range map[string]int{"original": 160, "swap": 80, "reenact": 80, "texture": 80, "noise": 80} {
		if count[method] != want {
			t.Errorf("%d faces of %s; want %d", count[method], method, want)
		}
	}
	if len(videos) != 120 || len(ids) != len(test.Items) {
		t.Errorf("%d videos and %d ids of %d faces", len(videos), len(ids), len(test.Items))
	}
	if !train.Synthetic || !test.Synthetic || train.Name != "synthetic" || test.Name != "synthetic" {
		t.Error("the sets are not marked synthetic")
	}
}

// TestDigests holds the drawings of seed 1, which every measured figure of the set rests on. Other processors fuse multiplications with additions and so round otherwise.
func TestDigests(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the digests are those of amd64")
	}
	train, test := Sets(1)
	for _, c := range []struct {
		set  datasets.Set
		want string
	}{
		{train, "81561b21fb032810a52b84d65cc78929d01051865cfc3c857ceae8f65cdcdd4a"},
		{test, "023b83d7033d3fc1388a1ac46df9f45b499284b0670d2c7540680a7cb5ea8d8b"},
	} {
		if got, err := datasets.Digest(c.set); err != nil || got != c.want {
			t.Errorf("%d faces have the digest %s, %v; want %s", len(c.set.Items), got, err, c.want)
		}
	}
}

func TestFacesAreFunctionsOfSeedAndItem(t *testing.T) {
	load := func(seed uint64, i int) face.Face {
		_, test := Sets(seed)
		f, err := datasets.Load(test.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, i := range []int{0, 100, 200, 300, 479} {
		a, b, other := load(1, i), load(1, i), load(2, i)
		if _, test := Sets(1); !slices.Equal(test.Items[i].Landmarks(), a.Landmarks) {
			t.Errorf("item %d has other landmarks than the face that it draws", i)
		}
		if !bytes.Equal(a.Image.Pix, b.Image.Pix) || !slices.Equal(a.Landmarks, b.Landmarks) {
			t.Errorf("item %d differs from call to call", i)
		}
		if bytes.Equal(a.Image.Pix, other.Image.Pix) {
			t.Errorf("item %d does not depend on the seed", i)
		}
		if err := face.Check(a); err != nil || a.Fallback || a.Image.Rect != image.Rect(0, 0, 256, 256) || !a.Image.Opaque() {
			t.Errorf("item %d: %v, bounds %v, fallback %v", i, err, a.Image.Rect, a.Fallback)
		}
	}
}

// TestLandmarksLieOnTheFace looks for the outline of bare faces, which are drawn on one colour, at the jaw
// landmarks, and for the lit skin that surrounds the darker pupils.
func TestLandmarksLieOnTheFace(t *testing.T) {
	for i := range 20 {
		r := stream.New(9, "face", i)
		s := newScene(r)
		q := newPose(r, s)
		q.lid, q.gaze = 1, 0
		m, l := bareFace(newPerson(r), s, q)
		if len(l) != face.Landmarks {
			t.Fatalf("%d landmarks", len(l))
		}
		colour := func(p face.Point) color.RGBA { return m.RGBAAt(int(math.Round(p.X)), int(math.Round(p.Y))) }
		bright := func(p face.Point) int {
			c := colour(p)
			return int(c.R) + int(c.G) + int(c.B)
		}
		middle := l[30]
		for k := 3; k <= 13; k++ { // the ears hide the ends
			dx, dy := l[k].X-middle.X, l[k].Y-middle.Y
			n := math.Hypot(dx, dy)
			step := func(pixels float64) color.RGBA { // outwards from the landmark
				return colour(face.Point{X: l[k].X + pixels*dx/n, Y: l[k].Y + pixels*dy/n})
			}
			// A pixel of the skin may have the ground's colour by chance; two do not.
			if ground := colour(face.Point{}); step(-4) == ground && step(-6) == ground || step(4) != ground || step(6) != ground {
				t.Errorf("face %d: the outline is not at jaw landmark %d: %v and %v inside, %v and %v outside on %v",
					i, k, step(-6), step(-4), step(4), step(6), ground)
			}
		}
		for _, eye := range [][]face.Point{l[36:42], l[42:48]} {
			var pupil face.Point
			for _, p := range eye {
				pupil.X += p.X / 6
				pupil.Y += p.Y / 6
			}
			cheek := face.Point{X: pupil.X, Y: (pupil.Y + l[33].Y) / 2}
			if bright(pupil) > bright(cheek) {
				t.Errorf("face %d: the eye's centre (%d) is brighter than the cheek (%d)", i, bright(pupil), bright(cheek))
			}
		}
	}
}

// TestManipulationsStayOnTheFace checks that each family changes the face and nothing that is far from it.
func TestManipulationsStayOnTheFace(t *testing.T) {
	for i := range 6 {
		r := stream.New(4, "target", i)
		p, s := newPerson(r), newScene(r)
		q := newPose(r, s)
		before, l := portrait(p, s, q)
		x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, p := range l {
			x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
		}
		margin := 0.45 * (x1 - x0) // the largest patch has this radius
		near := image.Rect(int(x0-margin), int(y0-margin), int(x1+margin)+1, int(y1+margin)+1)
		for _, m := range manipulations {
			after := image.NewRGBA(before.Rect)
			copy(after.Pix, before.Pix)
			other := newPerson(stream.New(4, "source", i))
			m.alter(after, l, forger{stream.New(4, m.method, i), func() (*image.RGBA, []face.Point) { return bareFace(other, s, q) }})
			changed := 0
			for y := range pictureSide {
				for x := range pictureSide {
					if before.RGBAAt(x, y) == after.RGBAAt(x, y) {
						continue
					}
					changed++
					if !image.Pt(x, y).In(near) {
						t.Fatalf("%s %d changes (%d, %d), far from the face %v", m.method, i, x, y, near)
					}
				}
			}
			if area := (x1 - x0) * (y1 - y0); float64(changed) < 0.05*area {
				t.Errorf("%s %d changes %d pixels of a face of %.0f", m.method, i, changed, area)
			}
			if !after.Opaque() {
				t.Errorf("%s %d leaves transparent pixels", m.method, i)
			}
		}
	}
}

func TestBlobAndBoxBlur(t *testing.T) {
	for _, d := range []float64{0, 0.5, 1, 1.5, 2, 3} {
		if got, want := blob(3*d, 0, 3), math.Exp(-d*d); math.Abs(got-want) > 0.08 {
			t.Errorf("blob at %g radii is %g; want about %g", d, got, want)
		}
	}
	m := image.NewAlpha(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 37)
	}
	want := make([]uint8, len(m.Pix)) // naive, with the same rounding: rows first
	rows := make([]int, len(m.Pix))
	at := func(of []int, x, y int) int {
		if x < 0 || y < 0 || x > 15 || y > 15 {
			return 0
		}
		return of[16*y+x]
	}
	src := make([]int, len(m.Pix))
	for i, p := range m.Pix {
		src[i] = int(p)
	}
	for i := range rows {
		for d := -2; d <= 2; d++ {
			rows[i] += at(src, i%16+d, i/16)
		}
		rows[i] /= 5
	}
	for i := range want {
		sum := 0
		for d := -2; d <= 2; d++ {
			sum += at(rows, i%16, i/16+d)
		}
		want[i] = uint8(sum / 5)
	}
	boxBlur(m, 2)
	if !slices.Equal(m.Pix, want) {
		t.Error("boxBlur differs from the naive sum")
	}
}

func BenchmarkDraw(b *testing.B) {
	_, test := Sets(1)
	byMethod := map[string][]datasets.Item{}
	for _, it := range test.Items {
		byMethod[it.Method] = append(byMethod[it.Method], it)
	}
	for method, items := range byMethod {
		b.Run(method, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := datasets.Load(items[i%len(items)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A face that was drawn before is the same, whatever was done to it since.
func TestTakenAgain(t *testing.T) {
	_, test := Sets(77)
	for _, it := range test.Items[:3] {
		first := it.Draw()
		pixels, points := slices.Clone(first.Image.Pix), slices.Clone(first.Landmarks)
		clear(first.Image.Pix)
		clear(first.Landmarks)
		if again := it.Draw(); !slices.Equal(again.Image.Pix, pixels) || !slices.Equal(again.Landmarks, points) {
			t.Errorf("%s: another face at the second call", it.ID())
		}
	}
	other, _ := Sets(78)
	same, _ := Sets(77)
	if slices.Equal(other.Items[0].Draw().Image.Pix, same.Items[0].Draw().Image.Pix) {
		t.Error("two seeds have the same face")
	}
}
