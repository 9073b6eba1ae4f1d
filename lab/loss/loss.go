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
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/spec"
)

// Func is a loss over embeddings whose options are settled. See the package documentation for
// its arguments and results.
type Func func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node)

// Config has the options of every loss that [ByName] knows. A loss reads only some of them.
type Config struct {
	// BCROptions holds the temperature, which all losses but the triplet loss read, and what only BCR reads.
	BCROptions
	// Margin of the triplet loss, in cosine units: [0, 2] is the useful range.
	Margin float64
}

// DefaultConfig returns temperature 0.07 (the official code's) and margin 0.2 (ours).
func DefaultConfig() Config {
	return Config{BCROptions: BCROptions{Temperature: 0.07}, Margin: 0.2}
}

// FloorFunc is the least value of a loss for a batch with counts[k] rows of class k, and K = len(counts); see [Floor].
type FloorFunc func(counts []int, temperature float64) (float64, error)

// registered is a loss that [ByName] knows.
type registered struct {
	build func(Config) (Func, error)
	floor FloorFunc
}

var known = map[string]registered{}

// Register makes an embedding loss known to specs, [ByName] and [FloorOf]; init of the loss's file calls it. build gets options
// that have been checked. floor may be nil: then nothing is known of the loss's least value. It panics as [spec.RegisterLoss]
// does.
func Register(info spec.LossInfo, build func(Config) (Func, error), floor FloorFunc) {
	spec.RegisterLoss(info)
	known[info.Name] = registered{build, floor}
}

// tempered is the builder of a loss that has the temperature as its only option.
func tempered(f func(z, labels, prototypes *graph.Node, temperature float64) (mean, perAnchor *graph.Node)) func(Config) (Func, error) {
	return func(c Config) (Func, error) {
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return f(z, labels, prototypes, c.Temperature)
		}, nil
	}
}

// Names returns the names that [ByName] knows, the default first.
func Names() []string {
	var names []string
	for _, info := range spec.Losses() {
		names = append(names, info.Name)
	}
	return names
}

// ByName returns the named loss with the options of c. Its errors say which name or option is
// wrong; they are returned whether or not the loss reads the option.
func ByName(name string, c Config) (Func, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Margin < 0 || math.IsNaN(c.Margin) || math.IsInf(c.Margin, 0) {
		return nil, fmt.Errorf("loss: margin is %v, want a finite number >= 0, for example 0.2", c.Margin)
	}
	found, ok := known[name]
	if !ok {
		return nil, fmt.Errorf("loss: unknown loss %q, want one of %s", name, strings.Join(Names(), ", "))
	}
	return found.build(c)
}

// FloorOf returns the floor of the named loss, nil if there is none or no such loss.
func FloorOf(name string) FloorFunc { return known[name].floor }
