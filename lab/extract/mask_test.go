package extract

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// maskedFrames are the frames of a fake that is red where it was manipulated, and their masks, in DeepfakeBench's layout; the first
// pixel tells a [fakeTracker] what to see. Only the first frames have masks. They return the fake and its masks.
func maskedFrames(t *testing.T, what uint8, frames, masks int) (layout.Video, layout.Video) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bench", "fake")
	write := func(path string, img image.Image) {
		var b bytes.Buffer
		err := png.Encode(&b, img)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range frames {
		frame, mask := image.NewRGBA(image.Rect(0, 0, fakeWidth, fakeHeight)), image.NewGray(image.Rect(0, 0, fakeWidth, fakeHeight))
		for at := range fakeWidth * fakeHeight {
			x, y := at%fakeWidth, at/fakeWidth
			frame.Set(x, y, color.RGBA{0, 90, 0, 255})
			if x >= 66+i && x < 90 && y >= 30 && y < 52 {
				frame.Set(x, y, color.RGBA{250, 90, 0, 255})
				mask.Set(x, y, color.White)
			}
		}
		frame.Set(0, 0, color.RGBA{what, 0, 0, 255})
		write(filepath.Join(dir, "frames", "0001", fmt.Sprintf("%03d.png", 7*i)), frame)
		if i < masks {
			write(filepath.Join(dir, "masks", "0001", fmt.Sprintf("%03d.png", 7*i)), mask)
		}
	}
	v := layout.Video{Dataset: "bench", Method: "fake", Name: "0001", Identity: "0001", Fake: true, Pixels: layout.FrameFolder, Path: filepath.Join(dir, "frames", "0001")}
	of, ok := v.Masks()
	if !ok {
		t.Fatal("no masks are found")
	}
	return v, of
}

// cutFaces cuts the faces of a video and returns them as items.
func cutFaces(t *testing.T, v layout.Video, p Params) []datasets.Item {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "faces")
	x := &Extractor{reader{}.pictures, func() tracker { return &fakeTracker{} }}
	e, err := writeEntry(t.Context(), x, v, "digest", p, dir, true)
	if err != nil || e.Problem != "" {
		t.Fatal(err, e.Problem)
	}
	var items []datasets.Item
	for _, frame := range e.Frames {
		for _, f := range frame.Faces {
			items = append(items, datasets.Item{Dataset: v.Dataset, Method: v.Method, Video: v.Name, Fake: true, Frame: frame.Index, File: f.File, Path: filepath.Join(dir, f.File)})
		}
	}
	return items
}

// A mask is cut, scaled and turned as its face was: it is white where the face is red. A face is one of several in its frame, of any
// size, or lies on its side.
func TestMaskFollowsTheFace(t *testing.T) {
	for _, c := range []struct {
		name  string
		what  uint8
		side  int
		faces int // a frame
	}{{"as it is", 1, 448, 1}, {"scaled", 1, 40, 1}, {"several", 3, 448, 2}, {"lying", 5, 448, 1}} {
		v, masks := maskedFrames(t, c.what, 3, 3)
		items := cutFaces(t, v, Params{Frames: 3, Margin: 0.5, Side: c.side})
		if len(items) != 3*c.faces {
			t.Fatalf("%s: %d faces, want %d", c.name, len(items), 3*c.faces)
		}
		for _, it := range items {
			f, err := datasets.Load(it)
			if err != nil {
				t.Fatal(err)
			}
			mask, err := Mask(t.Context(), v, masks, it)
			if err != nil || mask.Rect != f.Image.Rect {
				t.Fatalf("%s: a mask of %v for a face of %v, %v", c.name, mask, f.Image.Rect, err)
			}
			wrong, inside := 0, 0
			for at := range mask.Rect.Dx() * mask.Rect.Dy() {
				x, y := at%mask.Rect.Dx(), at/mask.Rect.Dx()
				in := mask.RGBAAt(x, y).G >= 128
				if in {
					inside++
				}
				if red := f.Image.RGBAAt(x, y).R >= 125; red != in {
					wrong++
				}
			}
			// The JPEG of the face blurs its edge.
			if c.what != 3 && inside < 100 || wrong > inside/6+1 {
				t.Errorf("%s, %s: %d pixels are inside, %d wrong", c.name, it.File, inside, wrong)
			}
		}
	}
}

func TestMaskThatIsNone(t *testing.T) {
	v, masks := maskedFrames(t, 1, 3, 2)
	items := cutFaces(t, v, small)
	if _, err := Mask(t.Context(), v, masks, items[2]); !errors.Is(err, ErrNoMask) {
		t.Errorf("a frame without a mask: %v", err)
	}
	path := filepath.Join(masks.Path, "000.png")
	var b bytes.Buffer
	if err := errors.Join(png.Encode(&b, image.NewGray(image.Rect(0, 0, fakeWidth/2, fakeHeight/2))), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Mask(t.Context(), v, masks, items[0]); !errors.Is(err, ErrMaskSize) {
		t.Errorf("a mask of half the size: %v", err)
	}
	if err := os.WriteFile(path, []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Mask(t.Context(), v, masks, items[0]); err == nil || errors.Is(err, ErrMaskSize) {
		t.Errorf("a mask that is no picture: %v", err)
	}
	items[1].Path = filepath.Join(t.TempDir(), "other.jpg")
	if _, err := Mask(t.Context(), v, masks, items[1]); err == nil {
		t.Error("a face of which nobody knows how it was cut has a mask")
	}
}
