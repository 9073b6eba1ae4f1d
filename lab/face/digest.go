package face

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
)

// Digest is the first half of a SHA-256. Two of a billion pictures have the same by chance once in 10²⁰.
type Digest [16]byte

// PixelDigest tells pictures apart by what they show: it is the digest of a picture's width and height, as 64-bit little-endian
// numbers, and of its pixels, RGBA row by row from the top. Where the picture lies and what it is called have no part in it.
func PixelDigest(m *image.RGBA) (d Digest) {
	sum := sha256.New()
	var size [16]byte
	binary.LittleEndian.PutUint64(size[:8], uint64(m.Rect.Dx()))
	binary.LittleEndian.PutUint64(size[8:], uint64(m.Rect.Dy()))
	sum.Write(size[:])
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		sum.Write(m.Pix[m.PixOffset(m.Rect.Min.X, y) : m.PixOffset(m.Rect.Max.X-1, y)+4])
	}
	copy(d[:], sum.Sum(nil))
	return d
}

// Digest is, in 32 hexadecimal digits for each frame, the [PixelDigest] of the pictures of a clip in their order; a frame without
// a picture has zeros. Landmarks have no part in it.
func (c Clip) Digest() string {
	var all []byte
	for _, f := range c.Frames {
		var d Digest
		if f.Image != nil && !f.Image.Rect.Empty() {
			d = PixelDigest(f.Image)
		}
		all = append(all, d[:]...)
	}
	return hex.EncodeToString(all)
}
