package train

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// objective is what a step minimises, and what it tells: scalars.
type objective struct {
	loss, hits *Node
	terms      []method.Term
}

// newObjective builds the loss of what the network made of a batch, and how many of its rows were classified rightly, 0 for
// a method that classifies nothing.
func newObjective(m method.Method, scope *model.Scope, out []*Node, in method.Inputs) objective {
	o := objective{hits: ScalarZero(in.Label.Graph(), floats)}
	if c, ok := method.As[method.Classifier](m); ok {
		o.hits = ReduceAllSum(ConvertDType(Equal(c.Guess(out, in), ConvertDType(in.Label, dtypes.Int32)), floats))
	}
	o.terms = m.Loss(scope.In(method.LossScope), out, in)
	o.loss = method.Total(o.terms)
	return o
}

// optimizer says how steps move variables.
type optimizer struct {
	train  spec.Train
	groups groups
}

// update moves the trainable variables of /net one optimizer step down the gradient of the loss that build builds and returns
// it with the gradient's global norm. share is the part of the training done.
//
// It is ours rather than GoMLX's optimizer because that one does not clip by the global norm, spare biases and BatchNorm from
// weight decay, take the rate as an input of the graph, and leave every variable of the store alone, also the running
// averages of BatchNorm, when the loss or the norm is not finite, so that a store never holds a NaN.
func (o optimizer) update(store *model.Store, rate, share *Node, build func() objective) (made objective, norm *Node) {
	made = build()
	g := made.loss.Graph()
	variables := o.trainable(store, g)
	gradients := o.gradients(made.loss, variables, share)
	norm = globalNorm(g, gradients)
	if o.train.SAM > 0 {
		gradients, norm = o.sharpness(store, variables, gradients, norm, share, build)
	}
	o.descend(store, variables, gradients, norm, rate, share)
	healthy := And(IsFinite(made.loss), IsFinite(norm))
	for v := range store.IterVariables() {
		if v.ChangedInGraph(g) {
			v.SetNodeValue(Where(healthy, v.NodeValue(g), parameter(g, v)))
		}
	}
	return made, norm
}

// trainable are the variables that g learns: those of the network that the loss depends on.
func (o optimizer) trainable(store *model.Store, g *Graph) []*model.Variable {
	var variables []*model.Variable
	for v := range store.Scope(network).IterVariables() {
		if v.Trainable && v.InUseByGraph(g) && !o.groups.never(v) {
			variables = append(variables, v)
		}
	}
	return variables
}

// gradients are those of a scalar by variables. A variable that is frozen has none, as where a graph is built without it:
// neither the norm nor what the optimizer remembers knows of it.
func (o optimizer) gradients(of *Node, variables []*model.Variable, share *Node) []*Node {
	return o.thawed(variables, Gradient(of, nodeValues(of.Graph(), variables)...), share)
}

func (o optimizer) thawed(variables []*model.Variable, gradients []*Node, share *Node) []*Node {
	for i, v := range variables {
		gradients[i] = o.groups.thawed(v, ZerosLike(gradients[i]), gradients[i], share)
	}
	return gradients
}

func nodeValues(g *Graph, variables []*model.Variable) []*Node {
	values := make([]*Node, len(variables))
	for i, v := range variables {
		values[i] = v.NodeValue(g)
	}
	return values
}

// parameter is the value that v has before g runs: a variable enters a graph as the parameter of its path.
func parameter(g *Graph, v *model.Variable) *Node { return g.GetParameterByName(v.Path()) }

// globalNorm is the Euclidean norm of all gradients together.
func globalNorm(g *Graph, gradients []*Node) *Node {
	norm := ScalarZero(g, floats)
	for _, gradient := range gradients {
		norm = Add(norm, ReduceAllSum(Square(gradient)))
	}
	return Sqrt(norm)
}

// descend moves variables against gradients, whose global norm is norm, and the averaged network after them.
func (o optimizer) descend(store *model.Store, variables []*model.Variable, gradients []*Node, norm, rate, share *Node) {
	g, t := norm.Graph(), o.train
	if t.Clip > 0 {
		factor := MinScalar(Div(Scalar(g, floats, t.Clip), AddScalar(norm, 1e-12)), 1)
		for i := range gradients {
			gradients[i] = Mul(gradients[i], factor)
		}
	}
	var count *Node
	if t.Optimizer == "adamw" {
		steps := scalar(store, "/optimizer/steps")
		count = OnePlus(steps.NodeValue(g))
		steps.SetNodeValue(count)
	}
	for i, v := range variables {
		state, value := store.Scope("/optimizer"+v.Path()), v.NodeValue(g)
		var direction *Node
		if t.Optimizer == "adamw" {
			direction = adam(state, gradients[i], o.groups.steps(v, t, count))
		} else {
			velocity := moment(state, "velocity", gradients[i])
			direction = Add(MulScalar(velocity.NodeValue(g), t.Momentum), gradients[i])
			velocity.SetNodeValue(direction)
		}
		if t.WeightDecay > 0 && value.Rank() > 1 {
			direction = Add(direction, MulScalar(value, t.WeightDecay))
		}
		v.SetNodeValue(o.groups.thawed(v, value, Sub(value, Mul(o.groups.rate(v, rate), direction)), share))
	}
	if t.EMA > 0 {
		follow(store, t.EMA, g)
	}
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

// scalar is a variable that counts from 0.
func scalar(store *model.Store, path string) *model.Variable {
	return store.VariableWithShape(path, shapes.Make(floats), initializer.Zero).SetTrainable(false)
}
