package face

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
)

func TestHull(t *testing.T) {
	for name, c := range map[string]struct {
		points, want []Point
		area         float64
	}{
		"square with sides and middle": {
			[]Point{{2, 2}, {0, 0}, {1, 0}, {2, 0}, {0, 2}, {1, 1}, {2, 1}, {0, 0}},
			[]Point{{0, 0}, {2, 0}, {2, 2}, {0, 2}}, 4,
		},
		"line":  {[]Point{{3, 3}, {1, 1}, {2, 2}}, []Point{{1, 1}, {3, 3}}, 0},
		"point": {[]Point{{3, 3}, {3, 3}}, []Point{{3, 3}}, 0},
		"none":  {nil, nil, 0},
	} {
		hull := Hull(c.points)
		if !slices.Equal(hull, c.want) || Area(hull) != c.area {
			t.Errorf("%s: %v of area %v, want %v of area %v", name, hull, Area(hull), c.want, c.area)
		}
	}
}

// The hull of random points is convex, made of these points, and holds all of them.
func TestHullProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		points := make([]Point, 1+rng.IntN(80))
		for i := range points {
			// Whole coordinates in a small square: many points coincide or lie on one line.
			points[i] = Point{float64(rng.IntN(12)), float64(rng.IntN(12))}
		}
		before := slices.Clone(points)
		hull := Hull(points)
		if !slices.Equal(points, before) {
			t.Fatal("Hull changed its input")
		}
		for i, a := range hull {
			b, c := hull[(i+1)%len(hull)], hull[(i+2)%len(hull)]
			if !slices.Contains(points, a) {
				t.Fatalf("corner %v is none of the points", a)
			}
			if len(hull) > 2 && turn(a, b, c) <= 0 {
				t.Fatalf("corners %v %v %v do not turn right", a, b, c)
			}
			for _, p := range points {
				if turn(a, b, p) < 0 {
					t.Fatalf("%v is outside the side %v %v", p, a, b)
				}
			}
		}
	}
}

// random is a face of random pixels and landmarks.
func random(rng *rand.Rand, width, height int) Face {
	f := Face{Image: image.NewRGBA(image.Rect(0, 0, width, height)), Landmarks: make([]Point, Landmarks)}
	for i := range f.Image.Pix {
		f.Image.Pix[i] = byte(rng.Uint32())
		if i%4 == 3 {
			f.Image.Pix[i] = 255
		}
	}
	for i := range f.Landmarks {
		f.Landmarks[i] = Point{rng.Float64() * float64(width-1), rng.Float64() * float64(height-1)}
	}
	return f
}

func TestMirrorTwiceIsTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	f := random(rng, 37, 21)
	f.Fallback = true
	pixels := slices.Clone(f.Image.Pix)
	m := Mirror(f)
	twice := Mirror(m)
	if !slices.Equal(twice.Image.Pix, pixels) || !slices.Equal(f.Image.Pix, pixels) || !twice.Fallback {
		t.Error("the image changed")
	}
	for i, p := range twice.Landmarks {
		if math.Abs(p.X-f.Landmarks[i].X) > 1e-12 || p.Y != f.Landmarks[i].Y {
			t.Errorf("landmark %d: %v, want %v", i, p, f.Landmarks[i])
		}
	}
	for y := range 21 {
		for x := range 37 {
			if m.Image.RGBAAt(36-x, y) != f.Image.RGBAAt(x, y) {
				t.Fatalf("pixel (%d, %d) did not move to column %d", x, y, 36-x)
			}
		}
	}
}

// Landmarks keep their meaning: on the right of a face that looks at us stays what dlib numbers so.
func TestMirrorIndex(t *testing.T) {
	self := 0
	for i := range Landmarks {
		if MirrorIndex(MirrorIndex(i)) != i {
			t.Errorf("mirror of %d is %d, and its mirror %d", i, MirrorIndex(i), MirrorIndex(MirrorIndex(i)))
		}
		if MirrorIndex(i) == i {
			self++
		}
	}
	// Chin, four of the ridge, the nose's tip, and four of the lips lie in the middle: 8, 27..30, 33, 51, 57, 62, 66.
	if self != 10 {
		t.Errorf("%d landmarks lie on the midline, want 10", self)
	}
	// The mean shape is symmetric, so mirroring it changes nothing.
	box := image.Rect(10, 5, 51, 46)
	f := Face{Image: image.NewRGBA(image.Rect(0, 0, 61, 61)), Landmarks: Template(box)}
	for i, p := range Mirror(f).Landmarks {
		if q := f.Landmarks[i]; math.Abs(p.X-q.X) > 0.01 || p.Y != q.Y {
			t.Errorf("landmark %d: %v, mirrored %v", i, q, p)
		}
	}
}

