package detector

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

func writePicture(t *testing.T, m image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture.png")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := png.Encode(out, m); err != nil {
		t.Fatal(err)
	}
	return path
}

// laid is a grey picture with pictures laid into it.
func laid(w, h int, m *image.RGBA, at ...image.Point) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{110, 120, 130, 255}), image.Point{}, draw.Src)
	for _, p := range at {
		draw.Draw(picture, m.Rect.Add(p), m, image.Point{}, draw.Src)
	}
	return picture
}

// A crop around one face is scored as one of a test set, in memory and as a file; a face elsewhere in a picture with the
// landmarks that are found; and of two faces each has its score, the picture that of the more anomalous one.
func TestPicture(t *testing.T) {
	extracttest.Nets(t)
	d := untrained(t, func(*spec.Spec) {})
	clips := drawn(t, 1)
	crop := clips[0].Frames[0].Image

	want, err := d.Face(t.Context(), datasets.MeanFace(crop))
	if err != nil {
		t.Fatal(err)
	}
	path := writePicture(t, crop)
	results, err := d.Picture(t.Context(), path)
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	of, err := d.Image(t.Context(), crop)
	if err != nil {
		t.Fatal(err)
	}
	file, err := d.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Result{"picture": results[0], "image": of, "file": file} {
		if r.Score != want.Score || !r.Crop || !r.Fallback || !r.Found {
			t.Errorf("%s: %+v, want the score %v of a crop", name, r.Score, want.Score)
		}
	}

	photo := laid(900, 600, crop, image.Pt(500, 200))
	results, err = d.Picture(t.Context(), writePicture(t, photo))
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	r := results[0]
	if box := image.Rect(r.Box[0], r.Box[1], r.Box[2], r.Box[3]); r.Crop || r.Fallback || !box.In(crop.Rect.Add(image.Pt(500, 200))) || r.Faces != 1 {
		t.Errorf("a photograph: %+v at %v", r, r.Box)
	}

	two := laid(900, 600, crop, image.Pt(500, 200), image.Pt(50, 50))
	path = writePicture(t, two)
	results, err = d.Picture(t.Context(), path)
	if err != nil || len(results) != 2 || results[0].Faces != 2 {
		t.Fatal(results, err)
	}
	if file, err = d.File(t.Context(), path); err != nil || file.Score != max(results[0].Score, results[1].Score) {
		t.Errorf("two faces: %v, %v; want the larger of %v and %v", file.Score, err, results[0].Score, results[1].Score)
	}
}

// A picture without a score says why: to programs and to people.
func TestSkipped(t *testing.T) {
	extracttest.Nets(t)
	d := untrained(t, func(*spec.Spec) {})
	clips := drawn(t, 1)
	crop := clips[0].Frames[0].Image
	tiny := image.NewRGBA(image.Rect(0, 0, 32, 32))
	small, err := face.Crop(face.Face{Image: crop}, crop.Rect, 36)
	if err != nil {
		t.Fatal(err)
	}
	draw.Draw(tiny, tiny.Rect, small.Image, image.Pt(2, 2), draw.Src)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		path  string
		fault datasets.Fault
		is    error
		want  string
	}{
		"none":   {writePicture(t, laid(300, 200, crop)), datasets.Faceless, detect.ErrNoFace, "300×200"},
		"small":  {writePicture(t, laid(31, 200, crop)), datasets.TooSmall, errTooSmall, "31×200"},
		"face":   {writePicture(t, laid(200, 200, small.Image, image.Pt(20, 20))), datasets.TooSmall, errTooSmall, "200×200"},
		"absent": {filepath.Join(dir, "absent.png"), datasets.Absent, os.ErrNotExist, "absent.png"},
		"folder": {dir, datasets.Unreadable, nil, filepath.Base(dir)},
	} {
		_, err := d.Picture(t.Context(), c.path)
		why, ok := errors.AsType[Skipped](err)
		if !ok || why.Fault != c.fault || why.File != c.path || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want %q and %q", name, why.Fault, err, c.fault, c.want)
		}
	}
	found, skipped, err := d.Pictures(t.Context(), filepath.Join(dir, "absent.png"), writePicture(t, crop))
	if err != nil || len(found) != 1 || len(skipped) != 1 {
		t.Errorf("%v, %v, %v", found, skipped, err)
	}
	d.env.Mode = datasets.Strict
	if _, _, err := d.Pictures(t.Context(), filepath.Join(dir, "absent.png"), writePicture(t, crop)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("strict: %v", err)
	}
}
