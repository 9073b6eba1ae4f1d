package detect

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
	"github.com/seeable-lab/seeable/lab/face"
)

// pattern is a picture that anyone can make: channel c of pixel (x, y) is (7x + 13y + 29c + xy) mod 256.
func pattern(h, w int, unit float32) cnn.Tensor {
	t := cnn.Tensor{Shape: cnn.Shape{H: h, W: w, C: 3}}
	for y := range h {
		for x := range w {
			for c := range 3 {
				t.Data = append(t.Data, float32((7*x+13*y+29*c+x*y)%256)*unit)
			}
		}
	}
	return t
}

// The nets against ONNX Runtime 1.32 and TensorFlow Lite 2.14: the first value of each output, those at a third and at half
// of its length, the last one, and the mean of all absolute values.
func TestNetsMatchTheReference(t *testing.T) {
	d := detector(t)
	center, err := d.center.Run(pattern(64, 96, 1))
	if err != nil {
		t.Fatal(err)
	}
	mesh, err := d.mesh.Run(pattern(192, 192, 1.0/255))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][5]float64{
		{0.00121224, 0.00945702, 0.00165746, 0.00137621, 0.00448201},
		{2.17499, 2.17066, 2.08552, 1.42792, 2.00176},
		{0.0331759, -0.0533113, -0.108275, -0.128811, 0.0699471},
		{0.487814, 0.159933, 0.287323, 0.623973, 0.45362},
		{95.3912, 59.1535, 64.0996, -4.23953, 74.9273},
		{-11.298, -11.298, -11.298, -11.298, 11.298},
	} {
		v := append(center[:len(center):len(center)], mesh...)[i].Data
		var sum float64
		for _, x := range v {
			sum += math.Abs(float64(x))
		}
		got := [5]float64{float64(v[0]), float64(v[len(v)/3]), float64(v[len(v)/2]), float64(v[len(v)-1]), sum / float64(len(v))}
		for k := range want {
			if math.Abs(got[k]-want[k]) > 1e-4*max(math.Abs(want[k]), 1) {
				t.Errorf("output %d: %.6g, want %.6g", i, got, want)
				break
			}
		}
	}
}

func TestNewRefusesOtherNets(t *testing.T) {
	center, mesh := weights(t)
	for name, f := range map[string][2][]byte{
		"detect: CenterFace: onnx: ":  {mesh, mesh},
		"detect: face mesh: tflite: ": {center, center},
		"detect: CenterFace: ":        {center[:len(center)-7], mesh},
		"detect: face mesh: ":         {center, mesh[:len(mesh)-7]},
	} {
		if _, err := New(f[0], f[1]); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("error %v, want one that begins with %q", err, name)
		}
	}
}

// Four cells are likely: two of the same face, one of another, and one whose size is beyond all bounds.
func TestDecode(t *testing.T) {
	const h, w = 8, 16
	tensor := func(channels int) cnn.Tensor {
		return cnn.Tensor{Shape: cnn.Shape{H: h, W: w, C: channels}, Data: make([]float32, h*w*channels)}
	}
	heat, size, offset, points := tensor(1), tensor(2), tensor(2), tensor(10)
	put := func(y, x int, score, height, width, down, right float32) {
		i := y*w + x
		heat.Data[i] = score
		size.Data[2*i], size.Data[2*i+1] = float32(math.Log(float64(height)/4)), float32(math.Log(float64(width)/4))
		offset.Data[2*i], offset.Data[2*i+1] = down, right
		copy(points.Data[10*i:], []float32{0.4, 0.25, 0.5, 0.75})
	}
	put(3, 4, 0.7, 20, 16, 0, 0)
	put(3, 5, 0.9, 20, 16, 0.25, -0.5)
	put(3, 12, 0.5, 12, 8, 0, 0)
	put(6, 6, 0.99, float32(math.Inf(1)), 8, 0, 0)
	put(0, 0, threshold-0.01, 12, 8, 0, 0)
	got := distinct(decode(heat, size, offset, points))
	if len(got) != 2 {
		t.Fatalf("%d faces, want 2: %+v", len(got), got)
	}
	// Cell (3, 5) has its middle at (22, 14), moved by −2 and 1.
	want := candidate{box: face.Box{X0: 12, Y0: 5, X1: 28, Y1: 25}, score: 0.9, eyes: [2]face.Point{{X: 16, Y: 13}, {X: 24, Y: 15}}}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-5 }
	if g := got[0]; !near(g.box.X0, want.box.X0) || !near(g.box.Y0, want.box.Y0) || !near(g.box.X1, want.box.X1) || !near(g.box.Y1, want.box.Y1) ||
		!near(g.score, want.score) || !near(g.eyes[0].X, 16) || !near(g.eyes[0].Y, 13) || !near(g.eyes[1].X, 24) || !near(g.eyes[1].Y, 15) {
		t.Errorf("%+v, want %+v", g, want)
	}
	if g := got[1].box; !near(g.X0, 46) || !near(g.Y0, 8) || !near(g.X1, 54) || !near(g.Y1, 20) {
		t.Errorf("the second face is at %+v", g)
	}
}

