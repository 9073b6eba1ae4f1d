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

// Keep implements [Method]: the surroundings of the face in the widest crop, at a resolution that fills the network's input
// in the narrowest.
func (m *sampling) Keep(c face.Clip) (face.Clip, error) {
	if _, err := still(c); err != nil {
		return face.Clip{}, err
	}
	margin := m.augment.Margin
	size := int(math.Ceil(float64(m.size) * margin[1] / margin[0]))
	kept := c
	kept.Frames = make([]face.Face, len(c.Frames))
	for i, f := range c.Frames {
		var err error
		if kept.Frames[i], err = crop(f, margin[1], size, 0, 0); err != nil {
			return face.Clip{}, err
		}
	}
	return kept, nil
}

// still is the one face of a clip.
func still(c face.Clip) (face.Face, error) {
	if len(c.Frames) != 1 {
		return face.Face{}, fmt.Errorf("method: a clip of %d frames: want 1", len(c.Frames))
	}
	return c.Frames[0], nil
}

// lookAt is look at a clip.
func (m *sampling) lookAt(c face.Clip) (face.Face, error) {
	f, err := still(c)
	if err != nil {
		return face.Face{}, err
	}
	return m.look(f)
}

// look crops f to what the network sees in a test.
func (m *sampling) look(f face.Face) (face.Face, error) {
	return crop(f, (m.augment.Margin[0]+m.augment.Margin[1])/2, m.size, 0, 0)
}

// glance crops f as training does: with another margin and place each time, perhaps mirrored.
func (m *sampling) glance(f face.Face, rng *rand.Rand) (face.Face, error) {
	margin := m.augment.Margin[0] + (m.augment.Margin[1]-m.augment.Margin[0])*rng.Float64()
	cropped, err := crop(f, margin, m.size, 2*rng.Float64()-1, 2*rng.Float64()-1)
	if err == nil && rng.Float64() < m.augment.Flip {
		cropped = face.Mirror(cropped)
	}
	return cropped, err
}

// crop keeps a square around the landmarks, margin times as large as their box, and scales it to size. Three quarters of
// the free room lie above the box, as the official margins are wider there (spec section 1.3); x and y in [−1, 1] move the
// square by up to half of the free room on a side, which never cuts into the box. A square that reaches over the image's
// edge is moved inside, as [face.Crop] says.
func crop(f face.Face, margin float64, size int, x, y float64) (face.Face, error) {
	if len(f.Landmarks) < face.Landmarks {
		return face.Face{}, fmt.Errorf("method: face with %d landmarks: want %d", len(f.Landmarks), face.Landmarks)
	}
	low, high := f.Landmarks[0], f.Landmarks[0]
	for _, p := range f.Landmarks[:face.Landmarks] {
		low.X, low.Y = min(low.X, p.X), min(low.Y, p.Y)
		high.X, high.Y = max(high.X, p.X), max(high.Y, p.Y)
	}
	box := max(high.X-low.X, high.Y-low.Y)
	side := margin * box
	room := (side - box) / 4
	left := (low.X+high.X)/2 - side/2 + x*room
	top := (low.Y+high.Y)/2 - side/2 - room + y*room
	corner, length := image.Pt(int(math.Round(left)), int(math.Round(top))), max(1, int(math.Round(side)))
	cropped, err := face.Crop(f, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(length, length))}, size)
	if err != nil {
		return face.Face{}, fmt.Errorf("method: %w", err)
	}
	return cropped, nil
}

// fill writes an image as RGB bytes into dst.
func fill(dst []uint8, img *image.RGBA) { discrepancy.AppendRGB(dst[:0], img) }
