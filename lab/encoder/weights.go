package encoder

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/safetensors"
)

// Save returns the values of the variables under the paths, such as "/backbone" and "/head": what is learned and the
// running averages of BatchNorm. Tensors have the variables' absolute paths as names. It refuses a variable without a
// value, of another type than float32, or, naming it, with a value that is not finite.
func Save(store *model.Store, paths ...string) (safetensors.File, error) {
	file := safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for name, v := range variablesUnder(store, paths) {
		value, err := v.Value()
		if err != nil {
			return safetensors.File{}, fmt.Errorf("encoder: cannot save %s: %w", name, err)
		}
		data, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return safetensors.File{}, fmt.Errorf("encoder: cannot save %s: %w", name, err)
		}
		file.Tensors[name] = safetensors.Tensor{Shape: slices.Clone(v.Shape().Dimensions), Data: data}
	}
	if len(file.Tensors) == 0 {
		return safetensors.File{}, fmt.Errorf("encoder: there are no variables under %s to save; build the network first", strings.Join(paths, ", "))
	}
	if err := file.Check(); err != nil {
		return safetensors.File{}, fmt.Errorf("encoder: cannot save the network: %w", err)
	}
	return file, nil
}

// Restore gives the variables under the paths the values that [Save] took. If there are variables under the paths
// already, which is so once the network has been built, the file must hold exactly those, in their shapes; otherwise
// they are created. After an error nothing has changed.
func Restore(store *model.Store, file safetensors.File, paths ...string) error {
	if err := file.Check(); err != nil {
		return fmt.Errorf("encoder: cannot restore the network: %w", err)
	}
	var misfits misfits
	have := variablesUnder(store, paths)
	for name := range have {
		if _, ok := file.Tensors[name]; !ok {
			misfits.missing = append(misfits.missing, name)
		}
	}
	for name, t := range file.Tensors {
		v, ok := have[name]
		switch {
		case !under(name, paths), len(have) > 0 && !ok:
			misfits.leftOver = append(misfits.leftOver, name)
		case ok && !slices.Equal(t.Shape, v.Shape().Dimensions):
			misfits.shape(name, t.Shape, v.Shape().Dimensions)
		}
	}
	if err := misfits.err(); err != nil {
		return err
	}
	return assign(store, file.Tensors)
}

// variablesUnder are the variables whose paths begin with one of paths.
func variablesUnder(store *model.Store, paths []string) map[string]*model.Variable {
	found := map[string]*model.Variable{}
	for v := range store.IterVariables() {
		if under(v.Path(), paths) {
			found[v.Path()] = v
		}
	}
	return found
}

func under(name string, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return strings.HasPrefix(name, strings.TrimSuffix(path, "/")+"/")
	})
}

// assign gives the variables named by absolute paths their values and creates those that do not exist. The shapes of
// the others must be right.
func assign(store *model.Store, values map[string]safetensors.Tensor) error {
	// In one order always: sums over all variables go by that of their creation.
	for _, path := range slices.Sorted(maps.Keys(values)) {
		t := values[path]
		err := graphs.Try(func() error {
			value := tensors.FromFlatDataAndDimensions(t.Data, t.Shape...)
			if v := store.GetVariable(path); v != nil {
				return v.SetValue(value)
			}
			_, err := store.CreateVariable(path, value)
			return err
		})
		if err != nil {
			return fmt.Errorf("encoder: %s: %w", path, err)
		}
	}
	return nil
}

// misfits are the differences between the tensors of a file and the variables they are for.
type misfits struct{ missing, leftOver, shapes []string }

func (m *misfits) shape(name string, got, want []int) {
	m.shapes = append(m.shapes, fmt.Sprintf("%s is %v, want %v", name, got, want))
}

// err lists the differences, or is nil when there are none.
func (m *misfits) err() error {
	var parts []string
	for _, kind := range []struct {
		what  string
		names []string
	}{{"missing", m.missing}, {"left over", m.leftOver}, {"wrong shape", m.shapes}} {
		const shown = 8
		if n := len(kind.names); n > 0 {
			slices.Sort(kind.names)
			list := strings.Join(kind.names[:min(n, shown)], ", ")
			if n > shown {
				list += fmt.Sprintf(" and %d more", n-shown)
			}
			parts = append(parts, kind.what+": "+list)
		}
	}
	if parts == nil {
		return nil
	}
	return errors.New("encoder: the weights are not those of this network; " + strings.Join(parts, "; "))
}
