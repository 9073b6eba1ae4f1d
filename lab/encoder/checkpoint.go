package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// checkpointParam is the graph parameter that [SetCheckpoint] sets.
const checkpointParam = "encoder_checkpoint"

// SetCheckpoint has the networks that are built in g after it, for training, keep no more of a block for the backward pass
// than the map that enters it, and recompute the maps inside it there (Chen et al. 2016, "Training deep nets with
// sublinear memory cost"): less memory and up to a forward pass more work, for the same gradient but for rounding. A block
// is what a network builds by [Checkpointed]: a residual block or an inverted bottleneck. Graphs of inference stay as they are.
func SetCheckpoint(scope *model.Scope, g *Graph) {
	scope.Store().RootScope().SetGraphParam(g, checkpointParam, &recomputed{})
}

// recomputed is what a graph with [SetCheckpoint] holds: the block that is being built, nil between two. They do not nest.
type recomputed struct{ block *block }

// recomputedOf is nil where nothing is recomputed.
func recomputedOf(scope *model.Scope, g *Graph) *recomputed {
	return model.GetGraphParamOr[*recomputed](scope.Store().RootScope(), g, checkpointParam, nil)
}

// block is what f of [Checkpointed] computes with.
type block struct {
	inputs    []*Node                   // the map that enters, and the values of variables
	gradients []*Node                   // by the inputs, once the backward pass has come to the block
	variables []*model.Variable         // those of inputs[1:]
	values    map[*model.Variable]*Node // what stands for each in the graph that is being built
	again     bool                      // the block is built for the second time
}

// Checkpointed is f(scope, x), a block, whose gradient builds f once more where [SetCheckpoint] asks for it. f must build
// the same each time, take the values of variables from [Variable] (or, in this package, valueOf), and hold no other
// Checkpointed.
//
// The gradient that GoMLX derives from the first f is not used, so the compiler drops it, and with it keeps nothing of
// that f but its result.
func Checkpointed(scope *model.Scope, x *Node, f func(scope *model.Scope, x *Node) *Node) *Node {
	g := x.Graph()
	open := recomputedOf(scope, g)
	if open == nil || !scope.IsTraining(g) {
		return f(scope, x)
	}
	b := &block{values: map[*model.Variable]*Node{}}
	build := func(x *Node) *Node {
		open.block = b
		defer func() { open.block = nil }()
		return f(scope.ResetVisited(), x)
	}
	y := build(b.enter(x))
	return IdentityWithCustomGradient(y, func(_, adjoint *Node) *Node {
		b.again = true
		for i, v := range b.variables {
			b.values[v] = b.inputs[1+i]
		}
		// Without the barrier the compiler would find the first f again in the second, and compute the second beforehand.
		adjoint = StopGradient(adjoint)
		inputs := append([]*Node{SchedulingBarrier(x, adjoint)}, b.inputs[1:]...)
		b.gradients = Gradient(ReduceAllSum(Mul(build(inputs[0]), adjoint)), inputs...)
		return adjoint
	})
}

// enter makes value an input of the block. The result stands for it in the first f.
func (b *block) enter(value *Node) *Node {
	i := len(b.inputs)
	b.inputs = append(b.inputs, value)
	return IdentityWithCustomGradient(value, func(_, _ *Node) *Node { return b.gradients[i] })
}

// valueOf is the value of v in g, in a block as one of its inputs.
func valueOf(scope *model.Scope, v *model.Variable, g *Graph) *Node {
	open := recomputedOf(scope, g)
	if open == nil || open.block == nil {
		return v.NodeValue(g)
	}
	b := open.block
	value, known := b.values[v]
	if !known {
		value = b.enter(v.NodeValue(g))
		b.variables, b.values[v] = append(b.variables, v), value
	}
	return value
}

// repeats tells whether a block is being built in g for the second time.
func repeats(scope *model.Scope, g *Graph) bool {
	open := recomputedOf(scope, g)
	return open != nil && open.block != nil && open.block.again
}
