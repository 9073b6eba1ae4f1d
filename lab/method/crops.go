package method

import (
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Crops are where in a face a network looks, in training and in tests, by augment and encoder.size of a spec: as the lab's own
// methods do, for those from elsewhere. They are for clips of one frame; others are errors, and so are faces without
// landmarks.
type Crops struct {
	sampling // brings Keep
}

// NewCrops returns the crops of a spec.
func NewCrops(s spec.Spec) (Crops, error) {
	shared, err := newSampling(s)
	return Crops{shared}, err
}

// Look crops the face of a clip as tests do, always the same, to encoder.size pixels.
func (c Crops) Look(clip face.Clip) (face.Face, error) { return c.lookAt(clip) }

// Glance crops the face of a clip as training does, with another margin and place each time and perhaps mirrored, to
// encoder.size pixels.
func (c Crops) Glance(clip face.Clip, rng *rand.Rand) (face.Face, error) {
	f, err := still(clip)
	if err != nil {
		return face.Face{}, err
	}
	return c.glance(f, rng)
}

// Generator makes discrepancies and self-blended images by the spec, and augments.
func (c Crops) Generator() *discrepancy.Generator { return c.generator }
