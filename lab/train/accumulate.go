package train

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/seeable-lab/seeable/lab/method"
)

// What a step keeps between its parts: the sums of the gradients, variables as they were before the step, and running
// averages as SAM's first pass left them. It means nothing between two steps.
const (
	scratch  = "/scratch"
	sums     = scratch + "/gradient"
	original = scratch + "/original"
	firstRun = scratch + "/first"
)

// accumulation makes steps whose batch goes through the network in parts, so that memory is that of a part, though the
// loss is that of the whole batch (GradCache, Gao et al. 2021): all parts are embedded, the loss is differentiated by the
// embeddings, and each part is embedded once more to send its share of that gradient on to the weights.
//
// Without BatchNorm the gradient is that of the whole batch. With it, a part is normalised by its own mean and variance,
// and the running averages follow each part, as many times in a step as there are parts. A part has all views of its
// faces: were it all of one view, its statistics would be those of one label in SBI.
type accumulation struct {
	optimizer
	method method.Method
	layout method.Layout
	store  *model.Store

	forward  *model.Exec       // samples of a part, share, step → what the loss sees of it
	loss     *model.Exec       // that of the whole batch, its samples, share, step, is it the first pass of the step → loss, hits, gradients by what it sees, terms
	backward *model.Exec       // samples of a part, gradients by what the loss sees, share, step, is it the first of its pass, of its step → their product
	ascend   *model.Exec       // → gradient norm; moves the variables to where SAM takes its gradient
	descend  *model.Exec       // loss, norm of SAM's first gradient, rate, share → gradient norm
	outputs  int               // what the loss sees: how many tensors, once a graph was built
	names    []string          // of the terms of the loss, as in whole
	own      []*model.Variable // those that the loss itself depends on, once its graph was built
}

func newAccumulation(backend compute.Backend, store *model.Store, o optimizer, m method.Method) (*accumulation, error) {
	a := &accumulation{optimizer: o, method: m, layout: m.Layout(), store: store}
	var err error
	exec := func(build func(inputs []*Node) []*Node) *model.Exec {
		if err != nil {
			return nil
		}
		var e *model.Exec
		e, err = model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) []*Node { return build(inputs) })
		return e
	}
	a.forward = exec(a.buildForward)
	a.loss = exec(a.buildLoss)
	a.backward = exec(a.buildBackward)
	a.ascend = exec(func(inputs []*Node) []*Node { return []*Node{ascend(store, o.train.SAM, inputs[0].Graph())} })
	a.descend = exec(func(inputs []*Node) []*Node { return []*Node{a.land(inputs[0], inputs[1], inputs[2], inputs[3])} })
	return a, err
}

func (a *accumulation) buildForward(inputs []*Node) []*Node {
	rows := a.layout.Arity()
	begin(a.store, a.train, inputs[rows+1])
	out := a.method.Forward(a.store.Scope(network), a.layout.Inputs(inputs[:rows], inputs[rows]))
	g := inputs[0].Graph()
	for v := range a.store.IterVariables() {
		if v.ChangedInGraph(g) {
			v.SetNodeValue(parameter(g, v)) // the running averages: backward updates them
		}
	}
	a.outputs = len(out)
	return out
}

func (a *accumulation) buildLoss(inputs []*Node) []*Node {
	seen, inputs := inputs[:a.outputs], inputs[a.outputs:]
	rows := a.layout.Arity()
	share, opening := inputs[rows], inputs[rows+2]
	begin(a.store, a.train, inputs[rows+1])
	made := newObjective(a.method, a.store.Scope(network), seen, a.layout.Inputs(inputs[:rows], share))
	g := made.loss.Graph()
	a.keepOriginals(g, opening)
	a.own = a.trainable(a.store, g) // it sees the whole batch, so their gradients are sums already
	for _, v := range a.own {
		keep(a.store, sums, v).NodeValue(g) // GoMLX's Go backend fails on inputs out of use that come after all outputs
	}
	gradients := Gradient(made.loss, append(seen[:len(seen):len(seen)], nodeValues(g, a.own)...)...)
	for i, gradient := range a.thawed(a.own, gradients[len(seen):], share) {
		keep(a.store, sums, a.own[i]).SetNodeValue(gradient)
	}
	out := append([]*Node{made.loss, made.hits}, gradients[:len(seen)]...)
	if a.names = nil; len(made.terms) > 1 {
		for _, term := range made.terms {
			a.names, out = append(a.names, term.Name), append(out, term.Value)
		}
	}
	return out
}

