package region

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// shape is a binary mask as the goldens describe it.
type shape struct {
	Area int    `json:"area"`
	Box  [4]int `json:"bbox_x0y0x1y1"`
	SumX int    `json:"sum_x"`
	SumY int    `json:"sum_y"`
}

func describe(t *testing.T, m Mask) shape {
	t.Helper()
	var s shape
	s.Box = [4]int{m.Rect.Min.X, m.Rect.Min.Y, m.Rect.Max.X - 1, m.Rect.Max.Y - 1}
	each(t, m, func(p image.Point) {
		s.Area++
		s.SumX += p.X
		s.SumY += p.Y
	})
	return s
}

// each calls f for every pixel of a mask, which must be binary and fit its rectangle.
func each(t *testing.T, m Mask, f func(image.Point)) {
	t.Helper()
	if len(m.Weight) != m.Rect.Dx()*m.Rect.Dy() {
		t.Fatalf("%d weights for %v", len(m.Weight), m.Rect)
	}
	for i, w := range m.Weight {
		if w != 0 && w != 1 {
			t.Fatalf("weight %v, want 0 or 1", w)
		}
		if w == 1 {
			f(m.Rect.Min.Add(image.Pt(i%m.Rect.Dx(), i/m.Rect.Dx())))
		}
	}
}

