package face

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is how a picture is to be turned for display, as its EXIF block says: 1 to 8, and 1, which is not at all, where
// it says nothing that is valid. Blocks are looked for where the formats have them: in JPEG the first segment APP1 that is
// one, in PNG the chunk eXIf (before or after the pixels), in WebP the chunk EXIF, and a TIFF file is itself laid out as one.
func orientation(format Format, data []byte) int {
	switch format {
	case JPEG:
		return jpegOrientation(data)
	case PNG:
		for id, body := range pngChunks(data) {
			if id == "eXIf" {
				return exifOrientation(body)
			}
		}
	case WebP:
		for id, body := range riffChunks(data) {
			if id == "EXIF" {
				return exifOrientation(body)
			}
		}
	case TIFF:
		return exifOrientation(data)
	}
	return 1
}

// exifHead begins the block in JPEG. Some programs write it into other formats as well, where it does not belong.
var exifHead = []byte("Exif\x00\x00")

func jpegOrientation(data []byte) int {
	const app1, sos, eoi = 0xe1, 0xda, 0xd9
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		switch {
		case marker == 0xff: // fill byte
			at++
			continue
		case marker == sos || marker == eoi:
			return 1
		case marker == 1 || marker >= 0xd0 && marker <= 0xd7: // without a length
			at += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) {
			return 1
		}
		if body := data[at+4 : at+2+size]; marker == app1 && bytes.HasPrefix(body, exifHead) {
			return exifOrientation(body)
		}
		at += 2 + size
	}
	return 1
}

// exifOrientation reads the tag Orientation of the first directory of an EXIF block (EXIF 2.3, section 4.6.4).
func exifOrientation(block []byte) int {
	const tag, short, long = 0x0112, 3, 4
	value := uint32(1)
	eachTag(bytes.TrimPrefix(block, exifHead), func(id, kind uint16, count, number uint32) {
		if id == tag && (kind == short || kind == long) && count == 1 {
			value = number
		}
	})
	if value < 1 || value > 8 {
		return 1
	}
	return int(value)
}

// eachTag goes through the first directory of a TIFF file; number is the first value of a tag of short or long integers, or
// the place where its values are, if they are too many for the directory.
func eachTag(file []byte, do func(id, kind uint16, count, number uint32)) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(file, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(file, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return
	}
	if len(file) < 8 {
		return
	}
	at := uint64(order.Uint32(file[4:]))
	if at+2 > uint64(len(file)) {
		return
	}
	entries := uint64(order.Uint16(file[at:]))
	for i := range entries {
		from := at + 2 + 12*i
		if from+12 > uint64(len(file)) {
			return
		}
		entry := file[from:]
		kind, count, number := order.Uint16(entry[2:]), order.Uint32(entry[4:]), order.Uint32(entry[8:])
		if kind == 3 && count <= 2 {
			number = uint32(order.Uint16(entry[8:]))
		}
		do(order.Uint16(entry), kind, count, number)
	}
}

// pngChunks gives the chunks of a PNG file, as far as they are whole.
func pngChunks(data []byte) func(func(id string, body []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for data = data[min(8, len(data)):]; len(data) >= 12; {
			size := uint64(binary.BigEndian.Uint32(data))
			if size+12 > uint64(len(data)) || !yield(string(data[4:8]), data[8:8+size]) {
				return
			}
			data = data[size+12:]
		}
	}
}

// riffChunks gives the chunks of a WebP file, as far as they are whole.
func riffChunks(data []byte) func(func(id string, body []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for data = data[min(12, len(data)):]; len(data) >= 8; {
			size := uint64(binary.LittleEndian.Uint32(data[4:]))
			if size+8 > uint64(len(data)) || !yield(string(data[:4]), data[8:8+size]) {
				return
			}
			data = data[min(8+size+size%2, uint64(len(data))):]
		}
	}
}

// upright turns a picture, whose bounds begin at (0, 0), as an orientation of 1 to 8 says: 2 mirrors it, 3 turns it by half, 4
// mirrors it top to bottom, 5 swaps its axes, 6 turns it a quarter clockwise, 7 swaps its axes the other way, 8 turns it a
// quarter counterclockwise.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if orientation >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			sx, sy := x, y
			if orientation >= 5 {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 7, 8:
				sx = w - 1 - sx
			case 3:
				sx, sy = w-1-sx, h-1-sy
			}
			switch orientation {
			case 4, 6, 7:
				sy = h - 1 - sy
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}
