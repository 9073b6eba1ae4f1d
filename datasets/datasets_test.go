package datasets

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// photo returns the bytes of a small JPEG whose content depends on seed.
func photo(t testing.TB, side int, seed uint8) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			m.SetRGBA(x, y, color.RGBA{R: uint8(x) * seed, G: uint8(y), B: seed, A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write puts files, given as name and content in turn, below dir.
func write(t testing.TB, dir string, namesAndContents ...string) {
	t.Helper()
	for i := 0; i < len(namesAndContents); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(namesAndContents[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(namesAndContents[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVideoIDKeepsMethodsAndCompressionsApart(t *testing.T) {
	items := []Item{
		{Dataset: "FF++ c40", Method: "Deepfakes", Video: "000_003"},
		{Dataset: "FF++ c40", Method: "Face2Face", Video: "000_003"},
		{Dataset: "FF++ c23", Method: "Deepfakes", Video: "000_003"},
		{Dataset: "FF++ c40", Method: "Deepfakes", Video: "000_004"},
		// Separators within names.
		{Dataset: "a", Method: "b/c", Video: "d"},
		{Dataset: "a", Method: "b", Video: "c/d"},
		{Dataset: "a/b", Method: "c", Video: "d"},
		{Dataset: "a", Method: "b", Video: "c%2Fd"},
	}
	seen := map[string]int{}
	for i, it := range items {
		if j, ok := seen[it.VideoID()]; ok {
			t.Errorf("items %d and %d share the video %s", i, j, it.VideoID())
		}
		seen[it.VideoID()] = i
	}
	a := Item{Dataset: "d", Method: "m", Video: "v", File: "w:x"}
	b := Item{Dataset: "d", Method: "m", Video: "v:w", File: "x"}
	if a.ID() == b.ID() {
		t.Errorf("faces of different videos share the ID %s", a.ID())
	}
}

func TestSetNamesAndFolders(t *testing.T) {
	for folder, name := range displayNames {
		if SetName(folder) != name || SetFolder(name) != folder {
			t.Errorf("%s is called %s, and that lies in %s", folder, SetName(folder), SetFolder(name))
		}
	}
	if SetName("mine") != "mine" || SetFolder("mine") != "mine" {
		t.Error("other names change")
	}
}
