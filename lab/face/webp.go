package face

import (
	"fmt"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// decodeWebP decodes a still WebP file. Package webp says that the colours of the lossy format were those of JPEG, and they
// would come out pale: they are of ITU-R BT.601 in its narrow range, from which the constants of libwebp (src/dsp/yuv.h) lead
// to RGB.
func decodeWebP(r io.Reader) (image.Image, error) {
	m, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	var yuv *image.YCbCr
	var alpha *image.NYCbCrA
	switch m := m.(type) {
	case *image.YCbCr:
		yuv = m
	case *image.NYCbCrA:
		yuv, alpha = &m.YCbCr, m
	default:
		return m, nil // lossless
	}
	b := yuv.Rect
	out := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := out.Pix[out.PixOffset(b.Min.X, y):]
		for x := b.Min.X; x < b.Max.X; x++ {
			at := yuv.COffset(x, y)
			l, u, v := 19077*int(yuv.Y[yuv.YOffset(x, y)])>>8, int(yuv.Cb[at]), int(yuv.Cr[at])
			pixel := row[4*(x-b.Min.X):][:4]
			pixel[0] = level(l + 26149*v>>8 - 14234)
			pixel[1] = level(l - 6419*u>>8 - 13320*v>>8 + 8708)
			pixel[2] = level(l + 33050*u>>8 - 17685)
			pixel[3] = 255
			if alpha != nil {
				pixel[3] = alpha.A[alpha.AOffset(x, y)]
			}
		}
	}
	return out, nil
}

// level is a value with 6 bits of fraction as a level.
func level(v int) uint8 { return uint8(min(max(v>>6, 0), 255)) }

// animation tells how many frames a file has, if its format is one in which a picture may move; 1 for all others. An animated
// PNG holds a still picture for those who know no better, and is one here.
func animation(format Format, data []byte) int {
	frames := 1
	switch format {
	case GIF:
		frames = gifFrames(data)
	case WebP:
		frames = 0
		for id := range riffChunks(data) {
			if id == "ANMF" {
				frames++
			}
		}
	}
	return max(1, frames)
}

// gifFrames counts the frames of a GIF file by going from block to block, as far as it is whole.
func gifFrames(data []byte) (frames int) {
	const header, descriptor = 13, 10
	at := header
	table := func(packed byte) int { // of colours
		if packed&0x80 == 0 {
			return 0
		}
		return 3 << (packed&7 + 1)
	}
	if len(data) < header {
		return 0
	}
	at += table(data[10])
	for at < len(data) {
		switch data[at] {
		case 0x21: // an extension
			at += 2
		case 0x2c: // a frame
			if at+descriptor >= len(data) {
				return frames
			}
			frames++
			at += descriptor + table(data[at+9]) + 1
		default: // the end
			return frames
		}
		for at < len(data) && data[at] != 0 {
			at += int(data[at]) + 1
		}
		at++
	}
	return frames
}

// refuseAnimation is the error of a picture that moves.
func (f Format) refuseAnimation(name string, frames int) error {
	return fmt.Errorf("face: %s is an animated %s picture of %d frames: %w; convert it to a video, or save a frame of it as PNG", name, f, frames, ErrFormat)
}
