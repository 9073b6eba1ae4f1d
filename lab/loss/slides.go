package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	for v, doc := range map[SlideVariant]string{
		S1: "a talk's main equation with the K prototypes as denominator",
		S2: "a talk's slide of the regression term: supervised contrast and cross-entropy",
		S3: "a talk's main equation with the batch and the own prototype as denominator",
	} {
		Register(spec.LossInfo{Name: v.String(), Doc: doc, Reads: []string{"loss.temperature"}},
			tempered(func(z, labels, prototypes *graph.Node, temperature float64) (mean, perAnchor *graph.Node) {
				return Slide(z, labels, prototypes, v, temperature)
			}), nil)
	}
}

// SlideVariant is a reading of BCR's equation as a talk's slides print it (spec 4.2), which differs
// from the official code. P(i) are the other rows of i's class.
type SlideVariant int

// The three readings. S1 and S2 agree when every class has two rows.
const (
	// S1 is SupCon_i + CrossEntropy_i/|P(i)|: the main equation with the K prototypes as denominator.
	S1 SlideVariant = 1 + iota
	// S2 is SupCon_i + CrossEntropy_i: the slide of the regression term, which averages a constant over P(i).
	S2
	// S3 is SupCon_i + NTXent_i/|P(i)|: the main equation with the batch and the own prototype as denominator.
	S3
)

// String returns "slide-s1" and so on, the name that [ByName] knows.
func (v SlideVariant) String() string { return fmt.Sprintf("slide-s%d", int(v)) }

// Slide is a slide variant of BCR. The slides sum over anchors; the mean here is that sum divided by
// N. Where |P(i)| is 0, which the slides leave undefined, SupCon_i is 0 and the divisor 1. It needs
// N ≥ 2. An ablation.
func Slide(z, labels, prototypes *graph.Node, v SlideVariant, temperature float64) (mean, perAnchor *graph.Node) {
	check(v.String(), z, labels, prototypes)
	checkTemperature(v.String(), temperature)
	perAnchor, positives := supCon(z, labels, temperature)
	var pull *graph.Node
	switch v {
	case S1:
		_, pull = CrossEntropy(z, labels, prototypes, temperature)
		pull = graph.Div(pull, positives)
	case S2:
		_, pull = CrossEntropy(z, labels, prototypes, temperature)
	case S3:
		_, pull = NTXent(z, labels, prototypes, temperature)
		pull = graph.Div(pull, positives)
	default:
		panic(fmt.Errorf("loss: unknown slide variant %d, want S1, S2 or S3", int(v)))
	}
	perAnchor = graph.Add(perAnchor, pull)
	return graph.ReduceAllMean(perAnchor), perAnchor
}