// noise is a picture of random pixels.
func noise(w, h int) *image.RGBA {
	rng := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

// Every pixel is the mean of what it covers: integrated over a fine grid, in float64.
func TestShrink(t *testing.T) {
	for _, c := range []struct{ w, h, dw, dh int }{{40, 30, 16, 12}, {31, 17, 31, 17}, {33, 20, 11, 10}, {9, 64, 1, 7}} {
		img := noise(c.w, c.h)
		in := cnn.Tensor{Shape: cnn.Shape{H: c.dh + 3, W: c.dw + 2, C: 3}}
		in.Data = make([]float32, in.H*in.W*3)
		shrink(in, img, c.dw, c.dh)
		for y := range in.H {
			for x := range in.W {
				for ch := range 3 {
					var want float64
					if x < c.dw && y < c.dh {
						// dw × dh samples in each source pixel divide evenly among the target pixels.
						for sy := y * c.h; sy < (y+1)*c.h; sy++ {
							for sx := x * c.w; sx < (x+1)*c.w; sx++ {
								want += float64(img.Pix[sy/c.dh*img.Stride+4*(sx/c.dw)+ch])
							}
						}
						want /= float64(c.w * c.h)
					}
					if got := float64(in.Data[(y*in.W+x)*3+ch]); math.Abs(got-want) > 1e-3 {
						t.Fatalf("%+v: (%d, %d) channel %d is %v, want %v", c, x, y, ch, got, want)
					}
				}
			}
		}
	}
}

// A region of the net's size that stands straight shows the pixels as they are, and black around them.
func TestSampleOfTheSameSize(t *testing.T) {
	img := noise(150, 100)
	in := cnn.Tensor{Shape: cnn.Shape{H: meshSide, W: meshSide, C: 3}, Data: make([]float32, meshSide*meshSide*3)}
	region{x: 70, y: 46, side: meshSide, dx: 1}.sample(in, img)
	for v := range meshSide {
		for u := range meshSide {
			x, y := u-meshSide/2+70, v-meshSide/2+46
			for ch := range 3 {
				var want float32
				if image.Pt(x, y).In(img.Rect) {
					want = float32(img.Pix[img.PixOffset(x, y)+ch]) / 255
				}
				if got := in.Data[(v*meshSide+u)*3+ch]; math.Abs(float64(got-want)) > 1e-5 {
					t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, got, want)
				}
			}
		}
	}
}

// A gradient stays a gradient, however the region is turned and whatever its size: each pixel has the value of its place.
func TestSampleOfAGradient(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for y := range 900 {
		for x := range 1200 {
			img.SetRGBA(x, y, color.RGBA{R: uint8(x / 5), G: uint8(y / 4), A: 255})
		}
	}
	for _, r := range []region{
		{600, 450, 120, 1, 0},
		{600, 450, 150, 0.6, 0.8},
		{500.3, 400.7, 420, 0.8, -0.6},
		{600, 450, 640, 0, 1},
	} {
		in := cnn.Tensor{Shape: cnn.Shape{H: meshSide, W: meshSide, C: 3}, Data: make([]float32, meshSide*meshSide*3)}
		r.sample(in, img)
		for v := 0; v < meshSide; v += 7 {
			for u := 0; u < meshSide; u += 7 {
				p := r.place(float64(u)+0.5, float64(v)+0.5)
				got := in.Data[(v*meshSide+u)*3:]
				// The gradient has steps of one in 255, and the samples lie up to half a pixel beside their places.
				if math.Abs(float64(got[0])*255-(p.X-2.5)/5) > 0.8 || math.Abs(float64(got[1])*255-(p.Y-2)/4) > 0.8 {
					t.Fatalf("%+v: (%d, %d) shows %v of 255, want %v", r, u, v, []float32{got[0] * 255, got[1] * 255}, []float64{(p.X - 2.5) / 5, (p.Y - 2) / 4})
				}
			}
		}
	}
}

