package method

import (
	"image"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/region"
)

// As returns m as one of the optional interfaces, or that of what it wraps (Unwrap() Method).
func As[T any](m Method) (T, bool) {
	for {
		if found, ok := m.(T); ok {
			return found, true
		}
		wrapper, ok := m.(interface{ Unwrap() Method })
		if !ok {
			var none T
			return none, false
		}
		m = wrapper.Unwrap()
	}
}

// Classifier is a method whose network names a class. What others are measured by between steps is what [Measurer] says, or
// else their loss, on batches of 64 samples each of which [Method.Check] made alone, so that no two are views of one clip.
type Classifier interface {
	// Classes is the number of classes.
	Classes() int
	// Guess builds the class that each row of what Forward made looks like, int32 [B].
	Guess(out []*Node, in Inputs) *Node
}

// Measurer is a method that classifies nothing and is measured between steps by something that says more of its network than the
// loss does.
type Measurer interface {
	// Measured names it, for people, as in "error of the reconstruction".
	Measured() string
	// Measure builds it of what Forward made of samples: a float32 scalar, the mean over them, not negative and less for a better
	// network.
	Measure(out []*Node, in Inputs) *Node
}

// Faker is a method with pseudo-fakes of its own. Others have self-blended images in their place (score.choose_on).
type Faker interface {
	// Fake makes a pseudo-fake of a real clip, augmented with the first draws of rng by augment of the method's spec, as a real clip
	// that goes with it is.
	Fake(w *Worker, c face.Clip, rng *rand.Rand) (face.Clip, error)
}

// Fit is what a method is fitted to after training: values that are stored with the weights, as float32, by name.
type Fit struct {
	Score  string // the score that was chosen; "" before
	Values map[string][]float64
	Note   string // what was fitted, in one line for people; not stored
}

// Fitter is a method of which something is fitted after training, on real clips that were held out and pseudo-fakes of them.
type Fitter interface {
	// Fit fits on the rows of clips, first with no score chosen (fit.Score is ""), then once more with the one that was.
	Fit(fit Fit, real, fake [][]Row) (Fit, error)
	// CheckFit refuses values that were not fitted by this method.
	CheckFit(fit Fit) error
}

// Map is what a detector shows on a face: a value for each of some regions, or a picture of values.
type Map struct {
	Label   string // what the values are
	Image   *image.RGBA
	Marks   []face.Point  // landmarks, in the pixels of Image, by which known masks are laid on it
	Regions []region.Mask // in the pixels of Image, with a value each; nil for a picture of values
	Side    int           // of the picture, which covers Image; 0 where there are regions
	Values  []float64     // of the regions, or [Side, Side] by rows

	Low, High float64 // the range of the values
	Falling   bool    // the smaller a value, the more suspicious its place; else the larger
}

// Suspicion is the map as a value for each pixel of Image, by rows: the larger, the more likely was the pixel manipulated. It is
// NaN where the map says nothing.
func (m Map) Suspicion() []float64 {
	var values []float64
	if m.Side > 0 {
		values, _ = region.Stretch(m.Image.Rect, m.Side, m.Values)
	} else {
		values, _ = region.Paint(m.Image.Rect, m.Regions, m.Values)
	}
	if m.Falling {
		for i := range values {
			values[i] = -values[i]
		}
	}
	return values
}

// Explainer is a method that shows where in a face it found what it scores.
type Explainer interface {
	// Explain makes the map of a clip from the rows of its samples for all scores. It is in the places of the clip: what was seen
	// in the mirror image is mirrored back.
	Explain(c face.Clip, rows []Row, fit Fit) (Map, error)
}

// Stepper is a method that does something between two steps, on the variables of its network.
type Stepper interface {
	// Between is called after each step, counted from 0, in order. net is the scope of the network. What it keeps must be in
	// variables that Forward or Loss created, as checkpoints hold those. What it changes is where the next step begins, and
	// in what a [Watcher] reads of this step, in the checkpoint and in what is measured after it; but the running average of
	// the network (train.ema), which is measured in its place, has it after the next step, and the end of a training without.
	Between(step int, net *model.Scope) error
}

// Watcher is a method whose samples depend on variables of its network: on their values some steps before, so that
// batches can be made ahead. From a lag of 4 on the trainer never waits for them.
type Watcher interface {
	// Watch names the variables by their paths in the network and says how many steps before a step's samples read them:
	// at least 1. Those of step s have the values after step s − lag and what a [Stepper] did after it, of the network that
	// moves, not of its running average.
	Watch() (paths []string, lag int)
}

// Group is a part of a network that is trained otherwise than the rest.
type Group struct {
	Prefix string  // of the paths of its variables in the network, as in "backbone/"; with Norm it ends in "/", or is "" for all
	Rate   float64 // factor on the learning rate, above 0
	Frozen float64 // share of the training during which it stays as it is and has no gradient; 1 for all of it, whatever Rate
	Norm   bool    // its BatchNorm normalises by the running averages and leaves them as they are, in training too
}

// Grouper is a method whose network is trained in groups; the first whose prefix fits a variable has it. A group that no
// variable fits is an error of the first step.
type Grouper interface{ Groups() []Group }

// Bounded is a method whose loss has a least value that is known.
type Bounded interface {
	// Floor is the least loss of a batch that is as balanced over the classes as it can be; 0 if it is not known.
	Floor() (float64, error)
}

// Prototyped is a method with fixed points of the hypersphere that embeddings are drawn to.
type Prototyped interface {
	Classifier
	// Prototypes are those points, row k that of label k.
	Prototypes() *hypersphere.Prototypes
	// ClassName says what label k stands for.
	ClassName(k int) string
	// Embedding is the unit vector of a sample.
	Embedding(row Row) []float32
	// Similarities are the cosines of the variants of a clip with their own prototypes, averaged over the looks at it; nil
	// if its samples have none. Places are those of the clip itself: a look at its mirror image counts at the label of the same
	// place of the face.
	Similarities(rows []Row) []float64
}
