package extract

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
)

func TestSquare(t *testing.T) {
	frame := image.Rect(0, 0, 400, 300)
	for _, c := range []struct {
		name   string
		box    face.Box
		margin float64
		want   image.Rectangle
	}{
		{"in the middle", face.Box{X0: 180, Y0: 130, X1: 220, Y1: 180}, 0.5, image.Rect(150, 105, 250, 205)},
		{"wider than high", face.Box{X0: 180, Y0: 130, X1: 240, Y1: 150}, 0.25, image.Rect(165, 95, 255, 185)},
		{"no margin", face.Box{X0: 10, Y0: 20, X1: 40, Y1: 50}, 0, image.Rect(10, 20, 40, 50)},
		{"moved in from the left and top", face.Box{X0: 0, Y0: 0, X1: 50, Y1: 50}, 0.5, image.Rect(0, 0, 100, 100)},
		{"moved in from the right and bottom", face.Box{X0: 350, Y0: 250, X1: 400, Y1: 300}, 0.5, image.Rect(300, 200, 400, 300)},
		{"as high as the frame", face.Box{X0: 100, Y0: 50, X1: 300, Y1: 250}, 0.5, image.Rect(50, 0, 350, 300)},
	} {
		if got := square(c.box, c.margin, frame); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		frame := image.Rect(0, 0, 1+rng.IntN(500), 1+rng.IntN(500))
		w, h := float64(frame.Dx()), float64(frame.Dy())
		b := face.Box{X0: w * rng.Float64(), Y0: h * rng.Float64()}
		b.X1, b.Y1 = b.X0+(w-b.X0)*rng.Float64(), b.Y0+(h-b.Y0)*rng.Float64()
		got := square(b, 2*rng.Float64(), frame)
		if !got.In(frame) || got.Dx() != got.Dy() {
			t.Fatalf("%v around %+v in %v: want a square inside", got, b, frame)
		}
		// Unless the frame is too small for it, it holds the box, to within rounding.
		if fits := max(b.Width(), b.Height()) < min(w, h)-2; fits && (float64(got.Min.X) > b.X0+1 || float64(got.Max.X) < b.X1-1 || float64(got.Min.Y) > b.Y0+1 || float64(got.Max.Y) < b.Y1-1) {
			t.Fatalf("%v cuts into %+v in %v", got, b, frame)
		}
	}
}

// The landmarks of a cut face are where the same things are seen as in the frame.
func TestCutMovesLandmarks(t *testing.T) {
	for _, c := range []struct{ side, want int }{{448, 100}, {50, 50}} {
		img := image.NewRGBA(image.Rect(0, 0, 400, 300))
		box := face.Box{X0: 180, Y0: 130, X1: 220, Y1: 180}
		points := face.Template(image.Rect(180, 130, 220, 180))
		for i := range img.Pix {
			img.Pix[i] = 0xff
		}
		// A dark spot at each corner of an eye.
		for _, i := range []int{36, 45} {
			x, y := int(math.Round(points[i].X)), int(math.Round(points[i].Y))
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					copy(img.Pix[img.PixOffset(x+dx, y+dy):], []byte{0, 0, 0, 255})
				}
			}
			points[i] = face.Point{X: float64(x), Y: float64(y)}
		}
		f, err := cut(img, detect.Tracked{Detection: detect.Detection{Box: box, Landmarks: points}, ID: 7}, Params{Frames: 1, Margin: 0.5, Side: c.side})
		if err != nil {
			t.Fatal(err)
		}
		if f.Track != 7 || f.Square != image.Rect(150, 105, 250, 205) || f.Side != c.want {
			t.Errorf("track %d, %v, side %d", f.Track, f.Square, f.Side)
		}
		decoded, err := f.Decode()
		if err != nil || decoded.Fallback || decoded.Image.Rect.Dx() != c.want {
			t.Fatal(err, decoded.Image.Rect)
		}
		for _, i := range []int{36, 45} {
			x, y, weight := 0.0, 0.0, 0.0
			at := decoded.Landmarks[i]
			for py := int(at.Y) - 6; py <= int(at.Y)+6; py++ {
				for px := int(at.X) - 6; px <= int(at.X)+6; px++ {
					dark := 255 - float64(decoded.Image.RGBAAt(px, py).G)
					x, y, weight = x+dark*float64(px), y+dark*float64(py), weight+dark
				}
			}
			if math.Abs(x/weight-at.X) > 0.1 || math.Abs(y/weight-at.Y) > 0.1 {
				t.Errorf("side %d: landmark %d at (%.2f, %.2f), its spot at (%.2f, %.2f)", c.side, i, at.X, at.Y, x/weight, y/weight)
			}
		}
		if points[36].X < 150 {
			t.Error("cut has moved its caller's landmarks")
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(f.JPEG))
		if err != nil || config.Width != c.want {
			t.Errorf("JPEG %+v, %v", config, err)
		}
	}
}

func TestCutRefusesWhatIsNoFace(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	good := face.Template(image.Rect(180, 130, 220, 180))
	far := append([]face.Point(nil), good...)
	far[3].X = -500
	line := make([]face.Point, 68)
	for i := range line {
		line[i] = face.Point{X: 200, Y: 150}
	}
	box := face.Box{X0: 180, Y0: 130, X1: 220, Y1: 180}
	for name, d := range map[string]detect.Detection{
		"a landmark far out": {Box: box, Landmarks: far},
		"no area":            {Box: box, Landmarks: line},
		"an empty box":       {Box: face.Box{X0: 10, X1: 10, Y0: 5, Y1: 5}, Landmarks: good},
		"no landmarks":       {Box: box},
	} {
		if _, err := cut(img, detect.Tracked{Detection: d}, Params{Frames: 1, Side: 448}); !errors.Is(err, errNoFace) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of the faces of a frame those count that are at least half as large as the largest (spec section 1.5), and those that are
// large enough by themselves and surely faces. The others are counted.
func TestFramesTakeTheLargeFaces(t *testing.T) {
	d := wild(t, map[string]string{"real/pair.mp4": "pair", "fake/x/one.mp4": "one", "real/crowd.mp4": "crowd"})
	for _, v := range d.Videos {
		frames := 0
		for frame, err := range (&fakeNets{}).extractor().Frames(t.Context(), v, small) {
			if err != nil {
				t.Fatal(err)
			}
			want := map[string][3]int{"one": {1, 0, 0}, "pair": {2, 1, 0}, "crowd": {2, 0, 1}}[v.Name]
			if got := [3]int{len(frame.Faces), frame.Small, frame.Unclear}; got != want || frame.Index != 10*frames || frame.Second != float64(frames) {
				t.Errorf("%s, frame %d at %g s: %d faces, small ones, unclear ones; want %d", v.ID(), frame.Index, frame.Second, got, want)
			}
			frames++
		}
		if frames != small.Frames {
			t.Errorf("%s: %d frames", v.ID(), frames)
		}
	}
	for _, err := range (&fakeNets{}).extractor().Frames(t.Context(), layout.Video{}, Params{}) {
		if err == nil {
			t.Error("no parameters and a frame")
		}
	}
}
