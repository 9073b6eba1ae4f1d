package train

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
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
	parts, views int
	sam          bool
	store        *model.Store

	embed    *model.Exec // images, step → embeddings
	loss     *Exec       // embeddings, labels, warm-up → loss, hits, gradient by the embeddings
	backward *model.Exec // images, step, gradient by the embeddings, is it the first of its pass, of its step → their product
	ascend   *model.Exec // → gradient norm; moves the variables to where SAM takes its gradient
	descend  *model.Exec // loss, norm of SAM's first gradient, rate → gradient norm
}

func newAccumulation(backend compute.Backend, store *model.Store, s spec.Spec, m method.Method) (*accumulation, error) {
	a := &accumulation{parts: s.Train.Accumulate, views: s.Train.Views, sam: s.Train.SAM > 0, store: store}
	var err error
	exec := func(build func(inputs []*Node) *Node) *model.Exec {
		if err != nil {
			return nil
		}
		var e *model.Exec
		e, err = model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) *Node { return build(inputs) })
		return e
	}
	a.embed = exec(func(inputs []*Node) *Node {
		g := inputs[0].Graph()
		begin(store, s.Train, inputs[1])
		z := m.Embeddings(store.Scope(network), inputs[0])
		for v := range store.IterVariables() {
			if v.ChangedInGraph(g) {
				v.SetNodeValue(parameter(g, v)) // the running averages: backward updates them
			}
		}
		return z
	})
	a.backward = exec(func(inputs []*Node) *Node {
		return backward(store, s.Train, m, inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
	})
	a.ascend = exec(func(inputs []*Node) *Node { return ascend(store, s.Train.SAM, inputs[0].Graph()) })
	a.descend = exec(func(inputs []*Node) *Node { return land(store, s.Train, inputs[0], inputs[1], inputs[2]) })
	if err == nil {
		a.loss, err = NewExec(backend, func(z, labels, warmUp *Node) []*Node {
			loss, hits := m.Loss(z, labels, warmUp)
			return []*Node{loss, hits, Gradient(loss, z)[0]}
		})
	}
	return a, err
}

// backward adds the gradient of a part to the sums, with each embedding weighted by the loss' gradient by it.
func backward(store *model.Store, t spec.Train, m method.Method, images, step, weights, first, opening *Node) *Node {
	g := images.Graph()
	begin(store, t, step)
	product := ReduceAllSum(Mul(m.Embeddings(store.Scope(network), images), weights))
	for _, v := range changed(store, g) {
		before := keep(store, original, v)
		before.SetNodeValue(Where(opening, parameter(g, v), before.NodeValue(g)))
	}
	variables := trainable(store, g)
	for i, gradient := range Gradient(product, nodeValues(g, variables)...) {
		sum := keep(store, sums, variables[i])
		value := sum.NodeValue(g)
		sum.SetNodeValue(Add(gradient, Where(first, ZerosLike(value), value)))
	}
	return product
}

// ascend is the first half of [sharpness] on the sums.
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

// land is the rest of [update] on the sums.
func land(store *model.Store, t spec.Train, loss, firstNorm, rate *Node) *Node {
	g := loss.Graph()
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
	descend(store, t, variables, gradients, norm, rate)
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
func (a *accumulation) run(b batch, rate, warmUp float64) (outcome, error) {
	o, err := a.pass(b, warmUp, true)
	if err != nil {
		return outcome{}, err
	}
	norm := float32(0)
	if a.sam {
		if norm, err = number(a.ascend, float32(0)); err != nil {
			return outcome{}, err
		}
		if _, err := a.pass(b, warmUp, false); err != nil {
			return outcome{}, err
		}
	}
	norm, err = number(a.descend, float32(o.loss), norm, float32(rate))
	o.gradient = float64(norm)
	return o, err
}

// pass sums up the gradients of a batch.
func (a *accumulation) pass(b batch, warmUp float64, opening bool) (outcome, error) {
	var z []float32
	width := 0
	images := make([]*tensors.Tensor, a.parts)
	for i := range images {
		pixels := rowsOf(b.images, len(b.labels), a.views, a.parts, i)
		images[i] = tensors.FromFlatDataAndDimensions(pixels, len(b.labels)/a.parts, b.size, b.size, 3)
		defer release(images[i])
		out, err := first(a.embed, images[i], a.step(b, i))
		if err != nil {
			return outcome{}, err
		}
		part, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			return outcome{}, err
		}
		if z == nil {
			width = out.Shape().Dimensions[1]
			z = make([]float32, len(b.labels)*width)
		}
		setRows(z, part, len(b.labels), a.views, a.parts, i)
	}
	out, err := a.loss.Call(tensors.FromFlatDataAndDimensions(z, len(b.labels), width),
		tensors.FromFlatDataAndDimensions(b.labels, len(b.labels)), float32(warmUp))
	if err != nil {
		return outcome{}, err
	}
	o := outcome{
		loss:     float64(tensors.ToScalar[float32](out[0])),
		accuracy: float64(tensors.ToScalar[float32](out[1])) / float64(len(b.labels)),
	}
	slope, err := tensors.CopyFlatData[float32](out[2])
	if err != nil {
		return outcome{}, err
	}
	for i := range images {
		weights := tensors.FromFlatDataAndDimensions(rowsOf(slope, len(b.labels), a.views, a.parts, i), len(b.labels)/a.parts, width)
		if _, err := first(a.backward, images[i], a.step(b, i), weights, i == 0, opening && i == 0); err != nil {
			return outcome{}, err
		}
	}
	return o, nil
}

// step is the number by which a part of a batch drops paths, the same in both of its ways through the network.
func (a *accumulation) step(b batch, part int) int32 { return int32(b.step*a.parts + part) }

func first(e *model.Exec, inputs ...any) (*tensors.Tensor, error) {
	out, err := e.Exec(inputs...)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func number(e *model.Exec, inputs ...any) (float32, error) {
	out, err := first(e, inputs...)
	if err != nil {
		return 0, err
	}
	return tensors.ToScalar[float32](out), nil
}

// Finalize implements stepper. It removes what the steps kept.
func (a *accumulation) Finalize() {
	_ = a.store.DeleteVariablesInScope(scratch) // only stores that load their variables can fail
	a.loss.Finalize()
	for _, e := range []*model.Exec{a.embed, a.backward, a.ascend, a.descend} {
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
