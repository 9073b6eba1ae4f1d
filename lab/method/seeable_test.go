package method

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// views makes n training images of f with a worker, on the stream of the seed.
func views(t *testing.T, m Method, w *Worker, f face.Face, n int, factor float64, seed uint64) (images [][]uint8, labels []int32) {
	t.Helper()
	made, dst := NewSamples(m.Layout(), n), make([]Sample, n)
	for i := range dst {
		dst[i] = made.At(i)
	}
	if err := m.Sample(w, dst, face.Still(f), Draw{Rand: stream.New(seed, "views"), Strength: factor}); err != nil {
		t.Fatal(err)
	}
	for _, sample := range dst {
		images, labels = append(images, sample.Images), append(labels, sample.Label)
	}
	return images, labels
}

// Training images are functions of the face, the factor and the stream, whatever the sampler made before.
func TestViewsAreFunctionsOfTheirStream(t *testing.T) {
	for _, info := range spec.Methods() {
		name := info.Name
		s := tiny()
		s.Method = name
		m, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		used := NewWorker(m.Layout())
		seen := map[string]bool{}
		for seed := range uint64(20) {
			f := person(t, int(seed)%4)
			first, labels := views(t, m, NewWorker(m.Layout()), f, 2, 2, seed)
			again, same := views(t, m, used, f, 2, 2, seed)
			if !slices.Equal(labels, same) || !slices.EqualFunc(first, again, bytes.Equal) {
				t.Fatalf("%s, seed %d: two sets of views", name, seed)
			}
			for _, image := range first {
				if seen[string(image)] {
					t.Errorf("%s, seed %d: an image that was there before", name, seed)
				}
				seen[string(image)] = true
			}
		}
	}
}

// All views of a face share a label, also where a region that is large enough in one view is too small in the next: on a
// turned face, whose sides change places when it is mirrored.
func TestViewsShareALabel(t *testing.T) {
	s := tiny()
	s.Discrepancy.Rows, s.Discrepancy.Cols, s.Encoder.Dim = 4, 4, 31
	s.Discrepancy.MinArea = 0.035
	m := newTestSeeABLE(t, s)
	f := person(t, 0)
	f.Landmarks = slices.Clone(f.Landmarks)
	_, high := box(f.Landmarks)
	for i, p := range f.Landmarks {
		f.Landmarks[i].X -= 0.35 * (high.Y - p.Y)
	}
	// Without a common choice the test would see different labels.
	mirrored := face.Mirror(f)
	differ := 0
	for label := range m.Classes() {
		here, err := m.generator.Redraw(f, label, stream.New(1))
		if err != nil {
			t.Fatal(err)
		}
		there, err := m.generator.Redraw(mirrored, label, stream.New(1))
		if err != nil {
			t.Fatal(err)
		}
		if here == label && there != label {
			differ++
		}
	}
	if differ == 0 {
		t.Fatal("the face is not turned enough for the test")
	}
	sampler := NewWorker(m.Layout())
	for seed := range uint64(400) {
		_, labels := views(t, m, sampler, f, 4, 1, seed)
		if slices.Min(labels) != slices.Max(labels) {
			t.Fatalf("seed %d: views with the labels %v", seed, labels)
		}
		rng := stream.New(seed, "views")
		m.label(rng)
		for range labels {
			view, err := m.glance(f, rng) // the same crop as that of the view
			if err != nil {
				t.Fatal(err)
			}
			if fitting, err := m.generator.Redraw(view, int(labels[0]), stream.New(1)); err != nil || fitting != int(labels[0]) {
				t.Errorf("seed %d: the region of label %d is too small in a view (%v)", seed, labels[0], err)
			}
		}
	}
}

