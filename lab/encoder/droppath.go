package encoder

import (
	"hash/fnv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// stepParam is the graph parameter that [SetStep] sets.
const stepParam = "encoder_step"

// SetStep gives the graph of a training step its number, a scalar of any integer type, before the network is built in
// it. It is what makes each step drop other residual branches (stochastic depth, Huang et al. 2016) in networks that do
// so in training, the EfficientNets with squeeze-and-excitation; without it they drop none.
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
	path := fnv.New32a()
	path.Write([]byte(scope.Scope()))
	seed := model.GetParamOr(scope, SeedParam, uint64(0))
	bits := mix(BitwiseXor(ConvertDType(step.(*Node), dtypes.Uint32), Const(g, path.Sum32())))
	bits = mix(BitwiseXor(bits, Const(g, uint32(seed))))
	bits = mix(BitwiseXor(bits, Const(g, uint32(seed>>32))))
	axis := axesOf(x).batch
	batch := x.Shape().Dimensions[axis]
	bits = mix(Add(bits, Iota(g, shapes.Make(dtypes.Uint32, batch), 0)))
	floats := wide(x.DType())
	uniform := MulScalar(ConvertDType(BitwiseShiftRightLogicalScalar(bits, 8), floats), 1./(1<<24))
	kept := ConvertDType(GreaterOrEqual(uniform, Scalar(g, floats, rate)), x.DType())
	return Mul(x, along(MulScalar(kept, 1/(1-rate)), axis, 4))
}

// mix is the finalizer of MurmurHash3: a bijection of uint32 in which every bit of x changes every bit of the result
// with a probability near 1/2.
func mix(x *Node) *Node {
	g := x.Graph()
	fold := func(shift int) { x = BitwiseXor(x, BitwiseShiftRightLogicalScalar(x, uint32(shift))) }
	fold(16)
	x = Mul(x, Const(g, uint32(0x85ebca6b)))
	fold(13)
	x = Mul(x, Const(g, uint32(0xc2b2ae35)))
	fold(16)
	return x
}
