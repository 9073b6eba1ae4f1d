package cli

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
)

// drawData writes synthetic faces as data on disk: real/drawn to train on, 40 faces of 10 people, and crops/drawn to test
// on, 4 real videos and 4 fakes of 2 frames each, of which one fake frame is a truncated file. It returns the root and the
// truncated file.
func drawData(t *testing.T) (root, truncated string) {
	t.Helper()
	root = t.TempDir()
	train, test := synthetic.Sets(5)

	header := []string{"file", "person", "width", "height"}
	for i := range face.Landmarks {
		header = append(header, fmt.Sprint("x", i), fmt.Sprint("y", i))
	}
	rows := [][]string{header}
	for _, it := range train.Items[:40] {
		f := drawFace(t, filepath.Join(root, "real/drawn"), it)
		row := []string{it.File + ".jpg", it.Identity, fmt.Sprint(f.Image.Rect.Dx()), fmt.Sprint(f.Image.Rect.Dy())}
		for _, p := range f.Landmarks {
			row = append(row, fmt.Sprint(p.X), fmt.Sprint(p.Y))
		}
		rows = append(rows, row)
	}
	writeCSV(t, filepath.Join(root, "real/drawn/landmarks.csv"), rows)

	rows = [][]string{{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}}
	videos := map[string]int{}
	for _, it := range test.Items {
		if it.Method != "original" && it.Method != "texture" || it.Frame > 1 {
			continue
		}
		if videos[it.Method]++; videos[it.Method] > 8 {
			continue
		}
		drawFace(t, filepath.Join(root, "crops/drawn"), it)
		label := "0"
		if it.Fake {
			label, truncated = "1", filepath.Join(root, "crops/drawn", it.File+".jpg")
		}
		rows = append(rows, []string{it.File + ".jpg", label, it.Method, it.Video, fmt.Sprint(it.Frame), it.Identity, it.Source, "", "", "", ""})
	}
	writeCSV(t, filepath.Join(root, "crops/drawn/manifest.csv"), rows)
	whole, err := os.ReadFile(truncated)
	if err != nil {
		t.Fatal(err)
	}
	write(t, truncated, whole[:len(whole)/2])
	return root, truncated
}

// drawFace writes a synthetic face as a JPEG file below dir.
func drawFace(t *testing.T, dir string, it datasets.Item) face.Face {
	t.Helper()
	f, err := datasets.Load(it)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, f.Image, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.FromSlash(it.File)+".jpg"), b.Bytes())
	return f
}

func writeCSV(t *testing.T, path string, rows [][]string) {
	t.Helper()
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.Bytes())
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
