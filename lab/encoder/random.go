package encoder

import (
	"hash/fnv"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Gaussians are standard normal numbers of the shape and type of x in training: a function of the store's seed, the step
// ([SetStep]), the scope and the place, the same on every backend but for rounding. They are zeros elsewhere, and where no step
// is set.
func Gaussians(scope *model.Scope, x *Node) *Node {
	g, size := x.Graph(), x.Shape().Size()
	step, known := scope.Store().RootScope().GetGraphParam(g, stepParam)
	if !known || !scope.IsTraining(g) {
		return ZerosLike(x)
	}
	uniform := func(name string) *Node {
		return uniformly(scope, step.(*Node), model.JoinPath(scope.Scope(), name), size, wide(x.DType()))
	}
	// Box and Muller 1958. The radius wants numbers in (0, 1].
	radius := Sqrt(MulScalar(Log(AddScalar(uniform("radius"), 1./(1<<24))), -2))
	normal := Mul(radius, Cos(MulScalar(uniform("angle"), 2*math.Pi)))
	return ConvertDType(Reshape(normal, x.Shape().Dimensions...), x.DType())
}

// uniformly are count numbers in [0, 1) of 24 bits, of the type floats: a function of the store's seed, the step, the path and
// the place.
func uniformly(scope *model.Scope, step *Node, path string, count int, floats dtypes.DType) *Node {
	g := step.Graph()
	hash := fnv.New32a()
	hash.Write([]byte(path))
	seed := model.GetParamOr(scope, SeedParam, uint64(0))
	bits := mix(BitwiseXor(ConvertDType(step, dtypes.Uint32), Const(g, hash.Sum32())))
	bits = mix(BitwiseXor(bits, Const(g, uint32(seed))))
	bits = mix(BitwiseXor(bits, Const(g, uint32(seed>>32))))
	bits = mix(Add(bits, Iota(g, shapes.Make(dtypes.Uint32, count), 0)))
	return MulScalar(ConvertDType(BitwiseShiftRightLogicalScalar(bits, 8), floats), 1./(1<<24))
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
