package train

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/seeable-lab/seeable/lab/spec"
)

// update moves the trainable variables of scope one optimizer step down the gradient of loss and returns the gradient's
// global norm.
//
// It is ours rather than GoMLX's optimizer because it clips by the global norm, spares biases and BatchNorm from weight
// decay, takes the rate as an input of the graph, and leaves every variable of the store alone, also the running averages
// of BatchNorm, when the loss or the norm is not finite, so that a store never holds a NaN.
func update(scope *model.Scope, t spec.Train, loss, rate *Node) (norm *Node) {
	g := loss.Graph()
	var variables []*model.Variable
	var values []*Node
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			variables = append(variables, v)
			values = append(values, v.NodeValue(g))
		}
	}
	gradients := Gradient(loss, values...)
	norm = ScalarZero(g, floats)
	for _, gradient := range gradients {
		norm = Add(norm, ReduceAllSum(Square(gradient)))
	}
	norm = Sqrt(norm)
	if t.Clip > 0 {
		factor := MinScalar(Div(Scalar(g, floats, t.Clip), AddScalar(norm, 1e-12)), 1)
		for i := range gradients {
			gradients[i] = Mul(gradients[i], factor)
		}
	}
	optimizer := scope.In("optimizer")
	var count *Node
	if t.Optimizer == "adamw" {
		steps := optimizer.WithInitializer(initializer.Zero).VariableWithShape("steps", loss.Shape()).SetTrainable(false)
		count = OnePlus(steps.NodeValue(g))
		steps.SetNodeValue(count)
	}
	for i, v := range variables {
		state := scope.Store().Scope("/optimizer" + v.Path())
		var direction *Node
		if t.Optimizer == "adamw" {
			direction = adam(state, gradients[i], count)
		} else {
			velocity := moment(state, "velocity", gradients[i])
			direction = Add(MulScalar(velocity.NodeValue(g), t.Momentum), gradients[i])
			velocity.SetNodeValue(direction)
		}
		if t.WeightDecay > 0 && values[i].Rank() > 1 {
			direction = Add(direction, MulScalar(values[i], t.WeightDecay))
		}
		v.SetNodeValue(Sub(values[i], Mul(rate, direction)))
	}
	healthy := And(IsFinite(loss), IsFinite(norm))
	for v := range scope.Store().IterVariables() {
		if v.ChangedInGraph(g) {
			// A variable enters a graph as the parameter of its path.
			v.SetNodeValue(Where(healthy, v.NodeValue(g), g.GetParameterByName(v.Path())))
		}
	}
	return norm
}

// adam is the direction of Adam (Kingma and Ba 2015) with its usual β₁ .9, β₂ .999 and ε 1e-8.
func adam(state *model.Scope, gradient, count *Node) *Node {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	average := func(name string, beta float64, x *Node) *Node {
		v := moment(state, name, x)
		updated := Add(MulScalar(v.NodeValue(x.Graph()), beta), MulScalar(x, 1-beta))
		v.SetNodeValue(updated)
		debias := OneMinus(Pow(Scalar(x.Graph(), floats, beta), count))
		return Div(updated, debias)
	}
	first, second := average("first", beta1, gradient), average("second", beta2, Square(gradient))
	return Div(first, AddScalar(Sqrt(second), epsilon))
}

func moment(state *model.Scope, name string, like *Node) *model.Variable {
	return state.WithInitializer(initializer.Zero).VariableWithShape(name, like.Shape()).SetTrainable(false)
}