func TestTemplateFillsItsBox(t *testing.T) {
	box := image.Rect(3, 7, 104, 58)
	low, high := bounds(Template(box))
	if low != (Point{3, 7}) || high != (Point{103, 57}) {
		t.Errorf("landmarks from %v to %v, want the outermost pixels of %v", low, high, box)
	}
}

func bounds(points []Point) (low, high Point) {
	low, high = points[0], points[0]
	for _, p := range points {
		low = Point{min(low.X, p.X), min(low.Y, p.Y)}
		high = Point{max(high.X, p.X), max(high.Y, p.Y)}
	}
	return low, high
}

// The numbers of the template and of CropBox, measured anew.
func TestTemplate(t *testing.T) {
	var sum [Landmarks]Point
	var faces, width, height, top, slack float64
	readLandmarks(t, func(person string, side Point, points []Point) {
		if person == "Ben_Kingsley" || person == "Ethan_Hawke" {
			return
		}
		low, high := bounds(points)
		for i, p := range points {
			sum[i].X += (p.X - low.X) / (high.X - low.X)
			sum[i].Y += (p.Y - low.Y) / (high.Y - low.Y)
		}
		faces++
		width += (high.X - low.X + 1) / side.X
		height += (high.Y - low.Y + 1) / side.Y
		top += low.Y
		slack += side.Y - 1 - (high.Y - low.Y)
	})
	if faces != 1870 {
		t.Errorf("%v faces, want 1,870", faces)
	}
	shape := make([]Point, Landmarks)
	for i := range shape {
		m := MirrorIndex(i)
		shape[i] = Point{(sum[i].X + faces - sum[m].X) / 2, (sum[i].Y + sum[m].Y) / 2}
	}
	low, high := bounds(shape)
	for i, p := range shape {
		x, y := (p.X-low.X)/(high.X-low.X), (p.Y-low.Y)/(high.Y-low.Y)
		if math.Abs(x-mean[i].X) > 0.00006 || math.Abs(y-mean[i].Y) > 0.00006 {
			t.Errorf("landmark %d is (%.4f, %.4f), measured (%.4f, %.4f)", i, mean[i].X, mean[i].Y, x, y)
		}
	}
	if got := height / width; math.Abs(got-boxAspect) > 0.001 {
		t.Errorf("aspect of the box is %v, measured %.4f", boxAspect, got)
	}
	if got := top / slack; math.Abs(got-above) > 0.01 {
		t.Errorf("share of the margin above is %v, measured %.4f", above, got)
	}
	// The crops are 1.9 times the box, so the box is 1/1.9 of them, or so: where a frame ends, a crop is smaller.
	if got := width / faces; math.Abs(got-1/1.9) > 0.01 {
		t.Errorf("the box has %.4f of the width, want about %.4f", got, 1/1.9)
	}
}

// The assumed box against the real one: they overlap on every kind of crop that we have landmarks for.
func TestCropBoxOnRealFaces(t *testing.T) {
	var overlap []float64
	readLandmarks(t, func(_ string, side Point, points []Point) {
		low, high := bounds(points)
		real := image.Rect(round(low.X), round(low.Y), round(high.X)+1, round(high.Y)+1)
		guess := CropBox(image.Rect(0, 0, int(side.X), int(side.Y)), 1.9)
		both := real.Intersect(guess)
		shared := float64(both.Dx() * both.Dy())
		overlap = append(overlap, shared/(float64(real.Dx()*real.Dy()+guess.Dx()*guess.Dy())-shared))
	})
	slices.Sort(overlap)
	median, low := overlap[len(overlap)/2], overlap[len(overlap)/20]
	if median < 0.85 || low < 0.7 {
		t.Errorf("overlap with the real box (IoU): median %.3f, 5 %% below %.3f; want 0.85 and 0.7", median, low)
	}
	t.Logf("overlap with the real box (IoU): median %.3f, 5 %% below %.3f", median, low)
}

