package face

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claimPNG returns a PNG of a few bytes whose header says w × h.
func claimPNG(t testing.TB, w, h uint32) []byte {
	b := encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// claimJPEG returns a JPEG of a few bytes whose header says w × h.
func claimJPEG(t testing.TB, w, h uint16) []byte {
	b := encodeJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	sof := bytes.Index(b, []byte{0xff, 0xc0})
	if sof < 0 {
		t.Fatal("no frame header")
	}
	binary.BigEndian.PutUint16(b[sof+5:], h)
	binary.BigEndian.PutUint16(b[sof+7:], w)
	return b
}

func TestDecodeColourModels(t *testing.T) {
	bounds := image.Rect(0, 0, 3, 2)
	gray16 := image.NewGray16(bounds)
	gray16.SetGray16(2, 1, color.Gray16{Y: 0x8042})
	clear := image.NewNRGBA(bounds)
	clear.SetNRGBA(2, 1, color.NRGBA{R: 200, G: 100, B: 50, A: 128})
	deep := image.NewNRGBA64(bounds)
	deep.SetNRGBA64(2, 1, color.NRGBA64{R: 0xffff, G: 0x8000, A: 0x8000})
	palette := image.NewPaletted(bounds, color.Palette{color.Black, color.RGBA{R: 1, G: 2, B: 3, A: 255}})
	palette.SetColorIndex(2, 1, 1)
	for _, c := range []struct {
		name string
		m    image.Image
		want color.RGBA // of pixel (2, 1)
	}{
		{"gray16", gray16, color.RGBA{R: 0x80, G: 0x80, B: 0x80, A: 255}},
		{"alpha over black", clear, color.RGBA{R: 100, G: 50, B: 25, A: 255}}, // 200·128/255 and so on
		{"16 bit alpha over black", deep, color.RGBA{R: 128, G: 64, A: 255}},
		{"palette", palette, color.RGBA{R: 1, G: 2, B: 3, A: 255}},
	} {
		m, err := Decode(bytes.NewReader(encodePNG(t, c.m)), c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if m.Bounds() != bounds || !m.Opaque() {
			t.Errorf("%s: bounds %v, opaque %v", c.name, m.Bounds(), m.Opaque())
		}
		got := m.RGBAAt(2, 1)
		for i, d := range []int{int(got.R) - int(c.want.R), int(got.G) - int(c.want.G), int(got.B) - int(c.want.B)} {
			if d < -1 || d > 1 {
				t.Errorf("%s: pixel %v, want %v (channel %d)", c.name, got, c.want, i)
			}
		}
		if black := m.RGBAAt(0, 0); black != (color.RGBA{A: 255}) {
			t.Errorf("%s: untouched pixel %v, want opaque black", c.name, black)
		}
	}
}

func TestDecodeMatchesStandardJPEG(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 37, 21))
	for i := range src.Pix {
		src.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			src.Pix[i] = 255
		}
	}
	b := encodeJPEG(t, src)
	want, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(bytes.NewReader(b), "photo")
	if err != nil {
		t.Fatal(err)
	}
	for y := range 21 {
		for x := range 37 {
			if g, w := got.RGBAAt(x, y), color.RGBAModel.Convert(want.At(x, y)); g != w {
				t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, g, w)
			}
		}
	}
}

func TestOpenNamesBadFiles(t *testing.T) {
	photo := encodeJPEG(t, image.NewRGBA(image.Rect(0, 0, 64, 64)))
	drawing := encodePNG(t, image.NewRGBA(image.Rect(0, 0, 64, 64)))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"huge.jpg", claimJPEG(t, 65500, 65500), "65500×65500"},
		{"huge.png", claimPNG(t, 65500, 65500), "65500×65500"},
		{"wide.png", claimPNG(t, MaxPixels+1, 1), "want at most"},
		{"truncated.jpg", photo[:len(photo)-40], "truncated"},
		{"truncated.png", drawing[:len(drawing)-20], "truncated"},
		{"header.jpg", photo[:10], "header"},
		{"empty.jpg", nil, "JPEG or PNG"},
		{"text.png", []byte("not a picture"), "JPEG or PNG"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		if !strings.HasPrefix(err.Error(), "face: ") || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q; want it to name the file and say %q", c.name, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent.jpg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encodePNG(f, image.NewRGBA(image.Rect(0, 0, 2, 2))))
	f.Add(encodePNG(f, image.NewNRGBA64(image.Rect(0, 0, 2, 1))))
	f.Add(encodeJPEG(f, image.NewGray(image.Rect(0, 0, 2, 2))))
	f.Add(encodeJPEG(f, image.NewRGBA(image.Rect(0, 0, 9, 2))))
	f.Add(claimPNG(f, 65500, 65500))
	f.Fuzz(func(t *testing.T, data []byte) {
		// A claim of many pixels is legal and slow; the cap has its own test.
		if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width > 0 && c.Height > 1<<16/c.Width && int64(c.Width)*int64(c.Height) <= MaxPixels {
			t.Skip("large image")
		}
		m, err := Decode(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		if m.Rect.Min != (image.Point{}) || m.Rect.Empty() || !m.Opaque() {
			t.Fatalf("bounds %v, opaque %v", m.Rect, m.Opaque())
		}
	})
}

func BenchmarkDecodeJPEG(b *testing.B) {
	src := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for i := range src.Pix {
		src.Pix[i] = uint8(i * i >> 5)
	}
	data := encodeJPEG(b, src)
	for b.Loop() {
		if _, err := Decode(bytes.NewReader(data), "bench"); err != nil {
			b.Fatal(err)
		}
	}
}