func golden(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type masks struct {
	Landmarks [][2]float64 `json:"landmarks_81"`
	Hull68    shape        `json:"hull_68"`
	Grid      map[string]struct {
		Cells []struct {
			shape
			Rect [4]int   `json:"rect_inclusive"`
			Runs [][3]int `json:"runs_y_xstart_xend"`
		}
		Shared  int   `json:"pixels_in_two_or_more_cells"`
		Covered int   `json:"pixels_covered"`
		Empty   []int `json:"empty_cells"`
	}
	Other map[string]struct{ Masks []shape }
}

func (m masks) points() []face.Point {
	points := make([]face.Point, len(m.Landmarks))
	for i, p := range m.Landmarks {
		points[i] = face.Point{X: p[0], Y: p[1]}
	}
	return points
}

var frame = image.Rect(0, 0, 256, 256)

// overlapping are SLADD's forgeries, which no spec names.
const overlapping = "forgeries"

func regions(t testing.TB, name string, rows, cols int) Regions {
	t.Helper()
	if name == overlapping {
		return Forgeries()
	}
	r, err := New(spec.Discrepancy{Regions: name, Rows: rows, Cols: cols})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The official masks, to the pixel.
func TestGridGolden(t *testing.T) {
	var g masks
	golden(t, "masks.json", &g)
	for name, want := range g.Grid {
		var rows, cols int
		if _, err := fmt.Sscanf(name, "%dx%d", &rows, &cols); err != nil {
			t.Fatal(err)
		}
		r := regions(t, "grid", rows, cols)
		if r.Len() != len(want.Cells) {
			t.Fatalf("%s: %d cells, want %d", name, r.Len(), len(want.Cells))
		}
		count := map[image.Point]int{}
		for i, cell := range want.Cells {
			rect := r.(grid).cell(i, pixels(nil, g.points())[:face.Landmarks])
			if got := [4]int{rect.Min.X, rect.Min.Y, rect.Max.X - 1, rect.Max.Y - 1}; got != cell.Rect {
				t.Errorf("%s cell %d: rectangle %v, want %v", name, i, got, cell.Rect)
			}
			m := r.Mask(i, g.points(), frame)
			if got := describe(t, m); got != cell.shape {
				t.Errorf("%s cell %d: %+v, want %+v", name, i, got, cell.shape)
			}
			expected := map[image.Point]bool{}
			for _, run := range cell.Runs {
				for x := run[1]; x <= run[2]; x++ {
					expected[image.Pt(x, run[0])] = true
				}
			}
			each(t, m, func(p image.Point) {
				count[p]++
				if cell.Runs != nil && !expected[p] {
					t.Errorf("%s cell %d: pixel %v is not in the golden rows", name, i, p)
				}
			})
			if name == "4x4" && len(expected) != cell.Area {
				t.Fatalf("4x4 cell %d: golden rows hold %d pixels, want %d", i, len(expected), cell.Area)
			}
		}
		shared := 0
		for _, n := range count {
			if n > 1 {
				shared++
			}
		}
		if len(count) != want.Covered || shared != want.Shared {
			t.Errorf("%s: %d pixels covered, %d twice; want %d, %d", name, len(count), shared, want.Covered, want.Shared)
		}
	}
}

func TestOtherGoldens(t *testing.T) {
	var g masks
	golden(t, "masks.json", &g)
	for name, key := range map[string]string{
		"whole": "whole", "dfl": "dfl", "components": "components", "extended": "extended", "meshgrid": "meshgrid", "sladd": "sladd_parts",
	} {
		r, want := regions(t, name, 0, 0), g.Other[key].Masks
		if r.Len() != len(want) || len(want) == 0 {
			t.Fatalf("%s: %d regions, want %d", name, r.Len(), len(want))
		}
		for i := range want {
			if got := describe(t, r.Mask(i, g.points(), frame)); got != want[i] {
				t.Errorf("%s region %d (%s): %+v, want %+v", name, i, r.Name(i), got, want[i])
			}
		}
	}
	if got := describe(t, regions(t, "whole", 0, 0).Mask(0, g.points()[:68], frame)); got != g.Hull68 {
		t.Errorf("hull of 68: %+v, want %+v", got, g.Hull68)
	}
}

// The official compositions of SLADD are unions of the four parts.
func TestSladdCompositions(t *testing.T) {
	var g masks
	golden(t, "masks.json", &g)
	r := regions(t, "sladd", 0, 0)
	union := func(list []int) shape {
		pixels := map[image.Point]bool{}
		for _, i := range list {
			each(t, r.Mask(i, g.points(), frame), func(p image.Point) { pixels[p] = true })
		}
		u := shape{Box: [4]int{256, 256, -1, -1}}
		for p := range pixels {
			u.Area, u.SumX, u.SumY = u.Area+1, u.SumX+p.X, u.SumY+p.Y
			u.Box = [4]int{min(u.Box[0], p.X), min(u.Box[1], p.Y), max(u.Box[2], p.X), max(u.Box[3], p.Y)}
		}
		return u
	}
	for i, list := range [][]int{{0}, {1}, {2}, {3}, {0, 1}, {0, 2}, {1, 2}, {2, 3}, {0, 1, 2}, {0, 1, 2, 3}} {
		if got, want := union(list), g.Other["sladd_composed"].Masks[i]; got != want {
			t.Errorf("composition %d of parts %v: %+v, want %+v", i, list, got, want)
		}
	}
	if got, want := union([]int{0, 1, 2, 3}), g.Other["sladd_default"].Masks[0]; got != want {
		t.Errorf("everything: %+v, want %+v", got, want)
	}
}

// The bar of SLADD's forgeries joins the eyes, other than the two together, and places of several parts are their unions.
func TestForgeries(t *testing.T) {
	var g masks
	golden(t, "masks.json", &g)
	r, parts := Forgeries(), regions(t, "sladd", 0, 0)
	area := func(m Mask) int { return describe(t, m).Area }
	of := func(i int) Mask { return r.Mask(i, g.points(), frame) }
	for i, part := range map[int]int{0: sladdLeft, 1: sladdRight, 3: sladdNose, 4: sladdMouth} {
		if got, want := describe(t, of(i)), describe(t, parts.Mask(part, g.points(), frame)); got != want {
			t.Errorf("%s: %+v, want %+v", r.Name(i), got, want)
		}
	}
	left, right := describe(t, of(0)), describe(t, of(1))
	bar := describe(t, of(2))
	if bar.Area <= 0 || bar.Box[0] >= left.Box[2] || bar.Box[2] <= right.Box[0] || bar.Area == left.Area+right.Area {
		t.Errorf("a bar of %+v between eyes of %+v and %+v", bar, left, right)
	}
	for i, of2 := range map[int][2]int{5: {3, 0}, 6: {3, 1}, 7: {3, 2}, 8: {3, 4}} {
		a, b, both := area(of(of2[0])), area(of(of2[1])), area(of(i))
		if both > a+b || both < max(a, b) {
			t.Errorf("%s has %d pixels, its parts %d and %d", r.Name(i), both, a, b)
		}
	}
	if area(of(9)) <= area(of(8)) || area(of(9)) <= area(of(7)) {
		t.Error("all together is no larger than a part")
	}
}

// Random shapes filled by OpenCV: to the pixel.
func TestOpenCV(t *testing.T) {
	var g struct {
		Shapes []struct {
			Kind   string
			Radius int
			Points [][2]int
			Area   int
			Box    [4]int `json:"bbox"`
			SumX   int    `json:"sum_x"`
			SumY   int    `json:"sum_y"`
			SumXY  int    `json:"sum_xy"`
		}
	}
	golden(t, "opencv.json", &g)
	if len(g.Shapes) != 90 {
		t.Fatalf("%d shapes", len(g.Shapes))
	}
	for i, want := range g.Shapes {
		var points []image.Point
		for _, p := range want.Points {
			points = append(points, image.Pt(p[0], p[1]))
		}
		var m Mask
		switch want.Kind {
		case "hull":
			m = fill(hull(nil, points), frame, convexOutline)
		case "polygon":
			m = fill(points, frame, polygonOutline)
		case "stroke":
			m = stroke(points[0], points[1], want.Radius, frame)
			if got := describe(t, m); want.Radius == 0 {
				// Too short to be dilated: the filling between the sides may miss a pixel that dilation would cover.
				if got.Box != want.Box || got.Area < want.Area-3 || got.Area > want.Area {
					t.Errorf("shape %d, line %v: %+v, want %+v within 3 pixels", i, points, got, want)
				}
				continue
			}
		}
		sumXY := 0
		each(t, m, func(p image.Point) { sumXY += p.X * p.Y })
		if got := describe(t, m); got != (shape{want.Area, want.Box, want.SumX, want.SumY}) || sumXY != want.SumXY {
			t.Errorf("shape %d, %s %v: %+v, want %+v", i, want.Kind, points, got, want)
		}
	}
}

var strategies = []string{"grid", "meshgrid", "sladd", "whole", "dfl", "components", "extended"}

func TestRegionsMatchTheSpec(t *testing.T) {
	if !slices.Equal(strategies, spec.Regions) {
		t.Fatalf("the tests know %q, the spec %q", strategies, spec.Regions)
	}
	for _, name := range spec.Regions {
		d := spec.Default().Discrepancy
		d.Regions, d.Rows, d.Cols = name, 3, 5
		r, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		if r.Len() != d.Locations() {
			t.Errorf("%s: %d regions, the spec counts %d", name, r.Len(), d.Locations())
		}
		names := map[string]bool{}
		for i := range r.Len() {
			names[r.Name(i)] = true
		}
		if len(names) != r.Len() || names[""] {
			t.Errorf("%s: names %v are not distinct", name, names)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, d := range []spec.Discrepancy{{Regions: "grids"}, {Regions: "grid", Rows: 0, Cols: 4}, {Regions: "grid", Rows: 4, Cols: -1}} {
		if r, err := New(d); err == nil {
			t.Errorf("%+v: got %v, want an error", d, r)
		}
	}
}

// The region that mirrors i, on the mirrored face, is the mirror image of i.
func TestMirror(t *testing.T) {
	points := face.Template(image.Rect(40, 60, 190, 210))
	for i := range points {
		// A turned head, so that no region is its own mirror image by chance.
		points[i].X += 0.15 * (points[i].Y - 60)
	}
	mirrored := face.Mirror(face.Face{Image: image.NewRGBA(frame), Landmarks: points}).Landmarks
	for _, name := range append(slices.Clone(strategies), overlapping) {
		r := regions(t, name, 4, 4)
		for i := range r.Len() {
			j := r.Mirror(i)
			if r.Mirror(j) != i {
				t.Fatalf("%s: mirror of %d is %d, whose mirror is %d", name, i, j, r.Mirror(j))
			}
			here := map[image.Point]bool{}
			each(t, r.Mask(i, points, frame), func(p image.Point) { here[image.Pt(255-p.X, p.Y)] = true })
			both, area := 0, 0
			m := r.Mask(j, mirrored, frame)
			each(t, m, func(p image.Point) {
				area++
				if here[p] {
					both++
				}
			})
			// Cells and lines are rounded one way on both faces, so their borders differ by a pixel.
			differ, border := len(here)+area-2*both, 2*(m.Rect.Dx()+m.Rect.Dy())
			if both == 0 || differ > border {
				t.Errorf("%s: region %d (%s) and its mirror %d (%s) share %d of %d pixels, %d differ", name, i, r.Name(i), j, r.Name(j), both, area, differ)
			}
		}
	}
}

// Golden guidance weights hold the grid's distances wherever cells are neither equal nor mirrored.
func TestGridDistancesGolden(t *testing.T) {
	var g struct {
		Grids map[string]struct {
			Rows, Cols int
			Mirror     []int `json:"mirror_index"`
			Manhattan  [][]float64
			Chebyshev  [][]float64
		}
	}
	golden(t, "G_matrices.json", &g)
	for name, c := range g.Grids {
		r := regions(t, "grid", c.Rows, c.Cols)
		for i, want := range c.Mirror {
			if r.Mirror(i) != want {
				t.Errorf("%s: mirror of %d is %d, want %d", name, i, r.Mirror(i), want)
			}
		}
		for metric, want := range map[string][][]float64{"manhattan": c.Manhattan, "chebyshev": c.Chebyshev} {
			table, err := r.Distances(metric)
			if err != nil {
				t.Fatal(err)
			}
			for i := range table {
				for j, d := range table[i] {
					weight := float64(d)
					switch {
					case i == j:
						weight = 0.25
					case r.Mirror(i) == j:
						weight = 0.5
					}
					if weight != want[i][j] {
						t.Errorf("%s %s (%d, %d): weight %v, want %v", name, metric, i, j, weight, want[i][j])
					}
				}
			}
		}
	}
	if len(g.Grids) != 6 {
		t.Errorf("found %d grids in the golden, want 6", len(g.Grids))
	}
}

// A distance is a metric that mirroring keeps, over a connected graph.
func TestDistances(t *testing.T) {
	for _, name := range append(slices.Clone(strategies), overlapping) {
		for _, metric := range spec.Distances {
			r := regions(t, name, 3, 4)
			d, err := r.Distances(metric)
			if err != nil {
				t.Fatal(err)
			}
			for i := range d {
				for j := range d[i] {
					if d[i][j] != d[j][i] || (d[i][j] == 0) != (i == j) || d[i][j] < 0 || d[i][j] >= r.Len() && i != j {
						t.Errorf("%s %s: d(%d, %d) = %d, d(%d, %d) = %d", name, metric, i, j, d[i][j], j, i, d[j][i])
					}
					if d[i][j] != d[r.Mirror(i)][r.Mirror(j)] {
						t.Errorf("%s %s: d(%d, %d) = %d is not that of the mirrors", name, metric, i, j, d[i][j])
					}
					for k := range d {
						if d[i][k] > d[i][j]+d[j][k] {
							t.Errorf("%s %s: %d to %d is longer than over %d", name, metric, i, k, j)
						}
					}
				}
			}
		}
		if _, err := regions(t, name, 3, 4).Distances("euclid"); err == nil {
			t.Errorf("%s: an unknown metric is no error", name)
		}
	}
	mesh, err := meshgrid.Distances("manhattan")
	if err != nil {
		t.Fatal(err)
	}
	// Read off a picture of the mesh: an eye touches brow, cheek and the side of the nose, and is two polygons away from
	// the nostrils; the way to the chin leads over the cheek.
	for to, want := range map[int]int{7: 1, 5: 1, 8: 1, 1: 2, 4: 2, 10: 3} {
		if mesh[6][to] != want {
			t.Errorf("left eye to %s: %d, want %d", meshgrid.Name(to), mesh[6][to], want)
		}
	}
}

// Without landmarks, and on any landmarks at all, a mask is empty or inside bounds.
func TestMaskBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wild := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 0, 31}
	for _, name := range strategies {
		r := regions(t, name, 4, 4)
		for i := range r.Len() {
			for trial := range 20 {
				points := make([]face.Point, 68)
				for k := range points {
					points[k] = face.Point{X: rng.NormFloat64() * 60, Y: rng.NormFloat64() * 60}
				}
				if trial%2 == 1 {
					points[rng.IntN(68)].X = wild[rng.IntN(len(wild))]
				}
				bounds := image.Rect(3, 5, 3+rng.IntN(60), 5+rng.IntN(60))
				m := r.Mask(i, points, bounds)
				if !m.Rect.In(bounds) {
					t.Fatalf("%s: mask %v is not in %v", name, m.Rect, bounds)
				}
				if s := describe(t, m); (s.Area == 0) != m.Rect.Empty() {
					t.Fatalf("%s: %d pixels in %v", name, s.Area, m.Rect)
				}
			}
			for _, points := range [][]face.Point{nil, make([]face.Point, 67)} {
				if m := r.Mask(i, points, frame); !m.Rect.Empty() || len(m.Weight) != 0 {
					t.Errorf("%s: mask %v of %d landmarks, want none", name, m.Rect, len(points))
				}
			}
		}
	}
}

// The cells of a grid cover the hull at every size a network is fed with, on landmarks that are not whole.
func TestCellsCoverTheHull(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		side := []int{32, 64, 128, 224}[rng.IntN(4)]
		bounds := image.Rect(0, 0, side, side)
		points := face.Template(bounds.Inset(side / 8))
		for i := range points {
			points[i].X += rng.NormFloat64() * float64(side) / 100
			points[i].Y += rng.NormFloat64() * float64(side) / 100
		}
		left := map[image.Point]bool{}
		each(t, regions(t, "whole", 0, 0).Mask(0, points, bounds), func(p image.Point) { left[p] = true })
		hull := len(left)
		r, covered := regions(t, "grid", 4, 4), map[image.Point]bool{}
		for i := range r.Len() {
			each(t, r.Mask(i, points, bounds), func(p image.Point) {
				covered[p] = true
				delete(left, p)
			})
		}
		if len(left) > 0 || len(covered) != hull {
			t.Fatalf("side %d: cells miss %d pixels of %d and cover %d", side, len(left), hull, len(covered))
		}
	}
}

// The real faces at hand: every cell but the corners has pixels.
func TestRealFaces(t *testing.T) {
	faces := readLandmarks(t)
	empty := make([]int, 16)
	r := regions(t, "grid", 4, 4)
	for _, f := range faces {
		for i := range empty {
			if r.Mask(i, f.points, f.bounds).Rect.Empty() {
				empty[i]++
			}
		}
	}
	for i, n := range empty {
		// Turned heads: the hull then leaves a corner of its box free.
		if corner := i == 0 || i == 3 || i == 12 || i == 15; n > 0 && !corner {
			t.Errorf("cell %d is empty on %d of %d faces", i, n, len(faces))
		}
	}
	t.Logf("empty cells over %d faces: %v", len(faces), empty)
}

func BenchmarkMaskGrid(b *testing.B) {
	bounds := image.Rect(0, 0, 128, 128)
	points := face.Template(image.Rect(16, 24, 112, 120))
	r := regions(b, "grid", 4, 4)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Mask(i%16, points, bounds)
	}
}

