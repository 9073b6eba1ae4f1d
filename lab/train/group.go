package train

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// groups are the parts of a network that are trained otherwise than the rest.
type groups []method.Group

func groupsOf(m method.Method) (groups, error) {
	grouper, ok := method.As[method.Grouper](m)
	if !ok {
		return nil, nil
	}
	all := groups(grouper.Groups())
	for _, g := range all {
		switch {
		case !(g.Frozen >= 0):
			return nil, fmt.Errorf("train: group %q is frozen for %v of the training: want 0 to 1", g.Prefix, g.Frozen)
		case g.Frozen < 1 && !(g.Rate > 0 && finite(g.Rate)):
			return nil, fmt.Errorf("train: group %q has %v times the learning rate: want a factor above 0, or Frozen 1", g.Prefix, g.Rate)
		case g.Norm && g.Prefix != "" && !strings.HasSuffix(g.Prefix, "/"):
			return nil, fmt.Errorf(`train: group %q with Norm: want a prefix that ends in "/", or "" for the whole network`, g.Prefix)
		}
	}
	return all, nil
}

// prepare has the BatchNorm of those groups that say so keep its running averages.
func (all groups) prepare(store *model.Store) {
	if !slices.ContainsFunc(all, func(g method.Group) bool { return g.Norm }) {
		return
	}
	for _, g := range all {
		if scope, ok := strings.CutSuffix("/"+g.Prefix, "/"); ok {
			encoder.FreezeNorm(store.Scope(network+scope), all.of(g.Prefix).Norm) // of an earlier group, if that covers it
		}
	}
}

// check tells a group that no variable fits.
func (all groups) check(store *model.Store) error {
	paths := networkPaths(store)
	for _, g := range all {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, g.Prefix) }) {
			return fmt.Errorf("train: the method has a group %q: its network has %s", g.Prefix, strings.Join(paths, ", "))
		}
	}
	return nil
}

// of is the group of a variable by its path in the network, nil if it is trained as the spec says.
func (all groups) of(path string) *method.Group {
	for i, g := range all {
		if strings.HasPrefix(path, g.Prefix) {
			return &all[i]
		}
	}
	return nil
}

func (all groups) ofVariable(v *model.Variable) *method.Group {
	return all.of(strings.TrimPrefix(v.Path(), network+"/"))
}

// rate is the learning rate of a variable.
func (all groups) rate(v *model.Variable, rate *Node) *Node {
	if g := all.ofVariable(v); g != nil && g.Rate != 1 {
		return MulScalar(rate, g.Rate)
	}
	return rate
}

// never tells whether a variable stays as it is for all of the training.
func (all groups) never(v *model.Variable) bool {
	g := all.ofVariable(v)
	return g != nil && g.Frozen >= 1
}

// thawed is after, or before while the group of a variable is frozen.
func (all groups) thawed(v *model.Variable, before, after, share *Node) *Node {
	g := all.ofVariable(v)
	if g == nil || g.Frozen == 0 {
		return after
	}
	return Where(LessThan(share, Scalar(share.Graph(), share.DType(), g.Frozen)), before, after)
}

// steps is how many of so many steps a variable was moved in: those after its group thawed, at least 1.
func (all groups) steps(v *model.Variable, t spec.Train, steps *Node) *Node {
	g := all.ofVariable(v)
	if g == nil || g.Frozen == 0 {
		return steps
	}
	frozen := sort.Search(t.Steps, func(step int) bool { return share(t, step) >= g.Frozen })
	return MaxScalar(AddScalar(steps, -float64(frozen)), 1)
}
