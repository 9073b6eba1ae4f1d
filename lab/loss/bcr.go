package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(spec.LossInfo{
		Name: "bcr", Doc: "bounded contrastive regression: supervised contrast with the own prototype as one more positive (Larue et al. 2023)",
		Reads:   []string{"loss.temperature", "loss.base_temperature", "loss.contrast"},
		Default: true,
	}, func(c Config) (Func, error) {
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return BCR(z, labels, prototypes, c.BCROptions)
		}, nil
	}, Floor)
}

// Contrast says which rows of a batch of several views are anchors.
type Contrast string

// The two contrast modes of the official code. All rows are contrasts in both.
const (
	ContrastAll Contrast = "all" // every row is an anchor
	ContrastOne Contrast = "one" // only the rows of the first view are anchors
)

// BCROptions are the options of [BCR].
type BCROptions struct {
	// Temperature τ divides the cosines; > 0, 0.07 in the official code.
	Temperature float64
	// BaseTemperature scales the loss by Temperature/BaseTemperature; 0 means Temperature, which
	// is no scaling. The official code fixes it at 0.07.
	BaseTemperature float64
	// Views is the number of views of each image; 0 means 1. The rows of view 1 come first, then
	// those of view 2 in the same order of images, and so on. It must divide N.
	Views int
	// Contrast is ContrastAll or ContrastOne; "" means ContrastAll.
	Contrast Contrast
	// SimCLR makes the positives of an anchor the views of its own image rather than the rows of
	// its class. Labels then only choose the prototype.
	SimCLR bool
}

func (o BCROptions) validate() error {
	switch {
	case !validTemperature(o.Temperature):
		return fmt.Errorf("loss: temperature is %v, want a finite number > 0, for example 0.07", o.Temperature)
	case o.BaseTemperature != 0 && !validTemperature(o.BaseTemperature):
		return fmt.Errorf("loss: base temperature is %v, want a finite number > 0, or 0 for the temperature itself", o.BaseTemperature)
	case o.Views < 0:
		return fmt.Errorf("loss: %d views, want at least 1, or 0 for 1", o.Views)
	case o.Contrast != "" && o.Contrast != ContrastAll && o.Contrast != ContrastOne:
		return fmt.Errorf("loss: unknown contrast mode %q, want %q or %q", o.Contrast, ContrastAll, ContrastOne)
	}
	return nil
}

// BCR is the bounded contrastive regression as in the official code (spec 4.1):
//
//	A_ij   = z_i·z_j/τ for j ≠ i,  A_ii = z_i·p_{y_i}/τ
//	loss_i = -(τ/τ_base) · mean over {j: y_j = y_i} of (A_ij - log Σ_k exp A_ik)
//
// It is SupCon in which the anchor's own prototype, in the place of the self-similarity, is one more
// positive and one more item of the denominator; so an anchor alone in its class has a positive too.
// With [ContrastOne] the result per anchor has N/Views rows. With unit rows and a batch balanced over
// all classes the mean is at least [Floor] and at most log N + 2/τ, times τ/τ_base.
func BCR(z, labels, prototypes *graph.Node, o BCROptions) (mean, perAnchor *graph.Node) {
	check("BCR", z, labels, prototypes)
	if err := o.validate(); err != nil {
		panic(err)
	}
	n, views := z.Shape().Dim(0), max(o.Views, 1)
	if n%views != 0 {
		exceptions.Panicf("loss: BCR: %d embeddings do not divide into %d views, want N a multiple of the views", n, views)
	}
	images := n / views
	anchors := n
	if o.Contrast == ContrastOne {
		anchors = images
	}
	keys := labels
	if o.SimCLR {
		image := make([]int32, n)
		for i := range image {
			image[i] = int32(i % images)
		}
		keys = graph.Const(z.Graph(), image)
	}

	logProb := batchLogProb(z, labels, prototypes, anchors, o.Temperature)
	positive := graph.ConvertDType(sameClass(keys, anchors), z.DType())
	perAnchor = graph.Neg(graph.Div(
		graph.ReduceSum(graph.Mul(positive, logProb), -1),
		graph.ReduceSum(positive, -1)))
	if o.BaseTemperature != 0 {
		perAnchor = graph.MulScalar(perAnchor, o.Temperature/o.BaseTemperature)
	}
	return graph.ReduceAllMean(perAnchor), perAnchor
}

// batchLogProb returns A_ij - log Σ_k exp A_ik of [BCR]: [anchors,N].
func batchLogProb(z, labels, prototypes *graph.Node, anchors int, temperature float64) *graph.Node {
	n := z.Shape().Dim(0)
	own := graph.Slice(ownSimilarity(z, labels, prototypes), graph.AxisRangeFromStart(anchors))
	a := batchSimilarities(z, anchors, alongRow(own, n))
	return graph.LogSoftmax(graph.DivScalar(a, temperature), -1)
}
