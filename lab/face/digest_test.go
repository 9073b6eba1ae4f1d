package face

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"testing"
)

// The digest is that of size and pixels, whatever rows lie between them; it knows a turned picture and a changed pixel.
func TestPixelDigest(t *testing.T) {
	wide := image.NewRGBA(image.Rect(0, 0, 7, 5))
	for i := range wide.Pix {
		wide.Pix[i] = uint8(7 * i)
	}
	part := wide.SubImage(image.Rect(2, 1, 5, 3)).(*image.RGBA)
	text := append([]byte{3, 0, 0, 0, 0, 0, 0, 0}, 2, 0, 0, 0, 0, 0, 0, 0)
	for y := 1; y < 3; y++ {
		for x := 2; x < 5; x++ {
			c := wide.RGBAAt(x, y)
			text = append(text, c.R, c.G, c.B, c.A)
		}
	}
	sum := sha256.Sum256(text)
	if got := PixelDigest(part); string(got[:]) != string(sum[:16]) {
		t.Errorf("digest %x, want %x", got, sum[:16])
	}
	moved := image.NewRGBA(image.Rect(0, 0, 3, 2))
	copy(moved.Pix, text[16:])
	if PixelDigest(moved) != PixelDigest(part) {
		t.Error("the place of a picture changes its digest")
	}
	turned := &image.RGBA{Pix: moved.Pix, Stride: 8, Rect: image.Rect(0, 0, 2, 3)}
	if PixelDigest(turned) == PixelDigest(moved) {
		t.Error("pictures of other sides have one digest")
	}
	want := hex.EncodeToString(sum[:16])
	clip := Clip{Frames: []Face{{Image: moved}, {}, {Image: part, Landmarks: make([]Point, 68)}}}
	if got := clip.Digest(); got != want+"00000000000000000000000000000000"+want {
		t.Errorf("digest of the clip %s", got)
	}
	moved.Pix[5]++
	if Still(clip.Frames[0]).Digest() == want {
		t.Error("a changed pixel does not change the digest")
	}
}
