package face

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// MaxPixels is the largest image that [Decode] accepts, in pixels: more than any camera photo that a face is cut from,
// and 256 MiB once decoded. A file of a few bytes can claim 65,500 × 65,500.
const MaxPixels = 64 << 20

// maxBytes is the largest file: twice what a picture of MaxPixels takes that is not compressed, with 16 bits a channel.
const maxBytes = 16 * MaxPixels

// Open decodes the picture file at path, as [Decode] does.
func Open(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("face: open image: %w", err)
	}
	defer f.Close()
	return Decode(f, path)
}

// decoders are what reads the formats.
var decoders = map[Format]struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	PNG:  {png.DecodeConfig, png.Decode},
	GIF:  {gif.DecodeConfig, gif.Decode},
	WebP: {webp.DecodeConfig, decodeWebP},
	BMP:  {bmp.DecodeConfig, bmp.Decode},
	TIFF: {tiff.DecodeConfig, tiff.Decode},
}

// Decode reads one JPEG, PNG, WebP, BMP, TIFF or GIF picture, of any colour model, as opaque 8-bit RGBA with its bounds at
// (0, 0). The format is told by the content, not by the name. The picture is turned as its EXIF block says (all eight
// orientations, in JPEG, PNG, WebP and TIFF), so that it is as people see it. Transparency is laid over black. Of a TIFF file
// with several pages it is the first.
//
// An image whose header claims more than [MaxPixels] is refused before any memory is reserved for it; a truncated or damaged
// one is an error. One that is known and not read, such as HEIC, an animation, or JPEG with arithmetic coding, is an error
// that wraps [ErrFormat]. The errors call the image name, usually its path.
func Decode(r io.Reader, name string) (*image.RGBA, error) {
	in := bufio.NewReaderSize(r, HeadSize)
	head, err := in.Peek(HeadSize)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("face: %s: %w", name, err)
	}
	format := FormatOf(head)
	switch {
	case len(head) == 0:
		return nil, fmt.Errorf("face: %s is empty: 0 bytes; want a JPEG or PNG picture: fetch it again", name)
	case format == "":
		return nil, fmt.Errorf("face: %s begins with %.32q, as no picture does; want JPEG or PNG (WebP, BMP, TIFF and GIF are read too): fetch it again or convert it", name, head)
	case !format.Read():
		return nil, format.refuse(name)
	}
	var file bytes.Buffer
	file.Grow(sizeOf(r) + bytes.MinRead)
	if _, err := file.ReadFrom(io.LimitReader(in, maxBytes+1)); err != nil {
		return nil, fmt.Errorf("face: %s: %w", name, err)
	}
	data := file.Bytes()
	if len(data) > maxBytes {
		return nil, fmt.Errorf("face: %s is larger than %d bytes, as no picture of at most %d pixels is: scale it down", name, maxBytes, MaxPixels)
	}
	return decode(format, data, name)
}

// sizeOf is how many bytes a reader has, as far as it tells: memory is reserved for them at once.
func sizeOf(r io.Reader) int {
	switch r := r.(type) {
	case interface{ Len() int }:
		return min(r.Len(), maxBytes)
	case *os.File:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return int(min(info.Size(), maxBytes))
		}
	}
	return HeadSize
}

func decode(format Format, data []byte, name string) (*image.RGBA, error) {
	if n := animation(format, data); n > 1 {
		return nil, format.refuseAnimation(name, n)
	}
	if format == TIFF && isRaw(data) {
		return nil, CameraRaw.refuse(name)
	}
	d := decoders[format]
	config, err := d.config(bytes.NewReader(data))
	if err != nil {
		return nil, damage(fmt.Sprintf("face: %s: header of a %s picture", name, format), err)
	}
	w, h := int64(config.Width), int64(config.Height)
	if w < 1 || h < 1 {
		return nil, fmt.Errorf("face: %s is empty: %d×%d pixels", name, w, h)
	}
	if w > MaxPixels/h {
		return nil, fmt.Errorf("face: %s claims %d×%d pixels; want at most %d: scale it down", name, w, h, MaxPixels)
	}
	src, err := d.decode(bytes.NewReader(data))
	if err != nil {
		return nil, damage(fmt.Sprintf("face: %s, %s of %d×%d", name, format, w, h), err)
	}
	return upright(opaque(src), orientation(format, data)), nil
}

// damage is the error of a picture that cannot be decoded: it is broken, or of a variety that is not read.
func damage(what string, err error) error {
	var j jpeg.UnsupportedError
	var p png.UnsupportedError
	var t tiff.UnsupportedError
	if errors.As(err, &j) || errors.As(err, &p) || errors.As(err, &t) || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("%s: %w: %w; save it anew as plain JPEG or PNG", what, ErrFormat, err)
	}
	return fmt.Errorf("%s, is truncated or damaged: %w; fetch it again", what, err)
}

// isRaw tells that a TIFF file comes from a camera: it has the tag DNGVersion, or its first picture is a reduced one
// (NewSubfileType), as the previews are that raw formats begin with. The picture itself cannot be read.
func isRaw(file []byte) (raw bool) {
	const subfileType, dngVersion = 254, 50706
	eachTag(file, func(id, _ uint16, _, number uint32) {
		raw = raw || id == dngVersion || id == subfileType && number&1 == 1
	})
	return raw
}

// opaque copies src over black, unless it is what is wanted already. Sources without transparency take the converting fast paths of image/draw.
func opaque(src image.Image) *image.RGBA {
	b := src.Bounds()
	if m, ok := src.(*image.RGBA); ok && b.Min == (image.Point{}) && m.Stride == 4*b.Dx() && m.Opaque() {
		return m
	}
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	if o, ok := src.(interface{ Opaque() bool }); ok && o.Opaque() {
		draw.Draw(dst, dst.Bounds(), src, b.Min, draw.Src)
		return dst
	}
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(dst, dst.Bounds(), src, b.Min, draw.Over)
	return dst
}
