package swap

import (
	"errors"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/stream"
)

func pointsOf(pairs [][2]float64) (points []face.Point) {
	for _, p := range pairs {
		points = append(points, face.Point{X: p[0], Y: p[1]})
	}
	return points
}

func TestSimilarityGolden(t *testing.T) {
	var file struct {
		Similarity []struct {
			Name     string
			Src, Dst [][2]float64
			Matrix   [][]float64 `json:"matrix_2x3"`
		}
	}
	sharedtest.Golden(t, "fwa.json", &file)
	if len(file.Similarity) == 0 {
		t.Fatal("the golden has no fits")
	}
	for _, c := range file.Similarity {
		got, err := Similarity(pointsOf(c.Src), pointsOf(c.Dst))
		if err != nil {
			t.Fatal(err)
		}
		want := Transform{c.Matrix[0][0], c.Matrix[1][0], c.Matrix[0][2], c.Matrix[1][2]}
		for i, d := range []float64{got.A - want.A, got.B - want.B, got.X - want.X, got.Y - want.Y} {
			if math.Abs(d) > 1e-7 {
				t.Errorf("%s: %+v, want %+v (number %d)", c.Name, got, want, i)
			}
		}
	}
}

func imageOf(rows [][][3]float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, p := range row {
			img.SetRGBA(x, y, color.RGBA{uint8(p[0]), uint8(p[1]), uint8(p[2]), 255})
		}
	}
	return img
}

func maskOf(rows [][]float32) region.Mask {
	m := region.Mask{Rect: image.Rect(0, 0, len(rows[0]), len(rows))}
	for _, row := range rows {
		m.Weight = append(m.Weight, row...)
	}
	return m
}

// Shifted levels are rounded, blended ones cut off: each may differ by as much from the golden, which has fractions.
func TestColourAndBlendGolden(t *testing.T) {
	var file struct {
		Colour struct {
			Background, Foreground [][][3]float64
			Mask                   [][]float32
			MeanShift              [][][3]float64 `json:"mean_shift"`
		} `json:"colour_transfer"`
		Blend struct {
			M   [][]float32
			Out [][][3]float64 `json:"out_of_mean_shift_over_background"`
		}
	}
	sharedtest.Golden(t, "xray.json", &file)
	back, fore := imageOf(file.Colour.Background), imageOf(file.Colour.Foreground)
	mask := maskOf(file.Colour.Mask)
	ShiftMean(fore, back, mask)
	for y, row := range file.Colour.MeanShift {
		for x, want := range row {
			if mask.Weight[3*y+x] == 0 {
				continue
			}
			got := fore.RGBAAt(x, y)
			for c, v := range []uint8{got.R, got.G, got.B} {
				if math.Abs(float64(v)-want[c]) > 0.5+1e-9 {
					t.Errorf("shifted pixel %d, %d, channel %d is %d, want %v", x, y, c, v, want[c])
				}
			}
		}
	}
	// Outside of the mask the golden keeps the foreground, which would show where M and the mask differ.
	for y, row := range file.Colour.MeanShift {
		for x, p := range row {
			fore.SetRGBA(x, y, color.RGBA{uint8(math.Round(p[0])), uint8(math.Round(p[1])), uint8(math.Round(p[2])), 255})
		}
	}
	Blend(back, fore, maskOf(file.Blend.M))
	for y, row := range file.Blend.Out {
		for x, want := range row {
			got := back.RGBAAt(x, y)
			for c, v := range []uint8{got.R, got.G, got.B} {
				if math.Abs(float64(v)-want[c]) > 1.5 {
					t.Errorf("blended pixel %d, %d, channel %d is %d, want %v", x, y, c, v, want[c])
				}
			}
		}
	}
}

