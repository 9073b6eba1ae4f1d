package method

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Sampler holds the buffers that one goroutine needs to make images.
type Sampler struct {
	workspace discrepancy.Workspace
	out       *image.RGBA
}

// sampling is what the methods share: where in a face image the network looks, and the discrepancies.
type sampling struct {
	generator *discrepancy.Generator
	augment   spec.Augment
	size      int
	seed      uint64
}

func newSampling(s spec.Spec) (sampling, error) {
	generator, err := discrepancy.New(s.Discrepancy, s.Augment)
	if err != nil {
		return sampling{}, err
	}
	return sampling{generator, s.Augment, s.Encoder.Size, s.Seed}, nil
}

// Sampler implements Method.
func (m *sampling) Sampler() *Sampler {
	return &Sampler{out: image.NewRGBA(image.Rect(0, 0, m.size, m.size))}
}

// StoredSize is the side at which faces are kept for training: a crop of the least margin still fills the network's
// input.
func StoredSize(s spec.Spec) int {
	return int(math.Ceil(float64(s.Encoder.Size) / s.Augment.Margin[0]))
}

// look crops f to what the network sees in a test: the central square of the mean training margin.
func (m *sampling) look(f face.Face) (face.Face, error) {
	share := (m.augment.Margin[0] + m.augment.Margin[1]) / 2
	return m.crop(f, share, 0.5, 0.5)
}

// glance crops f as training does: a random square, perhaps mirrored.
func (m *sampling) glance(f face.Face, rng *rand.Rand) (face.Face, error) {
	share := m.augment.Margin[0] + (m.augment.Margin[1]-m.augment.Margin[0])*rng.Float64()
	cropped, err := m.crop(f, share, rng.Float64(), rng.Float64())
	if err == nil && rng.Float64() < m.augment.Flip {
		cropped = face.Mirror(cropped)
	}
	return cropped, err
}

// crop keeps a square of share of the image's side; x and y in [0, 1] say where it lies in the free room.
func (m *sampling) crop(f face.Face, share, x, y float64) (face.Face, error) {
	width, height := f.Image.Rect.Dx(), f.Image.Rect.Dy()
	side := max(1, int(math.Round(share*float64(min(width, height)))))
	corner := image.Pt(int(math.Round(x*float64(width-side))), int(math.Round(y*float64(height-side))))
	cropped, err := face.Crop(f, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, m.size)
	if err != nil {
		return face.Face{}, fmt.Errorf("method: %w", err)
	}
	return cropped, nil
}

// Fake implements Method: a self-blended image, the most general pseudo-fake (Shiohara and Yamasaki 2022).
func (m *sampling) Fake(s *Sampler, f face.Face, rng *rand.Rand) (face.Face, error) {
	blended := image.NewRGBA(f.Image.Rect)
	augmentation := discrepancy.DrawAugmentation(m.augment, rng)
	if err := m.generator.SelfBlend(blended, f, rng, &s.workspace); err != nil {
		return face.Face{}, err
	}
	augmentation.Apply(blended, &s.workspace)
	f.Image = blended
	return f, nil
}

// Real implements Method.
func (m *sampling) Real(s *Sampler, f face.Face, rng *rand.Rand) (face.Face, error) {
	plain := image.NewRGBA(f.Image.Rect)
	copy(plain.Pix, f.Image.Pix)
	discrepancy.DrawAugmentation(m.augment, rng).Apply(plain, &s.workspace)
	f.Image = plain
	return f, nil
}

// fill writes an image as RGB bytes into dst.
func fill(dst []uint8, img *image.RGBA) { discrepancy.AppendRGB(dst[:0], img) }