func TestCropBox(t *testing.T) {
	crop := image.Rect(10, 20, 110, 120)
	for _, margin := range []float64{1, 1.2, 1.45, 1.9, 4} {
		box := CropBox(crop, margin)
		if !box.In(crop) || math.Abs(float64(box.Dx())-100/margin) > 1 || math.Abs(float64(box.Dy())-96.8/margin) > 1 {
			t.Errorf("margin %v: %v of %v", margin, box, crop)
		}
		if left, right := box.Min.X-crop.Min.X, crop.Max.X-box.Max.X; left-right > 1 || right-left > 1 {
			t.Errorf("margin %v: %d pixels to the left, %d to the right", margin, left, right)
		}
		if over, under := box.Min.Y-crop.Min.Y, crop.Max.Y-box.Max.Y; over < under {
			t.Errorf("margin %v: %d pixels above, %d below; want the forehead above", margin, over, under)
		}
	}
	for _, margin := range []float64{0, -1, 0.5, math.NaN()} {
		if got, want := CropBox(crop, margin), CropBox(crop, 1); got != want {
			t.Errorf("margin %v: %v, want %v as for 1", margin, got, want)
		}
	}
}

// A bright dot on a landmark stays under it, wherever the crop is and however it is scaled.
func TestCropMovesLandmarksWithPixels(t *testing.T) {
	f := Face{Image: image.NewRGBA(image.Rect(0, 0, 120, 100)), Landmarks: make([]Point, Landmarks)}
	for i := range f.Landmarks {
		f.Landmarks[i] = Point{60, 50}
	}
	for y := range 100 {
		for x := range 120 {
			v := 255 * math.Exp(-(math.Pow(float64(x)-60, 2)+math.Pow(float64(y)-50, 2))/30)
			f.Image.SetRGBA(x, y, color.RGBA{byte(v), byte(v), byte(v), 255})
		}
	}
	for _, size := range []int{20, 33, 64, 150} {
		for _, rect := range []image.Rectangle{image.Rect(20, 10, 100, 90), image.Rect(31, 17, 90, 76), f.Image.Bounds()} {
			c, err := Crop(f, rect, size)
			if err != nil {
				t.Fatal(err)
			}
			var x, y, mass float64
			for i := range size * size {
				v := float64(c.Image.Pix[4*i])
				x, y, mass = x+v*float64(i%size), y+v*float64(i/size), mass+v
			}
			p := c.Landmarks[0]
			if math.Abs(x/mass-p.X) > 0.1 || math.Abs(y/mass-p.Y) > 0.1 {
				t.Errorf("size %d, %v: dot at (%.3f, %.3f), landmark at %v", size, rect, x/mass, y/mass, p)
			}
		}
	}
}

