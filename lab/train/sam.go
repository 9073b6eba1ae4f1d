package train

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// sharpness returns the gradient of sharpness-aware minimisation (Foret et al. 2021) and its norm: that at the point of the
// ball of radius train.sam around the variables where the loss, whose gradient here is given, is largest to first order.
// The norm is the given one where that is not finite.
//
// The variables stay where they are, and the running averages of BatchNorm are those of the first pass alone. SBI's code
// updates them in both passes, though it has the functions that would not; averages at weights that are never kept serve
// nobody.
func (o optimizer) sharpness(store *model.Store, variables []*model.Variable, gradients []*Node, norm, share *Node,
	build func() objective) (moved []*Node, movedNorm *Node) {
	g := norm.Graph()
	kept := map[*model.Variable]*Node{}
	for v := range store.IterVariables() {
		if v.ChangedInGraph(g) {
			kept[v] = v.NodeValue(g)
		}
	}
	factor := ascent(o.train.SAM, norm)
	for i, v := range variables {
		kept[v] = v.NodeValue(g)
		v.SetNodeValue(Add(v.NodeValue(g), Mul(factor, gradients[i])))
	}
	moved = o.gradients(build().loss, variables, share)
	for v, value := range kept {
		v.SetNodeValue(value)
	}
	return moved, Where(IsFinite(norm), globalNorm(g, moved), norm)
}

// ascent is the factor that gives a gradient of this norm the length rho.
func ascent(rho float64, norm *Node) *Node { return MulScalar(Reciprocal(AddScalar(norm, 1e-12)), rho) }