// keepOriginals remembers variables that g changes, as they were before the step.
func (a *accumulation) keepOriginals(g *Graph, opening *Node) {
	for _, v := range changed(a.store, g) {
		before := keep(a.store, original, v)
		before.SetNodeValue(Where(opening, parameter(g, v), before.NodeValue(g)))
	}
}

// buildBackward adds the gradient of a part to the sums, with each row of what the loss sees weighted by the loss' gradient
// by it.
func (a *accumulation) buildBackward(inputs []*Node) []*Node {
	rows := a.layout.Arity()
	samples, weights, rest := inputs[:rows], inputs[rows:rows+a.outputs], inputs[rows+a.outputs:]
	share, first, opening := rest[0], rest[2], rest[3]
	begin(a.store, a.train, rest[1])
	var product *Node
	for i, out := range a.method.Forward(a.store.Scope(network), a.layout.Inputs(samples, share)) {
		part := ReduceAllSum(Mul(out, weights[i]))
		if product == nil {
			product = part
		} else {
			product = Add(product, part)
		}
	}
	g := product.Graph()
	a.keepOriginals(g, opening)
	variables := a.trainable(a.store, g)
	for i, gradient := range a.gradients(product, variables, share) {
		sum := keep(a.store, sums, variables[i])
		value := sum.NodeValue(g)
		if !slices.Contains(a.own, variables[i]) { // else the loss has begun the sum
			value = Where(first, ZerosLike(value), value)
		}
		sum.SetNodeValue(Add(gradient, value))
	}
	return []*Node{product}
}

// ascend is the first half of [optimizer.sharpness] on the sums.
func ascend(store *model.Store, rho float64, g *Graph) *Node {
	variables, gradients := summed(store, g)
	norm := globalNorm(g, gradients)
	for v := range store.Scope(network).IterVariables() {
		if store.GetVariable(original+v.Path()) != nil && store.GetVariable(sums+v.Path()) == nil {
			keep(store, firstRun, v).SetNodeValue(v.NodeValue(g))
		}
	}
	factor := ascent(rho, norm)
	for i, v := range variables {
		keep(store, original, v).SetNodeValue(v.NodeValue(g))
		v.SetNodeValue(Add(v.NodeValue(g), Mul(factor, gradients[i])))
	}
	return norm
}

// land is the rest of [optimizer.update] on the sums.
func (a *accumulation) land(loss, firstNorm, rate, share *Node) *Node {
	store, t, g := a.store, a.train, loss.Graph()
	variables, gradients := summed(store, g)
	norm := globalNorm(g, gradients)
	before := map[*model.Variable]*Node{}
	for v := range store.Scope(network).IterVariables() {
		if kept := store.GetVariable(original + v.Path()); kept != nil {
			before[v] = kept.NodeValue(g)
			v.SetNodeValue(v.NodeValue(g))
		}
	}
	if t.SAM > 0 {
		norm = Where(IsFinite(firstNorm), norm, firstNorm)
		for _, v := range variables {
			v.SetNodeValue(before[v])
		}
		for v := range before {
			if kept := store.GetVariable(firstRun + v.Path()); kept != nil {
				v.SetNodeValue(kept.NodeValue(g))
			}
		}
	}
	a.optimizer.descend(store, variables, gradients, norm, rate, share)
	healthy := And(IsFinite(loss), IsFinite(norm))
	for v := range store.IterVariables() {
		old, kept := before[v]
		if !kept && v.ChangedInGraph(g) {
			old = parameter(g, v)
		}
		if old != nil {
			v.SetNodeValue(Where(healthy, v.NodeValue(g), old))
		}
	}
	return norm
}

// summed are the variables that have gradients, and these.
func summed(store *model.Store, g *Graph) (variables []*model.Variable, gradients []*Node) {
	for v := range store.Scope(network).IterVariables() {
		if sum := store.GetVariable(sums + v.Path()); sum != nil {
			variables, gradients = append(variables, v), append(gradients, sum.NodeValue(g))
		}
	}
	return variables, gradients
}

// changed are the variables of the network that g changes.
func changed(store *model.Store, g *Graph) []*model.Variable {
	var variables []*model.Variable
	for v := range store.Scope(network).IterVariables() {
		if v.ChangedInGraph(g) {
			variables = append(variables, v)
		}
	}
	return variables
}

// keep is what a step remembers of v in one of the places of scratch.
func keep(store *model.Store, place string, v *model.Variable) *model.Variable {
	return store.VariableWithShape(place+v.Path(), v.Shape(), initializer.Zero).SetTrainable(false)
}

