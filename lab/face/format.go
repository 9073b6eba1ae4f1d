package face

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Format is the format of a picture, told by what its file begins with and not by its name.
type Format string

// The formats that [Decode] reads, and those that it knows and refuses by name.
const (
	JPEG Format = "JPEG"
	PNG  Format = "PNG"
	WebP Format = "WebP"
	BMP  Format = "BMP"
	TIFF Format = "TIFF"
	GIF  Format = "GIF"

	HEIC      Format = "HEIC" // what phones of Apple store
	AVIF      Format = "AVIF"
	JPEGXL    Format = "JPEG XL"
	JPEG2000  Format = "JPEG 2000"
	CameraRaw Format = "camera raw"
	PSD       Format = "Photoshop"
	Icon      Format = "icon"
	Netpbm    Format = "Netpbm"
	SVG       Format = "SVG"
	PDF       Format = "PDF"
)

// HeadSize is the number of bytes from which [FormatOf] tells every format.
const HeadSize = 512

// ErrFormat tells that a file is a picture of a kind that [Decode] does not read, such as HEIC or an animation.
var ErrFormat = errors.New("this kind of picture is not read")

// formats are what pictures begin with.
var formats = []struct {
	begin  string
	format Format
}{
	{"\xff\xd8\xff", JPEG}, {"\x89PNG\r\n\x1a\n", PNG}, {"GIF87a", GIF}, {"GIF89a", GIF},
	{"II*\x00", TIFF}, {"MM\x00*", TIFF}, {"II+\x00", TIFF}, {"MM\x00+", TIFF},
	{"\xff\x0a", JPEGXL}, {"\x00\x00\x00\x0cJXL ", JPEGXL}, {"\x00\x00\x00\x0cjP  ", JPEG2000}, {"\xff\x4f\xff\x51", JPEG2000},
	{"IIU\x00", CameraRaw}, {"IIRO", CameraRaw}, {"FUJIFILMCCD-RAW", CameraRaw},
	{"8BPS", PSD}, {"\x00\x00\x01\x00", Icon}, {"%PDF-", PDF},
	{"P4\n", Netpbm}, {"P5\n", Netpbm}, {"P6\n", Netpbm}, {"P7\n", Netpbm}, {"<svg", SVG},
}

// brands are those of ISO base media files that hold pictures; the others are videos.
var brands = map[string]Format{
	"heic": HEIC, "heix": HEIC, "heim": HEIC, "heis": HEIC, "hevc": HEIC, "hevx": HEIC, "hevm": HEIC, "hevs": HEIC,
	"mif1": HEIC, "mif2": HEIC, "msf1": HEIC, "avif": AVIF, "avis": AVIF, "crx ": CameraRaw,
}

// FormatOf tells the format of a picture by the beginning of its file, of which [HeadSize] bytes are enough; "" for what is
// no picture.
func FormatOf(head []byte) Format {
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.begin)) {
			return f.format
		}
	}
	switch {
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	case len(head) >= 18 && string(head[:2]) == "BM" && slices.Contains([]uint32{12, 40, 52, 56, 64, 108, 124}, binary.LittleEndian.Uint32(head[14:])):
		return BMP
	case len(head) >= 16 && string(head[4:8]) == "ftyp":
		return brand(head)
	}
	return ""
}

// brand is the format of an ISO base media file: that of its main brand, unless a compatible one says more.
func brand(head []byte) Format {
	format := brands[string(head[8:12])]
	end := min(int64(binary.BigEndian.Uint32(head)), int64(len(head)))
	for at := int64(16); at+4 <= end && format != ""; at += 4 {
		if string(head[at:at+4]) == "avif" {
			return AVIF // whose main brand may be mif1
		}
	}
	return format
}

// Read tells whether [Decode] reads the format.
func (f Format) Read() bool { return slices.Contains([]Format{JPEG, PNG, WebP, BMP, TIFF, GIF}, f) }

// PictureName tells by its ending whether the name of a file promises a format that [Decode] reads.
func PictureName(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}, strings.ToLower(path.Ext(name)))
}

// refuse is the error of a picture of a format that is not read.
func (f Format) refuse(name string) error {
	how := "convert it to JPEG or PNG"
	if f == HEIC {
		how += ", as by heif-convert, by ImageMagick, or by sips of macOS"
	}
	return fmt.Errorf("face: %s is a picture in the format %s: %w; %s", name, f, ErrFormat, how)
}

// IsPicture tells whether a file is a still picture, be it one that [Decode] refuses: by its content, and by the end of its
// name where the content is neither a picture nor a video. An animated GIF or WebP is a video.
func IsPicture(r io.Reader, name string) bool {
	in := bufio.NewReaderSize(r, HeadSize)
	head, _ := in.Peek(HeadSize)
	switch format := FormatOf(head); {
	case format == GIF || format == WebP:
		data, err := io.ReadAll(io.LimitReader(in, maxBytes))
		return err != nil || animation(format, data) == 1
	case format != "":
		return true
	}
	return PictureName(name) && !isVideo(head)
}

// isVideo tells the containers of videos that files are called pictures by mistake.
func isVideo(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")) || bytes.HasPrefix(head, []byte("RIFF")) || len(head) >= 8 && string(head[4:8]) == "ftyp"
}
