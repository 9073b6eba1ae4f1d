package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/safetensors"
)

// orderKey is the metadata of a saved state that lists its variables in the order of their creation, one a line.
const orderKey = "order"

// NotFiniteError tells which variables of a network hold a value that is no finite number.
type NotFiniteError struct{ Variables []string }

func (e *NotFiniteError) Error() string {
	return fmt.Sprintf("train: values that are not finite in %s", strings.Join(e.Variables, ", "))
}

// State returns all there is to a training run between two steps: every variable of store, which are the weights, the
// running averages, BatchNorm's and that of the network, and what the optimizer remembers. Batches, rates and draws are
// functions of the seed and the step. So a run that goes on from its state ends with the same bits as one that was never
// interrupted: on the pure Go backend, and as measured on XLA CPU too, within one process and across several. It fails
// with a [NotFiniteError], and gives the finite variables, when some are not.
func State(store *model.Store) (safetensors.File, error) {
	file := safetensors.File{Metadata: map[string]string{}, Tensors: map[string]safetensors.Tensor{}}
	var order, wrong []string
	for v := range store.IterVariables() {
		if strings.HasPrefix(v.Path(), scratch) {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return safetensors.File{}, fmt.Errorf("train: state of %s: %w", v.Path(), err)
		}
		data, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return safetensors.File{}, fmt.Errorf("train: state of %s: %w", v.Path(), err)
		}
		if slices.ContainsFunc(data, func(x float32) bool { return !finite(float64(x)) }) {
			wrong = append(wrong, v.Path())
			continue
		}
		order = append(order, v.Path())
		file.Tensors[v.Path()] = safetensors.Tensor{Shape: slices.Clone(v.Shape().Dimensions), Data: data}
	}
	file.Metadata[orderKey] = strings.Join(order, "\n")
	if wrong != nil {
		return file, &NotFiniteError{wrong}
	}
	return file, nil
}

// RestoreState gives an empty store the variables of a [State]. They are created in the order that they had, as sums over
// all variables go by it and so the last bits of a gradient's norm.
func RestoreState(store *model.Store, file safetensors.File) error {
	if store.NumVariables() > 0 {
		return errors.New("train: the state of a run needs an empty store")
	}
	order := strings.Split(file.Metadata[orderKey], "\n")
	if len(order) != len(file.Tensors) {
		return fmt.Errorf("train: the state names %d variables in order and holds %d", len(order), len(file.Tensors))
	}
	for _, path := range order {
		t, ok := file.Tensors[path]
		if !ok {
			return fmt.Errorf("train: the state names %q and lacks it", path)
		}
		if _, err := store.CreateVariable(path, tensors.FromFlatDataAndDimensions(t.Data, t.Shape...)); err != nil {
			return fmt.Errorf("train: %s: %w", path, err)
		}
	}
	return nil
}
