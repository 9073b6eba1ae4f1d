package localise

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
)

var nan = math.NaN()

// By hand, on 2 × 3 pixels. Inside are 9 and 5; outside 7, 5, 1 and one without a value. Of the 8 pairs 9 wins 4 and 5 wins 2 and
// ties one: 6.5/8. The two largest are 9 and 7: one pixel of three. With a map of one value all ties: 0.5, and of the two pixels
// that are flagged a third lies inside: (2/3)/(4 − 2/3) = 0.2.
func TestMeasureByHand(t *testing.T) {
	mask := Mask{3, 2, []bool{true, false, false, true, false, false}}
	for _, c := range []struct {
		values   []float64
		auc, iou float64
	}{
		{[]float64{9, 7, 5, 5, 1, nan}, 6.5 / 8, 1. / 3},
		{[]float64{4, 4, 4, 4, 4, 4}, 0.5, 0.2},
		{[]float64{nan, nan, nan, nan, nan, nan}, 0.5, 0.2},
		{[]float64{-1, -2, nan, -1, -3, -4}, 1, 1},
		{[]float64{nan, 1, 2, nan, 1, 2}, 0, 0},
	} {
		auc, iou, err := measure(c.values, mask)
		if err != nil || math.Abs(auc-c.auc) > 1e-12 || math.Abs(iou-c.iou) > 1e-12 {
			t.Errorf("%v: AUC %v, IoU %v, %v; want %v and %v", c.values, auc, iou, err, c.auc, c.iou)
		}
	}
	for _, bad := range []Mask{{3, 2, make([]bool, 6)}, {1, 2, []bool{true, true}}} {
		if _, _, err := measure(make([]float64, len(bad.Inside)), bad); !errors.Is(err, ErrArea) {
			t.Errorf("%v: %v, want ErrArea", bad.Inside, err)
		}
	}
	if _, err := NewCase("x", "p", []float64{1, 2}, mask, nil); err == nil || errors.Is(err, ErrArea) {
		t.Errorf("a map of another size: %v", err)
	}
}

// Against loops over all pairs of pixels, with many ties and places without a value.
func TestMeasureNaively(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for range 200 {
		mask := Mask{Width: 1 + rng.IntN(7), Height: 2 + rng.IntN(6)}
		mask.Inside = make([]bool, mask.Width*mask.Height)
		values := make([]float64, len(mask.Inside))
		for i := range values {
			mask.Inside[i], values[i] = rng.IntN(3) == 0, float64(rng.IntN(1+rng.IntN(20)))
			if rng.IntN(5) == 0 {
				values[i] = nan
			}
		}
		if a := mask.Area(); a == 0 || a == len(values) {
			continue
		}
		above := func(a, b float64) float64 { // 1, 1/2 or 0
			switch {
			case math.IsNaN(a) && math.IsNaN(b), a == b:
				return 0.5
			case math.IsNaN(b), a > b:
				return 1
			}
			return 0
		}
		wins, pairs, both := 0., 0., 0.
		for i, in := range mask.Inside {
			greater, equal := 0., 0.
			for j, other := range mask.Inside {
				if in && !other {
					wins, pairs = wins+above(values[i], values[j]), pairs+1
				}
				switch above(values[j], values[i]) {
				case 1:
					greater++
				case 0.5:
					equal++
				}
			}
			if in {
				both += min(1, max(0, float64(mask.Area())-greater)/equal)
			}
		}
		auc, iou, err := measure(values, mask)
		if want := both / (2*float64(mask.Area()) - both); err != nil || math.Abs(auc-wins/pairs) > 1e-12 || math.Abs(iou-want) > 1e-12 {
			t.Fatalf("%v in %v: AUC %v, IoU %v, %v; want %v and %v", values, mask, auc, iou, err, wins/pairs, want)
		}
	}
}