func BenchmarkMask(b *testing.B) {
	bounds := image.Rect(0, 0, 128, 128)
	points := face.Template(image.Rect(16, 24, 112, 120))
	for _, name := range strategies[1:] {
		b.Run(name, func(b *testing.B) {
			r := regions(b, name, 0, 0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Mask(i%r.Len(), points, bounds)
			}
		})
	}
}

func FuzzMask(f *testing.F) {
	f.Add(uint64(1), 50.0, 3.0, uint8(0), uint8(200))
	f.Add(uint64(2), 0.0, math.NaN(), uint8(2), uint8(1))
	f.Add(uint64(3), -1e300, math.Inf(1), uint8(1), uint8(0))
	f.Add(uint64(4), 1e5, 1.0, uint8(2), uint8(90))
	f.Fuzz(func(t *testing.T, seed uint64, spread, wild float64, strategy, side uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		points := make([]face.Point, 68+rng.IntN(14))
		for i := range points {
			points[i] = face.Point{X: rng.NormFloat64() * spread, Y: rng.NormFloat64() * spread}
		}
		points[rng.IntN(len(points))].X = wild
		bounds := image.Rect(0, 0, int(side), int(side))
		r := regions(t, strategies[int(strategy)%len(strategies)], 1+rng.IntN(6), 1+rng.IntN(6))
		for i := range r.Len() {
			if m := r.Mask(i, points, bounds); !m.Rect.In(bounds) || len(m.Weight) != m.Rect.Dx()*m.Rect.Dy() {
				t.Fatalf("mask %v of %d weights in %v", m.Rect, len(m.Weight), bounds)
			}
		}
	})
}

type realFace struct {
	points []face.Point
	bounds image.Rectangle
}

// readLandmarks reads the landmarks of the real faces, or skips the test where they are not at hand.
func readLandmarks(t *testing.T) []realFace {
	t.Helper()
	file, err := os.Open(sharedtest.Path(t, "data", "real", "ytfaces", "landmarks.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the ytfaces landmarks are not at hand")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	number := func(row []string, at int) float64 {
		v, err := strconv.ParseFloat(row[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var faces []realFace
	for _, row := range rows[1:] {
		f := realFace{bounds: image.Rect(0, 0, int(number(row, column("width"))), int(number(row, column("height"))))}
		for x := column("x0"); len(f.points) < face.Landmarks; x += 2 {
			f.points = append(f.points, face.Point{X: number(row, x), Y: number(row, x+1)})
		}
		faces = append(faces, f)
	}
	return faces
}
