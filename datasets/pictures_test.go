package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/face"
)

// noise is a picture whose pixels are drawn.
func noise(seed uint64, w, h int) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		if m.Pix[i] = byte(rng.IntN(256)); i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

func encode(t *testing.T, m image.Image, format string) string {
	t.Helper()
	var b bytes.Buffer
	var err error
	if format == "png" {
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The same pixels are one picture in whatever file, and another pixel, or another shape of the same bytes, is another picture.
func TestPictures(t *testing.T) {
	dir, o := t.TempDir(), Looking{Digests: filepath.Join(t.TempDir(), "digests"), Cache: filepath.Join(t.TempDir(), "deep", "pictures")}
	first := encode(t, noise(1, 12, 20), "jpeg")
	decoded, err := face.Decode(bytes.NewReader([]byte(first)), "first")
	if err != nil {
		t.Fatal(err)
	}
	other := image.NewRGBA(decoded.Rect)
	copy(other.Pix, decoded.Pix)
	other.SetRGBA(11, 19, color.RGBA{other.Pix[0] ^ 1, 2, 3, 255})
	turned := &image.RGBA{Pix: decoded.Pix, Stride: 4 * 20, Rect: image.Rect(0, 0, 20, 12)}
	rows := "file\na.jpg\nb.png\nc.png\nd.png\ne.jpg\nf.jpg\n"
	write(t, dir, "a.jpg", first, "b.png", encode(t, decoded, "png"), "c.png", encode(t, other, "png"), "d.png", encode(t, turned, "png"),
		"e.jpg", first[:len(first)/2], "f.jpg", first, "manifest.csv", rows)
	set, _, err := OpenReal(dir, Strict)
	if err != nil {
		t.Fatal(err)
	}
	set.Items = append(set.Items, Item{Dataset: "drawn", File: "z", Draw: func() face.Face { panic("drawn") }}, Item{Dataset: "none"})
	look := func() (all []Picture, decoded int) {
		t.Helper()
		o.Progress = func(_, total int) { decoded = total }
		all, err := Pictures(t.Context(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		return all, decoded
	}
	all, n := look()
	a, b, c, d := all[0], all[1], all[2], all[3]
	if !a.Known() || a != b || a != all[5] || c.Pixels == a.Pixels || d.Pixels == a.Pixels || d.Pixels == c.Pixels {
		t.Errorf("%v; want the first two and the sixth alike, the third and fourth other ones", all)
	}
	if all[4].Known() || all[6].Known() || all[7].Known() || n != 6 {
		t.Errorf("%v, %d decoded; want no picture of half a file, of a drawing and of no face", all, n)
	}

	// Once more, and under another name at another time: the content is known. Only half a file is tried again.
	if again, n := look(); n != 1 || again[0] != a || again[2] != c {
		t.Errorf("again: %v, %d decoded", again, n)
	}
	past := time.Now().Add(-time.Hour)
	if err := errors.Join(os.Remove(filepath.Join(dir, "c.png")), os.Rename(filepath.Join(dir, "a.jpg"), filepath.Join(dir, "c.png")),
		os.WriteFile(filepath.Join(dir, "a.jpg"), []byte(encode(t, noise(2, 12, 20), "jpeg")), 0o600),
		os.Chtimes(filepath.Join(dir, "c.png"), past, past)); err != nil {
		t.Fatal(err)
	}
	if again, n := look(); n != 2 || again[2] != a || again[0] == a || !again[0].Known() {
		t.Errorf("renamed: %v, %d decoded", again, n)
	}
	files, err := filepath.Glob(filepath.Join(o.Cache, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the cache holds %q, error %v", files, err)
	}
	for _, text := range []string{"", "seeable", string(shelfMark) + "x"} {
		if err := os.WriteFile(files[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, n := look(); n != 6 || again[2] != a {
			t.Errorf("a damaged cache: %v, %d decoded", again, n)
		}
	}
	o.Cache = filepath.Join(dir, "a.jpg")
	if again, _ := look(); again[2] != a {
		t.Errorf("where there can be no cache: %v", again)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Pictures(ctx, set, o); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "b.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := Pictures(t.Context(), set, o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

// The hash against loops over single pixels.
func TestDifferenceHash(t *testing.T) {
	for _, size := range [][2]int{{9, 8}, {18, 16}, {40, 31}, {5, 3}, {1, 1}, {256, 200}} {
		m := noise(uint64(size[0]), size[0], size[1])
		mean := func(column, row int) float64 {
			total, n := 0.0, 0
			x0, y0 := column*size[0]/9, row*size[1]/8
			x1, y1 := max(x0+1, (column+1)*size[0]/9), max(y0+1, (row+1)*size[1]/8)
			for y := y0; y < y1; y++ {
				for x := x0; x < x1; x++ {
					c := m.RGBAAt(min(x, size[0]-1), min(y, size[1]-1))
					total += 299*float64(c.R) + 587*float64(c.G) + 114*float64(c.B)
					n++
				}
			}
			return total / float64(n)
		}
		want := ""
		for row := range 8 {
			for column := range 8 {
				if mean(column, row) < mean(column+1, row) {
					want += "1"
				} else {
					want += "0"
				}
			}
		}
		if got := fmt.Sprintf("%064b", NewPicture(m).Hash); got != want {
			t.Errorf("%v: hash\n%s, want\n%s", size, got, want)
		}
	}
	ramp := image.NewRGBA(image.Rect(0, 0, 90, 80))
	for i := range ramp.Pix {
		ramp.Pix[i] = byte(i / 4 % 90)
	}
	if hash := NewPicture(ramp).Hash; hash != 1<<64-1 {
		t.Errorf("brighter to the right: %x", hash)
	}
}