// at is the case of a person whose face lies at a place, in a size, and has the rectangle manipulated that is given in shares of the
// landmarks' box.
func at(t *testing.T, person string, x, y, side int, part [4]float64, values func(inside []bool) []float64) Case {
	t.Helper()
	box := image.Rect(x, y, x+side, y+side)
	m := Mask{160, 120, make([]bool, 160*120)}
	for i := range m.Inside {
		u, v := (float64(i%160)-float64(x))/float64(side), (float64(i/160)-float64(y))/float64(side)
		m.Inside[i] = u >= part[0] && v >= part[1] && u < part[2] && v < part[3]
	}
	landmarks := []face.Point{{X: float64(box.Min.X), Y: float64(box.Min.Y)}, {X: float64(box.Max.X), Y: float64(box.Max.Y)}}
	c, err := NewCase(fmt.Sprint(person, x), person, values(m.Inside), m, landmarks)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func perfect(inside []bool) []float64 {
	values := make([]float64, len(inside))
	for i, in := range inside {
		if in {
			values[i] = 1
		}
	}
	return values
}

func same(inside []bool) []float64 { return make([]float64, len(inside)) }

// The rival knows the place of a mask in the face wherever the face lies and however large it is, from other people alone.
func TestRival(t *testing.T) {
	eyes, mouth := [4]float64{0, 0.25, 1, 0.5}, [4]float64{0.25, 0.75, 0.75, 1}
	var blank, other []Case
	for i := range 6 {
		blank = append(blank, at(t, fmt.Sprint("p", i), 5+8*i, 40-6*i, 32+5*i, eyes, same))
		part := eyes
		if i == 0 {
			part = mouth
		}
		other = append(other, at(t, fmt.Sprint("p", min(i, 4)), 5+8*i, 40-6*i, 32+5*i, part, perfect))
	}
	r, err := Measure(blank)
	if err != nil {
		t.Fatal(err)
	}
	if r.AUC.Value != 0.5 || r.RivalAUC.Value < 0.99 || r.RivalIoU.Value < 0.85 || !(r.AUCGain.High < -0.45) || r.AUC.People != 6 || r.AUC.N != 6 {
		t.Errorf("%+v: want a map that guesses and a rival that knows", r)
	}
	if r, err = Measure(other); err != nil {
		t.Fatal(err)
	}
	if r.AUC.Value != 1 || r.IoU.Value != 1 || r.AUC.N != 6 || r.AUC.People != 5 || r.RivalAUC.N != 6 {
		t.Errorf("%+v: want a perfect map of 6 images of 5 people", r)
	}
	// The first person's mask is nowhere in those of the others: there the rival is worse than guessing.
	if auc, _, err := measure(newPrior(other).values(other[0]), other[0].Mask); err != nil || auc >= 0.5 {
		t.Errorf("the rival finds a mouth where all others have eyes: AUC %v, %v", auc, err)
	}
	one, err := Measure([]Case{other[4], other[5]})
	if err != nil || one.RivalAUC.N != 0 || one.AUCGain.N != 0 || one.AUC.N != 2 || !math.IsNaN(one.AUC.Low) {
		t.Errorf("one person: %+v, %v; want no rival and no interval", one, err)
	}
	if _, err := Measure(nil); err == nil {
		t.Error("nothing is measured")
	}
}

// A blind map says no more than where the map has values: of 4 pixels without any, none inside, and 2 with, one of them inside, the
// one inside wins 4 of 5 pairs and ties one.
func TestBlind(t *testing.T) {
	mask := Mask{3, 2, []bool{true, false, false, false, false, false}}
	c, err := NewCase("x", "p", []float64{1, 2, nan, nan, nan, nan}, mask, []face.Point{{}, {X: 1}})
	if err != nil || math.Abs(c.BlindAUC-4.5/5) > 1e-12 || c.AUC != 4./5 {
		t.Errorf("%+v, %v; want a blind AUC of 0.9 and one of 0.8", c, err)
	}
	r, err := Measure([]Case{c})
	if err != nil || r.BlindAUC.Value != c.BlindAUC || math.Abs(r.BlindGain.Value+0.1) > 1e-12 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBestAndWorst(t *testing.T) {
	cases := []Case{{AUC: 0.6}, {AUC: 0.9}, {AUC: 0.2}, {AUC: 0.9}, {AUC: 0.2}}
	for i := range cases {
		cases[i].Mask = Mask{2, 1, []bool{true, false}}
		cases[i].Landmarks = []face.Point{{}, {X: 1}}
	}
	if r, err := Measure(cases); err != nil || r.Best != 1 || r.Worst != 2 {
		t.Errorf("best %d, worst %d, %v; want 1 and 2", r.Best, r.Worst, err)
	}
}

func TestOfBlend(t *testing.T) {
	blend := region.Mask{Rect: image.Rect(1, 0, 4, 2), Weight: []float32{0.1, 0.125, 0.25, 0.2, 0, 0.124}}
	m := OfBlend(blend, image.Rect(0, 0, 3, 2)) // the last column is outside of the picture
	if want := []bool{false, false, true, false, true, false}; !slices.Equal(m.Inside, want) {
		t.Errorf("%v, want %v", m.Inside, want)
	}
	if n := OfBlend(region.Mask{}, image.Rect(0, 0, 3, 2)).Area(); n != 0 {
		t.Errorf("no blend has an area of %d", n)
	}
}

func TestOfPicture(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 3, 1))
	picture.Set(0, 0, color.Gray{127})
	picture.Set(1, 0, color.Gray{128})
	picture.Set(2, 0, color.RGBA{0, 255, 0, 255})
	if m := OfPicture(picture); !slices.Equal(m.Inside, []bool{false, true, true}) || m.Width != 3 || m.Height != 1 {
		t.Errorf("%+v", m)
	}
}

// A mask follows the face into the crop that a map is of.
func TestMoved(t *testing.T) {
	m := Mask{40, 30, make([]bool, 1200)}
	for i := range m.Inside {
		x, y := i%40, i/40
		m.Inside[i] = x >= 10 && x < 20 && y >= 6 && y < 16
	}
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i, in := range m.Inside {
		if in {
			img.SetRGBA(i%40, i/40, color.RGBA{255, 255, 255, 255})
		}
	}
	f := face.Face{Image: img, Landmarks: face.Template(image.Rect(8, 5, 26, 25))}
	cropped, err := face.Crop(f, image.Rect(4, 2, 28, 26), 48)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Moved(f.Landmarks, cropped.Landmarks, 48, 48)
	if err != nil {
		t.Fatal(err)
	}
	if want := OfPicture(cropped.Image); !slices.Equal(got.Inside, want.Inside) {
		t.Errorf("an area of %d, want that of the picture's crop, %d", got.Area(), want.Area())
	}
	if same, err := m.Moved(f.Landmarks, f.Landmarks, 40, 30); err != nil || !slices.Equal(same.Inside, m.Inside) {
		t.Errorf("moved by nothing it is another, %v", err)
	}
	for name, to := range map[string][]face.Point{
		"turned": face.Turn(f, 1).Landmarks, "none": nil,
	} {
		if _, err := m.Moved(f.Landmarks, to, 40, 30); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
