package face

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quarters are the colours of the four quarters of the pictures in testdata, 32 × 24 pixels, row by row.
var quarters = [4]color.RGBA{{200, 40, 40, 255}, {40, 180, 60, 255}, {50, 60, 200, 255}, {220, 210, 70, 255}}

// quartersOf are the colours in the middle of the quarters of a picture.
func quartersOf(m *image.RGBA) (found [4]color.RGBA) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for i := range found {
		found[i] = m.RGBAAt(w/4+w/2*(i%2), h/4+h/2*(i/2))
	}
	return found
}

func near(a, b color.RGBA, by int) bool {
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		if d < -by || d > by {
			return false
		}
	}
	return true
}

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Pictures that Pillow 13 has written are read with the colours that it reads, whatever they are called.
func TestDecodeFormats(t *testing.T) {
	for _, c := range []struct {
		name string
		by   int
		half bool // the last quarter is transparent by half, over black
	}{
		{"lossy.webp", 4, false}, {"lossless.webp", 0, false}, {"alpha.webp", 4, true}, {"colour.bmp", 0, false}, {"still.gif", 2, false},
		{"cmyk.jpg", 4, false}, {"progressive.jpg", 4, false},
	} {
		m, err := Decode(bytes.NewReader(readTestdata(t, c.name)), "picture.jpg")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if m.Rect != image.Rect(0, 0, 32, 24) || !m.Opaque() {
			t.Errorf("%s: %v, opaque %v", c.name, m.Rect, m.Opaque())
		}
		for i, got := range quartersOf(m) {
			want := quarters[i]
			if c.half && i == 3 {
				want = color.RGBA{want.R / 2, want.G / 2, want.B / 2, 255}
			}
			if !near(got, want, c.by) {
				t.Errorf("%s: quarter %d is %v, want %v within %d", c.name, i, got, want, c.by)
			}
		}
	}
}

// exif is an EXIF block of a camera: some tags, and the orientation among them.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	head := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		head = "MM\x00*"
	}
	b := order.AppendUint32([]byte(head), 8)
	b = order.AppendUint16(b, 2)
	tag := func(id, kind uint16, value uint32) {
		b = order.AppendUint16(b, id)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, 1)
		if kind == 3 {
			b = order.AppendUint16(b, uint16(value))
			b = order.AppendUint16(b, 0xffff) // what is left over need not be 0
			return
		}
		b = order.AppendUint32(b, value)
	}
	tag(0x0100, 4, 4000)
	tag(0x0112, 3, uint32(orientation))
	return order.AppendUint32(b, 0)
}

func insertJPEG(file, block []byte) []byte {
	comment := []byte("\xff\xfe\x00\x04hm")
	body := append([]byte("Exif\x00\x00"), block...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xff, 0xe1}, uint16(len(body)+2)) // with a fill byte
	return append(append(append(append(bytes.Clone(file[:2]), comment...), segment...), body...), file[2:]...)
}

func insertPNG(file, block []byte, late bool) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(block)))
	chunk = append(append(chunk, "eXIf"...), block...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	at := 33 // behind IHDR
	if late {
		at = len(file) - 12 // before IEND
	}
	return append(append(bytes.Clone(file[:at]), chunk...), file[at:]...)
}

