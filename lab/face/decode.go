package face

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // a format that Decode reads
	_ "image/png"  // a format that Decode reads
	"io"
	"os"
)

// MaxPixels is the largest image that [Decode] accepts, in pixels: more than any camera photo that a face is cut from,
// and 256 MiB once decoded. A file of a few bytes can claim 65,500 × 65,500.
const MaxPixels = 64 << 20

// Open decodes the JPEG or PNG file at path, as [Decode] does.
func Open(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("face: open image: %w", err)
	}
	defer f.Close()
	return Decode(f, path)
}

// Decode reads one JPEG or PNG image, of any colour model, as opaque 8-bit RGBA with its bounds at (0, 0).
// Transparency is laid over black. An image whose header claims more than [MaxPixels] is refused before any memory is
// reserved for it; a truncated or damaged one is an error. The errors call the image name, usually its path.
func Decode(r io.Reader, name string) (*image.RGBA, error) {
	var head bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	if err != nil {
		return nil, fmt.Errorf("face: %s: header: %w; want a JPEG or PNG image", name, err)
	}
	if format != "jpeg" && format != "png" {
		return nil, fmt.Errorf("face: %s is a %s image; want JPEG or PNG: convert it", name, format)
	}
	w, h := int64(config.Width), int64(config.Height)
	if w < 1 || h < 1 {
		return nil, fmt.Errorf("face: %s is empty: %d×%d pixels", name, w, h)
	}
	if w > MaxPixels/h {
		return nil, fmt.Errorf("face: %s claims %d×%d pixels; want at most %d: scale it down", name, w, h, MaxPixels)
	}
	src, _, err := image.Decode(io.MultiReader(&head, r))
	if err != nil {
		return nil, fmt.Errorf("face: %s, %d×%d, is truncated or damaged: %w", name, w, h, err)
	}
	return opaque(src), nil
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
