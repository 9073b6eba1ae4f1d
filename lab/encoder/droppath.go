package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// stepParam is the graph parameter that [SetStep] sets.
const stepParam = "encoder_step"

// SetStep gives the graph of a training step its number, a scalar of any integer type, before the network is built in
// it. It is what makes each step drop other residual branches (stochastic depth, Huang et al. 2016) in networks that do
// so in training, the EfficientNets with squeeze-and-excitation; without it they drop none. So it is with [Gaussians].
func SetStep(scope *model.Scope, step *Node) {
	scope.Store().RootScope().SetGraphParam(step.Graph(), stepParam, step)
}

// dropPaths zeroes whole images of the residual branch x, maps, in training, each with probability rate, and
// scales the others up so that the mean stays. Which ones is a function of the store's seed, the step, the scope, and
// the place in the batch, the same on every backend.
func dropPaths(scope *model.Scope, x *Node, rate float64) *Node {
	g := x.Graph()
	step, known := scope.Store().RootScope().GetGraphParam(g, stepParam)
	if rate == 0 || !known || !scope.IsTraining(g) {
		return x
	}
	axis := axesOf(x).batch
	batch := x.Shape().Dimensions[axis]
	floats := wide(x.DType())
	uniform := uniformly(scope, step.(*Node), scope.Scope(), batch, floats)
	kept := ConvertDType(GreaterOrEqual(uniform, Scalar(g, floats, rate)), x.DType())
	return Mul(x, along(MulScalar(kept, 1/(1-rate)), axis, 4))
}