// run implements stepper.
func (a *accumulation) run(b batch, rate, share float64) (outcome, error) {
	o, err := a.pass(b, share, true)
	if err != nil {
		return outcome{}, err
	}
	norm := float32(0)
	if a.train.SAM > 0 {
		if norm, err = number(a.ascend, float32(0)); err != nil {
			return outcome{}, err
		}
		if _, err := a.pass(b, share, false); err != nil {
			return outcome{}, err
		}
	}
	norm, err = number(a.descend, float32(o.loss), norm, float32(rate), share)
	o.gradient = float64(norm)
	return o, err
}

// pass sums up the gradients of a batch.
func (a *accumulation) pass(b batch, share float64, opening bool) (outcome, error) {
	parts, views, rows := a.train.Accumulate, a.layout.Group(), b.Len()
	samples := make([][]any, parts)
	var seen [][]float32 // a tensor each
	var dims [][]int
	for i := range samples {
		part := *b.Samples
		part.Images = rowsOf(b.Images, rows, views, parts, i)
		part.Extra = rowsOf(b.Extra, rows, views, parts, i)
		part.Map = rowsOf(b.Map, rows, views, parts, i)
		part.Labels = rowsOf(b.Labels, rows, views, parts, i)
		made := part.Tensors()
		defer release(made...)
		for _, t := range made {
			samples[i] = append(samples[i], t)
		}
		out, err := a.forward.Exec(append(samples[i][:len(made):len(made)], share, a.step(b, i))...)
		if err != nil {
			return outcome{}, err
		}
		for j, t := range out {
			values, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return outcome{}, fmt.Errorf("tensor %d of what the loss sees: %w", j, err)
			}
			if i == 0 {
				seen = append(seen, make([]float32, len(values)*parts))
				dims = append(dims, slices.Clone(t.Shape().Dimensions))
			}
			setRows(seen[j], values, rows, views, parts, i)
		}
	}
	var inputs []any
	for j, values := range seen {
		dims[j][0] = rows
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(values, dims[j]...))
	}
	whole := b.Tensors()
	defer release(whole...)
	for _, t := range whole {
		inputs = append(inputs, t)
	}
	out, err := a.loss.Exec(append(inputs, share, a.step(b, 0), opening)...)
	if err != nil {
		return outcome{}, err
	}
	scalar := func(i int) float64 { return float64(tensors.ToScalar[float32](out[i])) }
	o := outcome{loss: scalar(0), accuracy: scalar(1) / float64(rows)}
	for i, name := range a.names {
		o.terms = append(o.terms, Term{name, scalar(2 + len(seen) + i)})
	}
	slopes := make([][]float32, len(seen))
	for j := range seen {
		if slopes[j], err = tensors.CopyFlatData[float32](out[2+j]); err != nil {
			return outcome{}, err
		}
	}
	for i := range samples {
		inputs := samples[i]
		for j, slope := range slopes {
			part := slices.Clone(dims[j])
			part[0] = rows / parts
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(rowsOf(slope, rows, views, parts, i), part...))
		}
		if _, err := a.backward.Exec(append(inputs, share, a.step(b, i), i == 0, opening && i == 0)...); err != nil {
			return outcome{}, err
		}
	}
	return o, nil
}

// step is the number by which a part of a batch drops paths, the same in both of its ways through the network.
func (a *accumulation) step(b batch, part int) int32 { return int32(b.step*a.train.Accumulate + part) }

func number(e *model.Exec, inputs ...any) (float32, error) {
	out, err := e.Exec(inputs...)
	if err != nil {
		return 0, err
	}
	return tensors.ToScalar[float32](out[0]), nil
}

// Finalize implements stepper. It removes what the steps kept.
func (a *accumulation) Finalize() {
	_ = a.store.DeleteVariablesInScope(scratch) // only stores that load their variables can fail
	for _, e := range []*model.Exec{a.forward, a.loss, a.backward, a.ascend, a.descend} {
		e.Finalize()
	}
}

// rowsOf copies the rows of a part of a batch, which lies view by view, as the part does: all views of every parts-th of
// its faces in a row.
func rowsOf[T any](whole []T, rows, views, parts, part int) []T {
	var out []T
	eachView(len(whole), rows, views, parts, part, func(from, to int) { out = append(out, whole[from:to]...) })
	return out
}

// setRows is the inverse of [rowsOf].
func setRows[T any](whole, part []T, rows, views, parts, i int) {
	eachView(len(whole), rows, views, parts, i, func(from, to int) { part = part[copy(whole[from:to], part):] })
}

// eachView calls f for the range that each view of a part has in a batch of so many values.
func eachView(values, rows, views, parts, part int, f func(from, to int)) {
	faces, width := rows/views, values/rows
	for view := range views {
		f((view*faces+part*faces/parts)*width, (view*faces+(part+1)*faces/parts)*width)
	}
}
