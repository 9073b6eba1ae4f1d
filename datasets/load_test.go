package datasets

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.jpg", string(photo(t, 100, 3)), "torn.jpg", string(photo(t, 100, 3)[:300]), "x.jpg", "", "landmarks.csv",
		landmarksHeader()+landmarksRow("a.jpg", "Ann", nil)+landmarksRow("torn.jpg", "Ann", nil))
	set, _, err := OpenReal(dir, Strict)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Load(set.Items[0])
	if err != nil || f.Fallback || len(f.Landmarks) != face.Landmarks || f.Image.Rect.Dx() != 100 {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := Load(set.Items[1]); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "torn.jpg")) {
		t.Errorf("truncated image: %v", err)
	}
	// The manifest claimed 100 × 100.
	write(t, dir, "a.jpg", string(photo(t, 40, 3)))
	if _, err := Load(set.Items[0]); err == nil || !strings.Contains(err.Error(), "landmark") || !strings.Contains(err.Error(), "a.jpg") {
		t.Errorf("landmarks of a larger image: %v", err)
	}
}

func TestLoadLaysTemplateWhereFacesLie(t *testing.T) {
	root := t.TempDir()
	image := string(photo(t, 200, 1))
	write(t, root, "dfdc/a.jpg", image, "dfdc/b.jpg", image,
		"dfdc/manifest.csv", header+"a.jpg,1,DFDC,1,0,1,,0,0,300,200\nb.jpg,1,DFDC,2,,2,,,,,200\n",
		"utkface/c.jpg", image, "utkface/manifest.csv", "file\nc.jpg\n")
	crops, _, err := OpenCrops(root+"/dfdc", Strict)
	if err != nil {
		t.Fatal(err)
	}
	tight, _, err := OpenReal(root+"/utkface", Strict)
	if err != nil {
		t.Fatal(err)
	}
	// Pixels of 200: left and right end of the jaw, chin, as read from the pictures of each kind.
	for _, c := range []struct {
		item               Item
		left, right, below float64
	}{
		{crops.Items[0], 58, 142, 153},
		{crops.Items[1], 6, 194, 220},
		{tight.Items[0], 12, 188, 196},
	} {
		f, err := Load(c.item)
		if err != nil || !f.Fallback || len(f.Landmarks) != face.Landmarks {
			t.Fatalf("%s: %v, fallback %v", c.item.File, err, f.Fallback)
		}
		l := f.Landmarks
		for _, d := range []float64{l[0].X - c.left, l[16].X - c.right, l[8].Y - c.below} {
			if d < -1.5 || d > 1.5 {
				t.Errorf("%s: jaw from %v to %v over %v; want %v to %v, chin %v", c.item.File, l[0], l[16], l[8], c.left, c.right, c.below)
			}
		}
	}
}