// The region that follows a face is the same, but for the turn, as that of its box and eyes.
func TestFollowTurnsWithTheFace(t *testing.T) {
	straight := laid(square(300, 260, 120))
	want := follow(straight)
	if math.Abs(want.x-300) > 1 || math.Abs(want.y-260) > 1 || math.Abs(want.side-zoom*120) > 2 || want.dx < 0.999 {
		t.Fatalf("%+v, want the middle (300, 260), a side of %v and no turn", want, zoom*120)
	}
	for _, angle := range []float64{-1, -0.3, 0.5, 1.2} {
		sin, cos := math.Sincos(angle)
		turned := make([]face.Point, len(straight))
		for i, p := range straight {
			turned[i] = face.Point{X: 300 + (p.X-300)*cos - (p.Y-260)*sin, Y: 260 + (p.X-300)*sin + (p.Y-260)*cos}
		}
		got := follow(turned)
		if math.Hypot(got.x-want.x, got.y-want.y) > 2 || math.Abs(got.side-want.side) > 1e-6 || math.Abs(got.dx-cos) > 1e-9 || math.Abs(got.dy-sin) > 1e-9 {
			t.Errorf("turned by %v: %+v, want %+v with direction (%v, %v)", angle, got, want, cos, sin)
		}
	}
}

func TestNoFace(t *testing.T) {
	d := detector(t)
	black := image.NewRGBA(image.Rect(0, 0, 400, 300))
	draw.Draw(black, black.Rect, image.Black, image.Point{}, draw.Src)
	for name, img := range map[string]*image.RGBA{"black": black, "one pixel": noise(1, 1), "a line": noise(60, 1), "noise": noise(64, 64)} {
		if got, err := d.Faces(img); !errors.Is(err, ErrNoFace) {
			t.Errorf("%s: %+v, %v; want ErrNoFace", name, got, err)
		}
	}
}

