// Package loss has the training losses of SeeABLE as GoMLX graph functions: the bounded
// contrastive regression BCR, the guidance term, and the losses its ablations put in BCR's place.
//
// Conventions of every embedding loss here:
//   - z [N,d], float: embeddings, L2-normalised by the caller, one row per sample;
//   - labels [N], integer: the class of each row, in [0,K). A label outside that range is not
//     detected: graphs cannot look at values;
//   - prototypes [K,d]: unit rows, row k for class k, fixed. They are converted to z's dtype;
//   - the two results are the mean over anchors (a scalar) and the loss of each anchor ([N], or
//     fewer where documented). Ignore the one you do not need, it costs nothing.
//
// Temperatures divide cosines, so logits are in [-1/τ, 1/τ]; row maxima are subtracted, without
// gradient, before every exponential.
//
// Like GoMLX's own graph functions, these panic while the graph is built when shapes, dtypes or
// options do not fit; graph.Exec turns that into an error. [ByName] checks options beforehand and
// returns errors.
//
// The formulas are those of the project's method specification, section 4, cited as "spec 4.x".
package loss

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Func is a loss over embeddings whose options are settled. See the package documentation for
// its arguments and results.
type Func func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node)

// Config has the options of every loss that [ByName] knows. A loss reads only those that its
// comment names.
type Config struct {
	// BCROptions holds the temperature, which all losses but "triplet" read, and what only "bcr" reads.
	BCROptions
	// Margin of "triplet", in cosine units: [0, 2] is the useful range.
	Margin float64
}

// DefaultConfig returns temperature 0.07 (the official code's) and margin 0.2 (ours).
func DefaultConfig() Config {
	return Config{BCROptions: BCROptions{Temperature: 0.07}, Margin: 0.2}
}

var names = []string{"bcr", "supcon", "ntxent", "ce", "slide-s1", "slide-s2", "slide-s3", "triplet"}

// Names returns the names that [ByName] knows.
func Names() []string { return slices.Clone(names) }

// ByName returns the named loss with the options of c. Its errors say which name or option is
// wrong; they are returned whether or not the loss reads the option.
func ByName(name string, c Config) (Func, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Margin < 0 || math.IsNaN(c.Margin) || math.IsInf(c.Margin, 0) {
		return nil, fmt.Errorf("loss: margin is %v, want a finite number >= 0, for example 0.2", c.Margin)
	}
	withTemperature := func(f func(z, labels, prototypes *graph.Node, temperature float64) (mean, perAnchor *graph.Node)) Func {
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return f(z, labels, prototypes, c.Temperature)
		}
	}
	slide := func(v SlideVariant) Func {
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return Slide(z, labels, prototypes, v, c.Temperature)
		}
	}
	switch name {
	case "bcr":
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return BCR(z, labels, prototypes, c.BCROptions)
		}, nil
	case "supcon":
		return func(z, labels, _ *graph.Node) (mean, perAnchor *graph.Node) {
			return SupCon(z, labels, c.Temperature)
		}, nil
	case "ntxent":
		return withTemperature(NTXent), nil
	case "ce":
		return withTemperature(CrossEntropy), nil
	case "slide-s1":
		return slide(S1), nil
	case "slide-s2":
		return slide(S2), nil
	case "slide-s3":
		return slide(S3), nil
	case "triplet":
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return Triplet(z, labels, prototypes, c.Margin)
		}, nil
	}
	return nil, fmt.Errorf("loss: unknown loss %q, want one of %s", name, strings.Join(names, ", "))
}
