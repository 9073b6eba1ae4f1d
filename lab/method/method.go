// Package method is the seam between detectors and the rest of the lab: how clips of faces become training samples, what
// loss they meet, and how a clip becomes an anomaly score. A detector is one file that implements [Method], whichever of
// the optional interfaces ([Classifier], [Fitter], [Explainer], …) it has something for, and registers itself by name.
// The trainer, the scorer and the tables know these interfaces and no detector.
package method

import (
	"fmt"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Method is a detector in the making. A value never changes, so goroutines may share it; what they cannot share is in the
// [Worker] of each.
type Method interface {
	// Layout says what a sample has. It is the same at each call.
	Layout() Layout
	// Keep shrinks a clip to what training needs of it, which is what a cache of decoded clips holds.
	Keep(c face.Clip) (face.Clip, error)
	// Sample makes the training samples of one clip, as many as dst has, into the memory that each of dst brings, and sets
	// their labels.
	Sample(w *Worker, dst []Sample, c face.Clip, d Draw) error
	// Check makes one sample to measure a network on between steps: as in training, at official strength, not augmented.
	Check(w *Worker, dst *Sample, c face.Clip, rng *rand.Rand) error

	// Forward builds what the loss sees of samples: one or more float32 tensors with a row for each sample. No row depends on
	// another, except through the statistics of BatchNorm in training, so that batches can be cut into parts, passes and
	// shares of devices.
	Forward(s *model.Scope, in Inputs) []*Node
	// Loss builds the terms of the training loss, whose sum is minimised, of what Forward made of the whole batch, view by
	// view: float32 scalars, at least one. Variables that it creates in s are trained with the network, below "loss/".
	// Variables that are not trained it may change in training, as Forward may.
	Loss(s *model.Scope, out []*Node, in Inputs) []Term
	// Outputs builds what scores are made of: one or more float32 tensors with a row for each sample, which is flat in
	// a [Row]. Inputs have images and the extra picture only.
	Outputs(s *model.Scope, in Inputs) []*Node

	// Scores are the names of the method's anomaly scores, the preferred one first.
	Scores() []string
	// Probe appends the samples that a score needs of a clip to dst, those for all scores if score is [AllScores]. Their draws
	// are a function of the spec's seed and of digest, which detectors make of the clip's pixels ([face.Clip.Digest]), so that
	// neither name nor place of a picture has a part in its score (spec section 7.4).
	Probe(w *Worker, dst *Samples, score string, fit Fit, c face.Clip, digest string) error
	// Score makes an anomaly score of one clip, larger for fakes, from the rows of the samples that Probe made for it or
	// for another score; NaN if they do not suffice.
	Score(score string, rows []Row, fit Fit) float64
}

// AllScores stands where a score's name says which samples are made of a clip, for those that all scores need.
const AllScores = ""

// Row is what [Method.Outputs] made of one sample: a slice for each tensor.
type Row [][]float32

// Term is a part of the training loss: a scalar, already weighted.
type Term struct {
	Name  string
	Value *Node
}

// LossScope is where, in the scope of the network, the variables of a loss lie. They are trained with it and no part of a
// detector.
const LossScope = "loss"

// Total is the loss that terms make.
func Total(terms []Term) *Node {
	if len(terms) == 0 {
		exceptions.Panicf("method: a loss without terms: want at least one")
	}
	total := terms[0].Value
	for _, term := range terms[1:] {
		total = Add(total, term.Value)
	}
	return total
}

// Draw is all that a training sample may depend on besides its clip and the donors of its [Worker].
type Draw struct {
	Rand     *rand.Rand    // the only source of chance
	Strength float64       // factor on what is done to a face (the curriculum); 1 is official
	Share    float64       // of the training done, in [0, 1)
	Pool     source.Source // the clips that are trained on, fakes among them where the spec has data.fakes
	Vars     Vars          // what a [Watcher] asked for; nil during its first steps
}

// Vars are the values of variables after an earlier step, by their path in the network.
type Vars map[string][]float32

// builders make methods, by name.
var builders = map[string]func(spec.Spec) (Method, error){}

// Register makes a method known by the name under which [spec.RegisterMethod] has it. It panics if the name is taken: it is
// for the init function of a method's file.
func Register(name string, build func(spec.Spec) (Method, error)) {
	if builders[name] != nil {
		panic(fmt.Sprintf("method: %q is registered twice", name))
	}
	builders[name] = build
}

// New returns the method that the spec names.
func New(s spec.Spec) (Method, error) {
	build := builders[s.Method]
	if build == nil {
		if _, err := spec.MethodOf(s.Method); err != nil {
			return nil, fmt.Errorf("method: %w", err)
		}
		return nil, fmt.Errorf("method: the package of %q calls spec.RegisterMethod but not method.Register", s.Method)
	}
	m, err := build(s)
	if err != nil {
		return nil, err
	}
	if err := m.Layout().check(); err != nil {
		return nil, fmt.Errorf("method: %s: %w", s.Method, err)
	}
	return m, nil
}
