package train

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// Where the network lies in a store, and its running average, which has the same paths below its own.
const network, averaged = "/net", "/average"

// follow moves the averaged network towards the network as g leaves it. The first steps have equal weights, until one
// weighs 1 − decay, so that the average need not forget the start of training.
//
// Everything in the network is averaged, the statistics of BatchNorm too: at a momentum of .9 they are those of the weights
// of the last ten steps, so their average belongs to the average of the weights about as well, and costs no pass over
// the data, which recomputing them would at every validation.
func follow(store *model.Store, decay float64, g *Graph) {
	steps := scalar(store, averaged+"/steps")
	count := OnePlus(steps.NodeValue(g))
	steps.SetNodeValue(count)
	share := MaxScalar(Reciprocal(count), 1-decay)
	for _, v := range slices.Collect(store.Scope(network).IterVariables()) {
		average := store.VariableWithShape(averaged+v.Path(), v.Shape(), initializer.Zero).SetTrainable(false)
		value := average.NodeValue(g)
		average.SetNodeValue(Add(value, Mul(share, Sub(v.NodeValue(g), value))))
	}
}

// validated is the scope of the network that counts: the averaged one where there is one.
func validated(store *model.Store) *model.Scope {
	if store.GetVariable(averaged+"/steps") != nil {
		return store.Scope(averaged + network)
	}
	return store.Scope(network)
}

// settle ends a training: the averaged network, if there is one, takes the place of the network.
func settle(store *model.Store) error {
	for v := range store.Scope(averaged + network).IterVariables() {
		value, err := v.Value()
		var data []float32
		if err == nil {
			data, err = tensors.CopyFlatData[float32](value)
		}
		if err == nil {
			net := store.GetVariable(strings.TrimPrefix(v.Path(), averaged))
			err = net.SetValue(tensors.FromFlatDataAndDimensions(data, v.Shape().Dimensions...))
		}
		if err != nil {
			return fmt.Errorf("train: average of %s: %w", v.Path(), err)
		}
	}
	return store.DeleteVariablesInScope(averaged)
}