// Classes are equally likely, except that whole and pristine faces have the shares that the spec gives them.
func TestLabelShares(t *testing.T) {
	const n = 40000
	for _, c := range []struct{ whole, pristine float64 }{{0, 0}, {0.3, 0}, {0, 0.2}, {0.3, 0.2}, {1, 0.5}} {
		s := tiny()
		s.Discrepancy.Whole, s.Discrepancy.Pristine = c.whole, c.pristine
		s.Encoder.Dim = 16
		m := newTestSeeABLE(t, s)
		counts := make([]float64, m.Classes())
		rng := stream.New(5, "labels")
		for range n {
			counts[m.label(rng)]++
		}
		locations := s.Discrepancy.Locations()
		for label, count := range counts {
			discrepant := 1 - c.pristine
			want := discrepant * (1 - c.whole) / 8
			if label == 2*locations {
				want = c.pristine
			} else if c.whole > 0 && label%locations == locations-1 {
				want = discrepant * c.whole / 2
			}
			deviation := math.Sqrt(want * (1 - want) / n)
			near(t, fmt.Sprintf("whole %v, pristine %v: share of label %d", c.whole, c.pristine, label), count/n, want, 4.5*deviation)
		}
	}
}

// Pristine faces are only augmented; whole and cell discrepancies change the picture. Labels say which.
func TestViewsShowTheirLabel(t *testing.T) {
	s := tiny()
	s.Augment = unaugmented(s.Augment)
	s.Augment.Flip, s.Augment.Margin = 0, [2]float64{1.4, 1.4}
	s.Discrepancy.Whole, s.Discrepancy.Pristine, s.Discrepancy.Side = 0.2, 0.3, "inside"
	s.Encoder.Dim = 16
	m := newTestSeeABLE(t, s)
	sampler := NewWorker(m.Layout())
	f := person(t, 3)
	pristine := 0
	for seed := range uint64(60) {
		rng := stream.New(seed, "views")
		label := m.label(rng)
		plain, err := m.glance(f, rng) // the same crop as that of the view, whose draws begin like these
		if err != nil {
			t.Fatal(err)
		}
		images, labels := views(t, m, sampler, f, 1, 5, seed)
		if int(labels[0]) != label {
			t.Fatalf("label %d, drawn was %d", labels[0], label)
		}
		same := bytes.Equal(images[0], discrepancy.AppendRGB(nil, plain.Image))
		if same != (label == m.Classes()-1) {
			t.Errorf("label %d of %d: untouched is %t", label, m.Classes(), same)
		}
		if same {
			pristine++
		}
	}
	if pristine == 0 {
		t.Error("no pristine face among 60")
	}
}

// Held-out images are never pristine and never augmented; the curriculum's factor does not reach them.
func TestCheck(t *testing.T) {
	s := tiny()
	s.Discrepancy.Pristine, s.Discrepancy.Whole, s.Encoder.Dim = 0.9, 0.1, 16
	m := newTestSeeABLE(t, s)
	counts := make([]int, m.Classes())
	for i := range 1000 {
		_, label := checked(t, m, person(t, i%4), stream.New(1, i))
		counts[label]++
	}
	if counts[m.Classes()-1] > 0 {
		t.Errorf("%d pristine images", counts[m.Classes()-1])
	}
	if least := slices.Min(counts[:m.Classes()-1]); least < 60 {
		t.Errorf("counts %v, want about 100 of each class", counts)
	}

	s.Discrepancy.Strength, s.Discrepancy.Translate, s.Discrepancy.Scale = 0, [2]float64{}, 0
	m = newTestSeeABLE(t, s)
	for i := range 4 {
		dst, _ := checked(t, m, person(t, i), stream.New(2, i))
		view, err := m.look(person(t, i))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst, discrepancy.AppendRGB(nil, view.Image)) {
			t.Errorf("face %d without a visible discrepancy is not the plain crop", i)
		}
	}
}

