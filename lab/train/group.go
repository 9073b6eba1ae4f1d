package train

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
)

// groups are the parts of a network that are trained otherwise than the rest.
type groups []method.Group

func groupsOf(m method.Method) groups {
	if g, ok := method.As[method.Grouper](m); ok {
		return g.Groups()
	}
	return nil
}

// prepare has the BatchNorm of those groups that say so keep its running averages.
func (all groups) prepare(store *model.Store) {
	for _, g := range all {
		if g.Norm {
			encoder.FreezeNorm(store.Scope(network + "/" + strings.TrimSuffix(g.Prefix, "/")))
		}
	}
}

// of is the group of a variable, nil if it is trained as the spec says.
func (all groups) of(v *model.Variable) *method.Group {
	path := strings.TrimPrefix(v.Path(), network+"/")
	for i, g := range all {
		if strings.HasPrefix(path, g.Prefix) {
			return &all[i]
		}
	}
	return nil
}

// rate is the learning rate of a variable.
func (all groups) rate(v *model.Variable, rate *Node) *Node {
	if g := all.of(v); g != nil && g.Rate != 1 {
		return MulScalar(rate, g.Rate)
	}
	return rate
}

// thaw is the value that a step gives to a variable, or what it was before while its group is frozen.
func (all groups) thaw(v *model.Variable, before, after, share *Node) *Node {
	g := all.of(v)
	switch {
	case g == nil || g.Frozen == 0:
		return after
	case g.Frozen >= 1:
		return before
	}
	return Where(LessThan(share, Scalar(share.Graph(), share.DType(), g.Frozen)), before, after)
}