func TestBadImages(t *testing.T) {
	d := &Detector{} // refused before the nets are asked
	huge := &image.RGBA{Rect: image.Rect(0, 0, 1<<20, 1<<20)}
	for name, img := range map[string]*image.RGBA{
		"none": nil, "empty": {}, "huge": huge,
		"elsewhere": noise(9, 9).SubImage(image.Rect(2, 2, 7, 7)).(*image.RGBA),
		"a thread":  noise(1000, 2),
	} {
		if _, err := d.Faces(img); err == nil || errors.Is(err, ErrNoFace) || !strings.HasPrefix(err.Error(), "detect: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, box := range []face.Box{
		{}, {X0: 5, Y0: 5, X1: 1, Y1: 9}, {X0: 100, Y0: 100, X1: 120, Y1: 120},
		{X0: math.NaN(), Y1: 5, X1: 5}, {X0: -1e300, Y0: -1e300, X1: 1e300, Y1: 1e300},
	} {
		if _, _, err := d.Landmarks(noise(9, 9), box); err == nil || !strings.HasPrefix(err.Error(), "detect: ") {
			t.Errorf("box %+v: error %v", box, err)
		}
	}
}

// A face keeps its place wherever it stands in the frame, at the frame's border too, and whatever its size: the smallest
// has 30 pixels.
func TestFacesAtBordersAndOfAllSizes(t *testing.T) {
	d := detector(t)
	faces := youtube(t)
	f := faces[40]
	picture := face.Face{Image: open(t, f.path), Landmarks: f.points}
	for _, c := range []struct{ w, h, side, x, y int }{
		{1280, 720, 96, 900, 500},         // a face of 50 pixels
		{640, 360, 60, 300, 100},          // 30
		{1920, 1080, 1000, 400, 40},       // 520
		{1280, 720, 400, -60, 160},        // at the left border
		{1280, 720, 400, 1280 - 320, 330}, // in the bottom right corner
		{250, 250, 250, 0, 0},
	} {
		scaled, err := face.Crop(picture, picture.Image.Rect, c.side)
		if err != nil {
			t.Fatal(err)
		}
		frame := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
		draw.Draw(frame, frame.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
		draw.Draw(frame, scaled.Image.Rect.Add(image.Pt(c.x, c.y)), scaled.Image, image.Point{}, draw.Src)
		var want []face.Point
		for _, p := range scaled.Landmarks {
			want = append(want, face.Point{X: p.X + float64(c.x), Y: p.Y + float64(c.y)})
		}
		got, err := d.Faces(frame)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if len(got) != 1 || miss(got[0].Landmarks, want) > 0.1 || got[0].Presence < 0.5 {
			t.Errorf("%+v: %d faces, landmarks off by %.3f, presence %.2f", c, len(got), miss(got[0].Landmarks, want), got[0].Presence)
		}
		b := got[0].Box
		if b.X0 < 0 || b.Y0 < 0 || b.X1 > float64(c.w) || b.Y1 > float64(c.h) {
			t.Errorf("%+v: the box %+v leaves the frame", c, b)
		}
		// The landmarks of the found box are the same but for the turn of the head.
		points, presence, err := d.Landmarks(frame, b)
		if err != nil || presence < 0.5 || miss(points, want) > 0.12 {
			t.Errorf("%+v: landmarks in the box off by %.3f, presence %.2f, %v", c, miss(points, want), presence, err)
		}
	}
}

func TestFacesIsSafeForSeveralGoroutines(t *testing.T) {
	d := detector(t)
	faces := youtube(t)
	var want [3]Detection
	var images [3]*image.RGBA
	for i := range images {
		images[i] = open(t, faces[i*50].path)
		got, err := d.Faces(images[i])
		if err != nil {
			t.Fatal(err)
		}
		want[i] = got[0]
	}
	var wg sync.WaitGroup
	for i, img := range images {
		wg.Go(func() {
			for range 3 {
				got, err := d.Faces(img)
				if err != nil || got[0].Box != want[i].Box || got[0].Landmarks[30] != want[i].Landmarks[30] {
					t.Errorf("face %d differs: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

// frame720 is a frame of 1280×720 with one face of about 200 pixels.
func frame720(b *testing.B) (*image.RGBA, []face.Point) {
	faces := youtube(b)
	f := faces[0]
	scaled, err := face.Crop(face.Face{Image: open(b, f.path), Landmarks: f.points}, image.Rect(0, 0, 1000, 1000), 400)
	if err != nil {
		b.Fatal(err)
	}
	frame := noise(1280, 720)
	draw.Draw(frame, scaled.Image.Rect.Add(image.Pt(500, 200)), scaled.Image, image.Point{}, draw.Src)
	for i := range scaled.Landmarks {
		scaled.Landmarks[i].X += 500
		scaled.Landmarks[i].Y += 200
	}
	return frame, scaled.Landmarks
}

// Detection, landmarks and a crop of 224 pixels, on all cores.
func BenchmarkFaces720p(b *testing.B) {
	d := detector(b)
	frame, _ := frame720(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			found, err := d.Faces(frame)
			if err != nil {
				b.Error(err)
				return
			}
			f := face.Face{Image: frame, Landmarks: found[0].Landmarks}
			if _, err := face.Crop(f, face.WideMargins.Around(found[0].Box), 224); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkLandmarks(b *testing.B) {
	d := detector(b)
	frame, points := frame720(b)
	box := frontal(points)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := d.Landmarks(frame, box); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "faces/s")
}

func BenchmarkTracker720p(b *testing.B) {
	frame, _ := frame720(b)
	tracker := detector(b).Track(5)
	for b.Loop() {
		if got, err := tracker.Next(frame); err != nil || len(got) == 0 {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// How many faces of the tight crops of UTKFace are found: there is no margin around them, some lack forehead or chin.
func BenchmarkUTKFace(b *testing.B) {
	d := detector(b)
	files, err := filepath.Glob(filepath.Join(shared(b, "real/utkface"), "images", "*.jpg"))
	if err != nil || len(files) == 0 {
		b.Fatal(len(files), err)
	}
	for b.Loop() {
		found := 0
		for i := 0; i < len(files); i += 5 {
			if _, err := d.Faces(open(b, files[i])); err == nil {
				found++
			}
		}
		b.ReportMetric(100*float64(found)/float64((len(files)+4)/5), "%found")
	}
}
