// Package method says what makes a detector: how faces become training images, what loss they meet, and how a face
// becomes an anomaly score. SeeABLE is the first, SBI the second; others of the paper's tables have the same seam.
package method

import (
	"fmt"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Method is a detector in the making. A value never changes, so goroutines may share it; what they cannot share is in
// the [Sampler] of each.
type Method interface {
	// Classes is the number of labels of a training image.
	Classes() int
	// Sampler returns a new sampler, for one goroutine.
	Sampler() *Sampler
	// Views makes as many training images of one face as dst has rows, each RGB of Size·Size·3 bytes, and their labels.
	// factor multiplies the strength of what is done to the face (the curriculum); rng is the only source of chance.
	Views(s *Sampler, dst [][]uint8, labels []int32, f face.Face, factor float64, rng *rand.Rand) error
	// Check makes one image to measure held-out accuracy on: as in training, at official strength, not augmented.
	Check(s *Sampler, dst []uint8, f face.Face, rng *rand.Rand) (label int, err error)
	// Fake makes a pseudo-fake of a real face, and Real the face as it would meet it: both augmented with the same
	// draws. They choose a score without any deepfake.
	Fake(s *Sampler, f face.Face, rng *rand.Rand) (face.Face, error)
	Real(s *Sampler, f face.Face, rng *rand.Rand) (face.Face, error)

	// Embeddings builds what the loss sees of images, uint8 [B, S, S, 3]: float32 [B, d], a row for each.
	Embeddings(scope *model.Scope, images *Node) *Node
	// Loss builds the training loss of the embeddings of a whole batch, view by view, and its labels, int32 [B]. warmUp, a
	// scalar in [0, 1], is the share of the warm-up loss. hits is how many images were classified rightly.
	Loss(embeddings, labels, warmUp *Node) (loss, hits *Node)
	// Outputs builds what scores are made of, float32 [B, M].
	Outputs(scope *model.Scope, images *Node) *Node
	// Guesses builds the class that each image looks like, int32 [B].
	Guesses(scope *model.Scope, images *Node) *Node

	// Scores are the names of the method's anomaly scores, the preferred one first.
	Scores() []string
	// Variants appends the images that score needs of a face to dst; id makes their draws (spec section 7.4).
	Variants(s *Sampler, dst []uint8, score string, f face.Face, id string) ([]uint8, error)
	// Score makes the anomaly score of a face, larger for fakes, from the outputs of its variants.
	Score(score string, outputs [][]float32, c *Calibration) float64
}

// builders make the methods by name.
var builders = map[string]func(spec.Spec) (Method, error){}

// Register makes a method known to [New]; init of the method's file calls it beside [spec.RegisterMethod]. It panics when the
// name is known already.
func Register(name string, build func(spec.Spec) (Method, error)) {
	if builders[name] != nil {
		panic(fmt.Sprintf("method: %q is registered twice; want another name", name))
	}
	builders[name] = build
}

// New returns the method that the spec names.
func New(s spec.Spec) (Method, error) {
	if build := builders[s.Method]; build != nil {
		return build(s)
	}
	if _, err := spec.MethodOf(s.Method); err != nil {
		return nil, fmt.Errorf("method: %w", err)
	}
	return nil, fmt.Errorf("method: the package of %q calls spec.RegisterMethod but not method.Register", s.Method)
}