// Each of the eight orientations puts the stored quarters where EXIF 2.3 (section 4.6.4) says: the two sides named are those
// of the picture as it is seen at which the first row and the first column lie.
func TestOrientation(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 32, 24))
	for i, c := range quarters {
		at := image.Pt(16*(i%2), 12*(i/2))
		draw.Draw(src, image.Rectangle{at, at.Add(image.Pt(16, 12))}, image.NewUniform(c), image.Point{}, draw.Src)
	}
	const topLeft, topRight, bottomLeft, bottomRight = 0, 1, 2, 3
	seen := [9][4]int{ // where the stored quarters are seen
		1: {topLeft, topRight, bottomLeft, bottomRight}, // top, left
		2: {topRight, topLeft, bottomRight, bottomLeft}, // top, right
		3: {bottomRight, bottomLeft, topRight, topLeft}, // bottom, right
		4: {bottomLeft, bottomRight, topLeft, topRight}, // bottom, left
		5: {topLeft, bottomLeft, topRight, bottomRight}, // left, top
		6: {topRight, bottomRight, topLeft, bottomLeft}, // right, top
		7: {bottomRight, topRight, bottomLeft, topLeft}, // right, bottom
		8: {bottomLeft, topLeft, bottomRight, topRight}, // left, bottom
	}
	photo, drawing := encodeJPEG(t, src), encodePNG(t, src)
	webp, tif := readTestdata(t, "exif6.webp"), readTestdata(t, "exif6.tif")
	for o := uint16(1); o <= 8; o++ {
		little, big := exif(binary.LittleEndian, o), exif(binary.BigEndian, o)
		for name, data := range map[string][]byte{
			"JPEG": insertJPEG(photo, little), "JPEG, big endian": insertJPEG(photo, big),
			"PNG": insertPNG(drawing, big, false), "PNG behind the pixels": insertPNG(drawing, little, true),
			"PNG with the head of JPEG": insertPNG(drawing, append([]byte("Exif\x00\x00"), big...), false),
			"WebP":                      patched(t, webp, o), "TIFF": patched(t, tif, o),
		} {
			m, err := Decode(bytes.NewReader(data), "picture")
			if err != nil {
				t.Errorf("%s %d: %v", name, o, err)
				continue
			}
			if want := map[bool]image.Point{true: {32, 24}, false: {24, 32}}[o <= 4]; m.Rect.Size() != want {
				t.Errorf("%s %d: %v, want %v", name, o, m.Rect.Size(), want)
			}
			got := quartersOf(m)
			for stored, at := range seen[o] {
				if !near(got[at], quarters[stored], 4) {
					t.Errorf("%s %d: stored quarter %d is not at %d: %v", name, o, stored, at, got)
				}
			}
		}
	}
}

// patched gives the orientation 6 of a file another value.
func patched(t *testing.T, file []byte, orientation uint16) []byte {
	t.Helper()
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		tag := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, 0x0112), 3), 1)
		if at := bytes.Index(file, tag); at >= 0 {
			return append(append(bytes.Clone(file[:at+8]), order.AppendUint16(nil, orientation)...), file[at+10:]...)
		}
	}
	t.Fatal("no orientation")
	return nil
}

// An EXIF block that is broken turns nothing and fails nothing.
func TestOrientationOfBadBlocks(t *testing.T) {
	photo := encodeJPEG(t, image.NewRGBA(image.Rect(0, 0, 8, 4)))
	good := exif(binary.LittleEndian, 6)
	far := bytes.Clone(good)
	binary.LittleEndian.PutUint32(far[4:], 0xfffffff0)
	blocks := [][]byte{nil, {'I', 'I'}, []byte("XX*\x00aaaa"), exif(binary.LittleEndian, 0), exif(binary.BigEndian, 9), far}
	for n := range good[:len(good)-6] { // without what the tag needs
		blocks = append(blocks, good[:n])
	}
	for _, block := range blocks {
		m, err := Decode(bytes.NewReader(insertJPEG(photo, block)), "picture")
		if err != nil || m.Rect.Dx() != 8 {
			t.Errorf("block %q: %v", block, err)
		}
	}
	if m, err := Decode(bytes.NewReader(insertJPEG(photo, good)), "picture"); err != nil || m.Rect.Dx() != 4 {
		t.Errorf("the whole block: %v", err)
	}
}