// noisy is a picture of smooth waves and a little noise.
func noisy(w, h int, seed uint64) *image.RGBA {
	rng, img := stream.New(seed), image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			level := func(k float64) uint8 {
				return uint8(128 + 60*math.Sin(k*float64(x)/9+float64(seed))*math.Cos(float64(y)/(5*k)) + 4*rng.NormFloat64())
			}
			img.SetRGBA(x, y, color.RGBA{level(1), level(1.5), level(2), 255})
		}
	}
	return img
}

// Warp against a naive loop, and with nothing to do against its source.
func TestWarp(t *testing.T) {
	src := noisy(40, 30, 1)
	same := image.NewRGBA(src.Rect)
	Warp(same, src, Transform{A: 1})
	if string(same.Pix) != string(src.Pix) {
		t.Error("the transform that leaves points where they are changes pixels")
	}
	tr := Transform{0.9, 0.3, 5, -4}
	dst := image.NewRGBA(image.Rect(-3, 2, 45, 33))
	Warp(dst, src, tr)
	n := tr.A*tr.A + tr.B*tr.B
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		for x := dst.Rect.Min.X; x < dst.Rect.Max.X; x++ {
			u, v := float64(x)-tr.X, float64(y)-tr.Y
			px, py := min(max((tr.A*u+tr.B*v)/n, 0), 39), min(max((tr.A*v-tr.B*u)/n, 0), 29)
			want := 0.0
			for _, corner := range [4][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
				cx, cy := int(px)+corner[0], int(py)+corner[1]
				weight := (1 - math.Abs(px-float64(cx))) * (1 - math.Abs(py-float64(cy)))
				want += weight * float64(src.RGBAAt(min(cx, 39), min(cy, 29)).R)
			}
			if got := float64(dst.RGBAAt(x, y).R); math.Abs(got-want) > 1.5 {
				t.Fatalf("pixel %d, %d is %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestTransforms(t *testing.T) {
	landmarks := face.Template(image.Rect(10, 20, 90, 95))
	moved := make([]face.Point, len(landmarks))
	want := Transform{1.2, -0.4, 7, 9}
	for i, p := range landmarks {
		moved[i] = want.Apply(p)
	}
	got, err := Similarity(FivePoints(landmarks), FivePoints(moved))
	if err != nil || math.Abs(got.A-want.A)+math.Abs(got.B-want.B)+math.Abs(got.X-want.X)+math.Abs(got.Y-want.Y) > 1e-9 {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	back := want.inverse().Apply(want.Apply(face.Point{X: 3, Y: 4}))
	if math.Hypot(back.X-3, back.Y-4) > 1e-12 {
		t.Errorf("there and back is %v", back)
	}
	for i, p := range landmarks {
		moved[i] = face.Point{X: 2*p.X + 5, Y: 2*p.Y - 3}
	}
	if got, err := Boxes(landmarks, moved); err != nil || math.Abs(got.A-2)+math.Abs(got.B)+math.Abs(got.X-5)+math.Abs(got.Y+3) > 1e-9 {
		t.Errorf("boxes: %+v, %v; want scale 2 and (5, −3)", got, err)
	}
	one := make([]face.Point, 68)
	for what, align := range map[string]func([]face.Point, []face.Point) (Transform, error){"similarity": Similarity, "boxes": Boxes} {
		for _, pair := range [][2][]face.Point{{one, landmarks}, {landmarks, one}, {nil, nil}} {
			if _, err := align(pair[0], pair[1]); err == nil {
				t.Errorf("%s: points in one place, or none, are aligned", what)
			}
		}
	}
}

func disc(w, h, r int, soft float64) region.Mask {
	m := region.Mask{Rect: image.Rect(0, 0, w, h), Weight: make([]float32, w*h)}
	for i := range m.Weight {
		far := math.Hypot(float64(i%w-w/2), float64(i/w-h/2))
		m.Weight[i] = float32(min(max((float64(r)-far)/soft+0.5, 0), 1))
	}
	return m
}

// Outside of the mask the face stays; where the mask is 1 there is the donor, of the mean colour around.
func TestPaste(t *testing.T) {
	target, donor := noisy(48, 40, 1), noisy(48, 40, 2)
	for i := 0; i < len(donor.Pix); i += 4 {
		donor.Pix[i] /= 2
	}
	mask := disc(48, 40, 12, 6)
	var w Workspace
	for _, gradients := range []bool{false, true} {
		dst := noisy(48, 40, 1)
		used, err := w.Paste(dst, donor, Transform{A: 1}, mask, gradients)
		if err != nil {
			t.Fatal(err)
		}
		var before, after [3]float64
		changed := 0
		for y := range 40 {
			for x := range 48 {
				a, b := target.RGBAAt(x, y), dst.RGBAAt(x, y)
				weight := float32(0)
				if p := image.Pt(x, y); p.In(used.Rect) {
					weight = used.Weight[(y-used.Rect.Min.Y)*used.Rect.Dx()+x-used.Rect.Min.X]
				}
				if gradients && weight != 0 && weight != 1 {
					t.Fatalf("weight %v in the gradient domain", weight)
				}
				if weight == 0 && a != b {
					t.Fatalf("gradients %v: pixel %d, %d outside of the mask was changed", gradients, x, y)
				}
				if weight == 1 {
					before[0], before[1], before[2] = before[0]+float64(a.R), before[1]+float64(a.G), before[2]+float64(a.B)
					after[0], after[1], after[2] = after[0]+float64(b.R), after[1]+float64(b.G), after[2]+float64(b.B)
					if a != b {
						changed++
					}
				}
			}
		}
		for c := range before {
			if d := math.Abs(before[c]-after[c]) / float64(12*12*3); d > 8 && !gradients {
				t.Errorf("gradients %v: the mean of channel %d moved by %v levels", gradients, c, d)
			}
		}
		if changed < 200 {
			t.Errorf("gradients %v: %d pixels were changed", gradients, changed)
		}
	}
	for what, m := range map[string]region.Mask{"empty": {}, "no weight": {Rect: image.Rect(2, 2, 5, 5), Weight: make([]float32, 9)}, "outside": {Rect: image.Rect(99, 99, 100, 100), Weight: []float32{1}}} {
		for _, gradients := range []bool{false, true} {
			if _, err := w.Paste(noisy(48, 40, 1), donor, Transform{A: 1}, m, gradients); !errors.Is(err, ErrMask) {
				t.Errorf("%s mask: error %v", what, err)
			}
		}
	}
	// A mask of the whole picture leaves the pixels at its edge in the gradient domain.
	dst := noisy(48, 40, 1)
	if _, err := w.Paste(dst, donor, Transform{A: 1}, disc(48, 40, 999, 1), true); err != nil || dst.RGBAAt(0, 5) != target.RGBAAt(0, 5) || dst.RGBAAt(20, 20) == target.RGBAAt(20, 20) {
		t.Errorf("a mask of all: %v, or the edge was changed", err)
	}
}

// A face pasted into itself stays as it is, but for rounding.
func TestPasteItself(t *testing.T) {
	for _, gradients := range []bool{false, true} {
		dst, same := noisy(48, 40, 1), noisy(48, 40, 1)
		var w Workspace
		if _, err := w.Paste(dst, same, Transform{A: 1}, disc(48, 40, 12, 6), gradients); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst.Pix {
			if v != same.Pix[i] {
				t.Fatalf("gradients %v: byte %d is %d, want %d", gradients, i, v, same.Pix[i])
			}
		}
	}
}

func BenchmarkPaste(b *testing.B) {
	for what, gradients := range map[string]bool{"alpha": false, "gradients": true} {
		b.Run(what, func(b *testing.B) {
			target, donor, dst, mask := noisy(64, 64, 1), noisy(80, 80, 2), noisy(64, 64, 1), disc(64, 64, 22, 6)
			var w Workspace
			for b.Loop() {
				copy(dst.Pix, target.Pix)
				if _, err := w.Paste(dst, donor, Transform{A: 0.8}, mask, gradients); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