// Shrinking averages: the finest checkerboard becomes grey, not a pattern.
func TestCropDoesNotAlias(t *testing.T) {
	f := Face{Image: image.NewRGBA(image.Rect(0, 0, 128, 128))}
	for y := range 128 {
		for x := range 128 {
			v := byte(255 * ((x + y) % 2))
			f.Image.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	c, err := Crop(f, f.Image.Bounds(), 40)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(c.Image.Pix); i += 4 {
		if v := c.Image.Pix[i]; v < 112 || v > 143 {
			t.Fatalf("pixel %d is %d, want grey", i/4, v)
		}
	}
}

func TestCropStaysInside(t *testing.T) {
	whole := image.Rect(0, 0, 100, 80)
	for _, c := range []struct{ rect, want image.Rectangle }{
		{image.Rect(10, 10, 50, 50), image.Rect(10, 10, 50, 50)},
		{image.Rect(-10, -20, 30, 20), image.Rect(0, 0, 40, 40)},
		{image.Rect(80, 60, 120, 100), image.Rect(60, 40, 100, 80)},
		{image.Rect(-10, -10, 110, 110), whole},
		{image.Rect(5, -30, 95, 90), image.Rect(5, 0, 95, 80)},
	} {
		if got := moveInside(c.rect, whole); got != c.want {
			t.Errorf("%v: %v, want %v", c.rect, got, c.want)
		}
	}
	f := random(rand.New(rand.NewPCG(4, 4)), 100, 80)
	for _, rect := range []image.Rectangle{{}, image.Rect(100, 0, 140, 40), image.Rect(10, 10, 10, 30)} {
		if _, err := Crop(f, rect, 10); err == nil {
			t.Errorf("crop %v: no error", rect)
		}
	}
	if _, err := Crop(f, whole, 0); err == nil {
		t.Error("crop to size 0: no error")
	}
	// A crop of the same size is a copy.
	c, err := Crop(f, image.Rect(20, 10, 60, 50), 40)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 40 {
		for x := range 40 {
			if c.Image.RGBAAt(x, y) != f.Image.RGBAAt(x+20, y+10) {
				t.Fatalf("pixel (%d, %d): %v, want %v", x, y, c.Image.RGBAAt(x, y), f.Image.RGBAAt(x+20, y+10))
			}
		}
	}
}

func TestCheck(t *testing.T) {
	good := func() Face {
		return Face{Image: image.NewRGBA(image.Rect(0, 0, 100, 100)), Landmarks: Template(image.Rect(20, 20, 80, 80))}
	}
	if err := Check(good()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil      func(*Face)
		want       string
		degenerate bool
	}{
		"no image":   {func(f *Face) { f.Image = nil }, "no image", false},
		"no pixels":  {func(f *Face) { f.Image = image.NewRGBA(image.Rectangle{}) }, "no image", false},
		"67":         {func(f *Face) { f.Landmarks = f.Landmarks[1:] }, "67 landmarks, want 68", false},
		"NaN":        {func(f *Face) { f.Landmarks[3].X = math.NaN() }, "landmark 3", false},
		"infinite":   {func(f *Face) { f.Landmarks[67].Y = math.Inf(-1) }, "landmark 67", false},
		"outside":    {func(f *Face) { f.Landmarks[8].Y = 121 }, "landmark 8 at (49.5, 121.0) lies outside", false},
		"before":     {func(f *Face) { f.Landmarks[0].X = -21 }, "landmark 0", false},
		"one line":   {func(f *Face) { line(f.Landmarks) }, "no area", true},
		"one point":  {func(f *Face) { clear(f.Landmarks) }, "no area", true},
		"half pixel": {func(f *Face) { clear(f.Landmarks); f.Landmarks[1] = Point{1, 0}; f.Landmarks[2] = Point{0, 1} }, "no area", true},
	} {
		f := good()
		c.spoil(&f)
		err := Check(f)
		if err == nil || !strings.HasPrefix(err.Error(), "face: ") || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrDegenerate) != c.degenerate {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func line(points []Point) {
	for i := range points {
		points[i] = Point{float64(i), float64(i)}
	}
}

// Every real face at hand passes the check.
func TestCheckRealFaces(t *testing.T) {
	n := 0
	readLandmarks(t, func(person string, side Point, points []Point) {
		n++
		f := Face{Image: image.NewRGBA(image.Rect(0, 0, int(side.X), int(side.Y))), Landmarks: points}
		if err := Check(f); err != nil {
			t.Errorf("row %d, %s: %v", n, person, err)
		}
	})
}

// readLandmarks calls f with every face of the ytfaces set, or skips the test where it is not at hand.
func readLandmarks(t *testing.T, f func(person string, side Point, points []Point)) {
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
	person, width, height := slices.Index(rows[0], "person"), slices.Index(rows[0], "width"), slices.Index(rows[0], "height")
	first := slices.Index(rows[0], "x0")
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, row := range rows[1:] {
		var points []Point
		for at := first; len(points) < Landmarks; at += 2 {
			points = append(points, Point{number(row[at]), number(row[at+1])})
		}
		f(row[person], Point{number(row[width]), number(row[height])}, points)
	}
}

func BenchmarkCrop(b *testing.B) {
	f := random(rand.New(rand.NewPCG(5, 5)), 400, 400)
	for _, c := range []struct{ side, size int }{{80, 64}, {180, 64}, {160, 128}, {280, 224}} {
		b.Run(fmt.Sprintf("%dto%d", c.side, c.size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Crop(f, image.Rect(10, 10, 10+c.side, 10+c.side), c.size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMirror(b *testing.B) {
	f := random(rand.New(rand.NewPCG(5, 5)), 128, 128)
	for b.Loop() {
		Mirror(f)
	}
}

func FuzzHull(f *testing.F) {
	f.Add([]byte{0, 0, 1, 1, 2, 2})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		var points []Point
		for ; len(text) >= 2; text = text[2:] {
			points = append(points, Point{float64(int8(text[0])), float64(int8(text[1]))})
		}
		if area := Area(Hull(points)); !(area >= 0 && area <= 255*255) {
			t.Fatalf("area %v", area)
		}
	})
}