// What is not read is told by name, and is an ErrFormat if it is a picture.
func TestDecodeRefuses(t *testing.T) {
	tooNew := bytes.Clone(encodeJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8))))
	tooNew[bytes.Index(tooNew, []byte{0xff, 0xc0})+1] = 0xc9 // arithmetic coding
	brand := func(main string, compatible ...string) []byte {
		b := append([]byte("\x00\x00\x00\x00ftyp"+main+"\x00\x00\x00\x00"), strings.Join(compatible, "")...)
		b[3] = byte(len(b))
		return append(b, "\x00\x00\x00\x08mdat"...)
	}
	for _, c := range []struct {
		data []byte
		want string
	}{
		{brand("heic", "mif1", "heic"), "HEIC"}, {brand("mif1", "heic"), "HEIC"}, {brand("mif1", "miaf", "avif"), "AVIF"}, {brand("avif"), "AVIF"},
		{brand("crx ", "isom"), "camera raw"}, {[]byte("\xff\x0a and more"), "JPEG XL"}, {[]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), "JPEG XL"},
		{[]byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), "JPEG 2000"}, {[]byte("8BPS\x00\x01"), "Photoshop"}, {[]byte("%PDF-1.7\n"), "PDF"},
		{[]byte("P6\n1 1\n255\nabc"), "Netpbm"}, {readTestdata(t, "preview.tif"), "camera raw"},
		{readTestdata(t, "animated.webp"), "animated WebP picture of 2 frames"}, {readTestdata(t, "animated.gif"), "animated GIF picture of 3 frames"},
		{tooNew, "save it anew"},
	} {
		if _, err := Decode(bytes.NewReader(c.data), "a.jpg"); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.jpg") {
			t.Errorf("%.12q: %v, want %q", c.data, err, c.want)
		}
	}
	for _, c := range []struct{ data, want string }{
		{"", "is empty: 0 bytes"}, {"<!DOCTYPE html>", `"<!DOCTYPE html>"`}, {"BM is how this text begins, and not a bitmap", "as no picture does"},
		{string(brand("isom", "mp42")), "as no picture does"},
	} {
		if _, err := Decode(strings.NewReader(c.data), "a.jpg"); err == nil || errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.12q: %v, want %q", c.data, err, c.want)
		}
	}
}

// A file that ends in its middle is an error in every format that is read.
func TestDecodeTruncated(t *testing.T) {
	for _, name := range []string{"lossy.webp", "lossless.webp", "colour.bmp", "still.gif", "exif6.tif", "cmyk.jpg", "progressive.jpg"} {
		data := readTestdata(t, name)
		if _, err := Decode(bytes.NewReader(data[:len(data)*2/3]), name); err == nil || !strings.Contains(err.Error(), "truncated") && !strings.Contains(err.Error(), "header") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A picture is told from a video by its content, and by its name where the content is neither.
func TestIsPicture(t *testing.T) {
	photo := encodeJPEG(t, image.NewRGBA(image.Rect(0, 0, 8, 4)))
	for _, c := range []struct {
		data []byte
		name string
		want bool
	}{
		{photo, "a.mp4", true}, {photo, "a", true}, {[]byte("text"), "a.png", true}, {nil, "a.JPG", true}, {[]byte("text"), "a.txt", false},
		{nil, "a.mp4", false}, {[]byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00"), "a.jpg", false}, {[]byte("\x1a\x45\xdf\xa3"), "a.jpg", false},
		{[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "a.mov", true}, {readTestdata(t, "still.gif"), "a.gif", true},
		{readTestdata(t, "animated.gif"), "a.gif", false}, {readTestdata(t, "animated.webp"), "a.jpg", false}, {readTestdata(t, "lossy.webp"), "a.mp4", true},
	} {
		if got := IsPicture(bytes.NewReader(c.data), c.name); got != c.want {
			t.Errorf("%.12q as %s: picture %v", c.data, c.name, got)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(exif(binary.LittleEndian, 6))
	f.Add([]byte("MM\x00*\xff\xff\xff\xf8"))
	f.Fuzz(func(t *testing.T, block []byte) {
		for _, format := range []Format{JPEG, PNG, WebP, TIFF} {
			if o := orientation(format, block); o < 1 || o > 8 {
				t.Fatal(fmt.Sprint(format, o))
			}
			animation(format, block)
		}
		animation(GIF, block)
	})
}
