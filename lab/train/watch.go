package train

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/seeable-lab/seeable/lab/method"
)

// watchedScope is where the values that samples may read lie in a store, by the step that left them modulo the lag, so that
// checkpoints hold them.
const watchedScope = "/watched"

// watcher hands the values that variables had some steps ago to those who make samples. nil watches nothing.
type watcher struct {
	store *model.Store
	paths []string
	lag   int

	mu     sync.Mutex
	left   chan struct{} // closed and replaced at each step that is left
	done   int           // steps done
	values map[int]method.Vars
}

// newWatcher takes up the values that a checkpoint brought into the store, after so many steps.
func newWatcher(store *model.Store, m method.Method, done int) (*watcher, error) {
	asked, ok := method.As[method.Watcher](m)
	if !ok {
		return nil, nil
	}
	w := &watcher{store: store, done: done, left: make(chan struct{}), values: map[int]method.Vars{}}
	if w.paths, w.lag = asked.Watch(); w.lag < 1 {
		return nil, fmt.Errorf("train: samples that read variables as they were %d steps before: want at least 1", w.lag)
	}
	for step := max(0, done-w.lag); step < done; step++ {
		vars := method.Vars{}
		for _, path := range w.paths {
			v := store.GetVariable(w.slot(step, path))
			if v == nil {
				return nil, fmt.Errorf("train: the checkpoint lacks %s, which samples read", w.slot(step, path))
			}
			value, err := read(v)
			if err != nil {
				return nil, err
			}
			vars[path] = value
		}
		w.values[step] = vars
	}
	return w, nil
}

func (w *watcher) slot(step int, path string) string {
	return fmt.Sprintf("%s/%d/%s", watchedScope, step%w.lag, path)
}

// before are the values that the samples of a step read, nil in the first steps. It waits for the step that leaves them.
func (w *watcher) before(ctx context.Context, step int) (method.Vars, error) {
	if w == nil || step < w.lag {
		return nil, nil
	}
	for {
		w.mu.Lock()
		vars, left, done := w.values[step-w.lag], w.left, w.done
		w.mu.Unlock()
		if vars != nil {
			return vars, nil
		}
		if done > step-w.lag {
			return nil, fmt.Errorf("train: the values after step %d are gone at step %d", step-w.lag+1, done)
		}
		select {
		case <-left:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// after takes the values that a step left.
func (w *watcher) after(step int) error {
	if w == nil {
		return nil
	}
	vars := method.Vars{}
	for _, path := range w.paths {
		v := w.store.GetVariable(network + "/" + path)
		if v == nil {
			return fmt.Errorf("train: the method's samples read %q: its network has %s", path, strings.Join(networkPaths(w.store), ", "))
		}
		value, err := read(v)
		if err != nil {
			return err
		}
		vars[path] = value
		kept := w.store.VariableWithShape(w.slot(step, path), v.Shape(), initializer.Zero).SetTrainable(false)
		if err := kept.SetValue(tensors.FromFlatDataAndDimensions(slices.Clone(value), v.Shape().Dimensions...)); err != nil {
			return fmt.Errorf("train: %s: %w", kept.Path(), err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values[step], w.done = vars, step+1
	maps.DeleteFunc(w.values, func(at int, _ method.Vars) bool { return at < w.done-w.lag })
	close(w.left)
	w.left = make(chan struct{})
	return nil
}

// networkPaths are the paths that the variables of a network have in it, in alphabetical order.
func networkPaths(store *model.Store) (paths []string) {
	for v := range store.Scope(network).IterVariables() {
		paths = append(paths, strings.TrimPrefix(v.Path(), network+"/"))
	}
	slices.Sort(paths)
	return paths
}

// read is the value of a variable.
func read(v *model.Variable) ([]float32, error) {
	value, err := v.Value()
	var data []float32
	if err == nil {
		data, err = tensors.CopyFlatData[float32](value)
	}
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", v.Path(), err)
	}
	return data, nil
}