// The plain face leads, its discrepancies follow in the order of their labels, and the mirrored face does the same again.
func TestVariants(t *testing.T) {
	const row = 3 * 32 * 32
	f := person(t, 2)
	for _, pristine := range []float64{0, 0.2} {
		for _, flip := range []bool{false, true} {
			s := tiny()
			s.Discrepancy.Pristine, s.Score.Flip = pristine, flip
			m := newTestSeeABLE(t, s)
			got, err := probe(t, m, "figure", Fit{}, f, "someone")
			if err != nil {
				t.Fatal(err)
			}
			looks, err := m.look(f)
			if err != nil {
				t.Fatal(err)
			}
			var want []uint8
			for i, side := range []face.Face{looks, face.Mirror(looks)} {
				if i == 1 && !flip {
					break
				}
				want = discrepancy.AppendRGB(want, side.Image)
				for label := range 8 {
					img := image.NewRGBA(side.Image.Rect)
					if err := m.generator.Apply(img, side, m.generator.Variant(s.Seed, "someone", label), new(discrepancy.Workspace)); err != nil {
						t.Fatal(err)
					}
					want = discrepancy.AppendRGB(want, img)
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("pristine %v, flip %t: %d images are not those %d of their draws", pristine, flip, len(got)/row, len(want)/row)
			}
			plain, err := probe(t, m, "onepass", Fit{}, f, "someone")
			if err != nil {
				t.Fatal(err)
			}
			if n := len(plain) / row; flip && (n != 2 || !bytes.Equal(plain[row:], want[9*row:10*row])) || !flip && n != 1 ||
				!bytes.Equal(plain[:row], want[:row]) {
				t.Errorf("flip %t: onepass has %d images, or others", flip, n)
			}
			other, err := probe(t, m, "figure", Fit{}, f, "someone else")
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(other, got) {
				t.Error("two ids have the same draws")
			}
		}
	}
}

// Any choice of the types has its classes, each with a prototype and the geometry of its region, variants that are scored, and
// labels that training draws.
func TestTypes(t *testing.T) {
	for _, types := range [][]string{{"combined"}, {"frequency", "combined"}, spec.Types} {
		s := tiny()
		s.Discrepancy.Types, s.Discrepancy.Whole, s.Discrepancy.Pristine, s.Encoder.Dim = types, 0.8, 0.5, 16
		m := newTestSeeABLE(t, s)
		k := 5*len(types) + 1
		if m.Classes() != k || m.Prototypes().K() != k || m.ClassName(5*len(types)-1) != types[len(types)-1]+", whole face" {
			t.Errorf("%q: %d classes, %d prototypes, the last but pristine %q", types, m.Classes(), m.Prototypes().K(), m.ClassName(k-2))
		}
		checkTable(t, fmt.Sprint(types), m)
		got, err := probe(t, m, "calibrated", Fit{}, person(t, 0), "id")
		if err != nil || len(got) != k*3*32*32 {
			t.Errorf("%q: %d bytes of variants, want those of %d images (%v)", types, len(got), k, err)
		}
		counts, rng := make([]int, k), stream.New(1, "types")
		for range 4000 {
			counts[m.label(rng)]++
		}
		for label, n := range counts {
			if label%5 == 4 && n < 4000/5/len(types) || n == 0 {
				t.Errorf("%q: %d of 4000 have label %d, %s", types, n, label, m.ClassName(label))
			}
		}
	}
}

// The table of weights is that of the regions, once for each type, and has one more row for pristine faces.
func TestGuidanceTable(t *testing.T) {
	for _, regions := range spec.Regions {
		for _, whole := range []float64{0, 0.2} {
			for _, pristine := range []float64{0, 0.2} {
				for _, distance := range spec.Distances {
					s := tiny()
					s.Discrepancy.Regions, s.Loss.Distance, s.Discrepancy.Pristine, s.Encoder.Dim = regions, distance, pristine, 32
					if regions != "whole" {
						s.Discrepancy.Whole = whole
					}
					checkTable(t, fmt.Sprint(regions, " ", distance, " whole ", whole, " pristine ", pristine), newTestSeeABLE(t, s))
				}
			}
		}
	}
}

func checkTable(t *testing.T, what string, m *SeeABLE) {
	t.Helper()
	regions := m.Regions()
	n, k := regions.Len(), len(m.guidance)
	if k != n && k != m.Classes() {
		t.Fatalf("%s: %d rows for %d regions and %d classes", what, k, n, m.Classes())
	}
	steps, err := regions.Distances(m.spec.Loss.Distance)
	if err != nil {
		t.Fatal(err)
	}
	pristine := -1
	if m.spec.Discrepancy.Pristine > 0 {
		pristine = m.Classes() - 1
	}
	for i, row := range m.guidance {
		if len(row) != k {
			t.Fatalf("%s: row %d has %d weights, want %d", what, i, len(row), k)
		}
		for j, weight := range row {
			a, b := i%n, j%n
			var want float64
			switch {
			case i == j, i != pristine && j != pristine && a == b:
				want = 0.25
			case i == pristine || j == pristine:
				want = 1
			case regions.Mirror(a) == b:
				want = 0.5
			default:
				want = float64(steps[a][b])
			}
			if weight != want || m.guidance[j][i] != want {
				t.Errorf("%s: G(%d, %d) = %v, G(%d, %d) = %v, want %v", what, i, j, weight, j, i, m.guidance[j][i], want)
			}
		}
	}
}

func BenchmarkViews(b *testing.B) {
	for _, info := range spec.Methods() {
		name := info.Name
		b.Run(name, func(b *testing.B) {
			s := spec.Default()
			s.Method = name
			m, err := New(s)
			if err != nil {
				b.Fatal(err)
			}
			c, err := m.Keep(face.Still(person(b, 0)))
			if err != nil {
				b.Fatal(err)
			}
			w, made := NewWorker(m.Layout()), NewSamples(m.Layout(), 2)
			dst := []Sample{made.At(0), made.At(1)}
			for i := 0; b.Loop(); i++ {
				if err := m.Sample(w, dst, c, Draw{Rand: stream.New(1, i), Strength: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A face of which the left is red and the right blue has a map whose left regions are red, however the network looks at it: what
// it sees in the mirror image counts at the place where the face has it.
func TestMapIsInTheFacesOwnLeftAndRight(t *testing.T) {
	for _, flip := range []bool{false, true} {
		for _, regions := range []string{"grid", "meshgrid", "extended"} {
			s := tiny()
			s.Score.Flip, s.Discrepancy.Regions, s.Encoder.Size, s.Encoder.Dim = flip, regions, 64, 32
			m := newTestSeeABLE(t, s)
			f := person(t, 0)
			low, high := box(f.Landmarks)
			painted := image.NewRGBA(f.Image.Rect)
			for i := range painted.Pix {
				switch left := i/4%painted.Rect.Dx() < int((low.X+high.X)/2); {
				case i%4 == 3, i%4 == 0 && left, i%4 == 2 && !left:
					painted.Pix[i] = 255
				}
			}
			f.Image = painted
			sides, err := m.sides(face.Still(f))
			if err != nil {
				t.Fatal(err)
			}
			// redness is how much more red than blue a region of a picture is, in [−1, 1].
			redness := func(rgb []uint8, width, step int, mask region.Mask) float64 {
				sum, n := 0.0, 0.0
				for at, weight := range mask.Weight {
					x, y := mask.Rect.Min.X+at%mask.Rect.Dx(), mask.Rect.Min.Y+at/mask.Rect.Dx()
					p := rgb[step*(y*width+x):]
					sum, n = sum+float64(weight)*(float64(p[0])-float64(p[2]))/255, n+float64(weight)
				}
				return sum / n
			}
			// The network of this test finds of each variant how red its own region is.
			samples := &Samples{Layout: m.Layout()}
			if err := m.Probe(NewWorker(m.Layout()), samples, AllScores, Fit{}, face.Still(f), "asymmetric"); err != nil {
				t.Fatal(err)
			}
			var rows []Row
			for i := range samples.Len() {
				row := make([]float32, 1+m.Classes())
				side, k := i/(1+m.variants()), i%(1+m.variants())-1
				if k >= 0 {
					mask := m.Regions().Mask(k%m.Regions().Len(), sides[side].Landmarks, sides[side].Image.Rect)
					row[1+k] = float32(redness(samples.At(i).Images, m.size, 3, mask))
				}
				rows = append(rows, Row{row})
			}
			if want := len(sides) * (1 + m.variants()); len(rows) != want || len(sides) == 2 != flip {
				t.Fatalf("%d rows, want %d", len(rows), want)
			}
			found, err := m.Explain(face.Still(f), rows, Fit{})
			if err != nil {
				t.Fatal(err)
			}
			sided := 0
			for i, mask := range found.Regions {
				want := redness(f.Image.Pix, f.Image.Rect.Dx(), 4, mask)
				near(t, fmt.Sprintf("flip %v, %s: %v", flip, regions, mask.Rect), found.Values[i], want, 0.3)
				if math.Abs(want) > 0.7 {
					sided++
				}
			}
			if sided < 2 {
				t.Errorf("%s: %d of %d regions lie on one side of the face, want some on each", regions, sided, len(found.Regions))
			}
		}
	}
}
