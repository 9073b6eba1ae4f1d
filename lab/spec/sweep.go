package spec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Sweep is a set of experiments that differ in a few keys: cells. It is the product of its axes, with the listed points
// as one more axis, the outermost, if there are any. In TOML a sweep is an experiment with a section [sweep]; see
// [ParseSweep].
type Sweep struct {
	Name  string
	Base  Spec            // what the cells have in common
	Bases map[string]Spec // what "base=NAME" in a point stands for, in place of Base
	List  []Point
	Axes  []Axis // the last one varies fastest
	// FitDim raises encoder.dim to the least that the method needs (K − 1 for K prototypes) where the base has less; cells
	// that set encoder.dim themselves are left alone.
	FitDim bool
	// Table is the published table that the cells are set beside, by the name it has in results/paper.toml; "" for none.
	Table string

	given []string // keys that are set in all cells: one at least must read each
}

// Axis lists the points that a sweep goes through.
type Axis []Point

// Point is what a cell changes: assignments as [Spec.Set] takes them, or "base=NAME".
type Point []string

// Cell is one experiment of a sweep.
type Cell struct {
	Index int    // place in the sweep, from 0
	Label string // what differs from the other cells, for example "rows=3, cols=3"
	Spec  Spec
}

// maxCells bounds a product that nobody means.
const maxCells = 100_000

// baseKey is the key of a point that chooses the experiment to start from.
const baseKey = "base"

// Vary is the axis of one key. The values are of the key's own type: numbers, strings, or slices of them.
func Vary(key string, values ...any) Axis {
	axis := make(Axis, len(values))
	for i, value := range values {
		axis[i] = Point{key + "=" + literal(value)}
	}
	return axis
}

// Together is the axis on which the keys of several axes change at once, for example rows and columns of a grid. It is as
// long as the shortest.
func Together(axes ...Axis) Axis {
	var joint Axis
	for i := 0; ; i++ {
		var point Point
		for _, axis := range axes {
			if i >= len(axis) {
				return joint
			}
			point = append(point, axis[i]...)
		}
		if len(axes) == 0 {
			return nil
		}
		joint = append(joint, point)
	}
}

// Set changes a key in all cells, as [Spec.Set] does in one. A key that the sweep varies is refused.
func (w *Sweep) Set(assignment string) error {
	key, _ := split(assignment)
	for _, axis := range w.axes() {
		for _, point := range axis {
			for _, a := range point {
				if varied, _ := split(a); varied == key {
					return fmt.Errorf("spec: --set %s: sweep %s varies %s itself", assignment, w.Name, key)
				}
			}
		}
	}
	// Cells are checked when the sweep is expanded: a base alone need not be valid.
	changed := w.Base.clone()
	given, err := changed.assign(assignment)
	if err != nil {
		return fmt.Errorf("spec: --set %s: %w", assignment, err)
	}
	w.Base = changed
	bases := make(map[string]Spec, len(w.Bases))
	for name, base := range w.Bases {
		base = base.clone()
		if _, err := base.assign(assignment); err != nil {
			return fmt.Errorf("spec: --set %s: %w", assignment, err)
		}
		bases[name] = base
	}
	w.Bases = bases
	w.given = slices.Concat(w.given, given)
	return nil
}

// axes are all axes, the listed points among them.
func (w *Sweep) axes() []Axis {
	if len(w.List) == 0 {
		return w.Axes
	}
	return append([]Axis{w.List}, w.Axes...)
}

// Cells expands the sweep, always in the same order. The error names every cell that is not valid, and cells that are the
// same experiment.
func (w *Sweep) Cells() ([]Cell, error) {
	axes := w.axes()
	count := 1
	for i, axis := range axes {
		if len(axis) == 0 {
			return nil, fmt.Errorf("spec: sweep %s: axis %d of %d has no points", w.Name, i+1, len(axes))
		}
		if count *= len(axis); count > maxCells {
			return nil, fmt.Errorf("spec: sweep %s has more than %d cells: make it several", w.Name, maxCells)
		}
	}
	if err := w.disjoint(axes); err != nil {
		return nil, err
	}
	cells := make([]Cell, count)
	points := make([]Point, count)
	var errs []error
	for i := range cells {
		rest := i
		for j := len(axes) - 1; j >= 0; j-- {
			points[i] = slices.Concat(axes[j][rest%len(axes[j])], points[i])
			rest /= len(axes[j])
		}
		cells[i].Index = i
		var err error
		if cells[i].Spec, err = w.resolve(points[i]); err != nil {
			errs = append(errs, fmt.Errorf("cell %d (%s): %s", i, strings.Join(points[i], ", "),
				strings.ReplaceAll(err.Error(), "\n", "; ")))
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("spec: sweep %s: %w", w.Name, errors.Join(errs...))
	}
	for _, key := range w.given {
		if err := cells[0].Spec.unread([]string{key}); err != nil &&
			!slices.ContainsFunc(cells, func(c Cell) bool { return c.Spec.Reads(key) }) {
			return nil, fmt.Errorf("spec: sweep %s: %w", w.Name, err)
		}
	}
	label(cells, points)
	same := map[string]int{}
	for i, cell := range cells {
		hash := cell.Spec.Hash()
		if first, twice := same[hash]; twice {
			return nil, fmt.Errorf("spec: sweep %s: cells %d (%s) and %d (%s) are the same experiment",
				w.Name, first, strings.Join(points[first], ", "), i, strings.Join(points[i], ", "))
		}
		same[hash] = i
	}
	return cells, nil
}

// disjoint refuses a key in more than one axis, or twice in a point: one value would hide the other.
func (w *Sweep) disjoint(axes []Axis) error {
	owner := map[string]int{}
	for i, axis := range axes {
		for _, point := range axis {
			var seen []string
			for _, a := range point {
				key, _ := split(a)
				if at, known := owner[key]; known && at != i || slices.Contains(seen, key) {
					return fmt.Errorf("spec: sweep %s: %s is varied twice", w.Name, key)
				}
				owner[key] = i
				seen = append(seen, key)
			}
		}
	}
	return nil
}

// resolve makes the spec of a point.
func (w *Sweep) resolve(point Point) (Spec, error) {
	base := w.Base
	fit := w.FitDim
	for _, a := range point {
		key, value := split(a)
		if key == baseKey {
			named, ok := w.Bases[unquoted(value)]
			if !ok {
				return Spec{}, fmt.Errorf("base %s is none of the sweep's", value)
			}
			base = named
		}
		fit = fit && key != "encoder.dim"
	}
	s := base.clone()
	var given []string
	// The method first: it says which sub-table there is.
	for _, first := range []bool{true, false} {
		for _, a := range point {
			if key, _ := split(a); key == baseKey || (key == methods.key) != first {
				continue
			}
			keys, err := s.assign(a)
			if err != nil {
				return Spec{}, err
			}
			given = append(given, keys...)
		}
	}
	if dim := methods.named[s.Method].info.Dim; fit && dim != nil {
		s.Encoder.Dim = max(s.Encoder.Dim, dim(s))
	}
	return s, errors.Join(s.Validate(), s.unread(given))
}

// label says of each cell what differs.
func label(cells []Cell, points []Point) {
	keys := map[string]map[string]bool{} // key → its values
	uses := map[string]int{}             // key → cells that set it
	for i, point := range points {
		for _, a := range point {
			key, _ := split(a)
			if keys[key] == nil {
				keys[key] = map[string]bool{}
			}
			keys[key][shown(cells[i].Spec, a)] = true
			uses[key]++
		}
	}
	differs := func(key string) bool { return len(keys[key]) > 1 || uses[key] < len(cells) }
	shorts := map[string]int{}
	for key := range keys {
		if differs(key) {
			shorts[short(key)]++
		}
	}
	for i, point := range points {
		var parts []string
		for _, a := range point {
			key, _ := split(a)
			value := shown(cells[i].Spec, a)
			switch {
			case !differs(key):
			case key == baseKey:
				parts = append(parts, value)
			case shorts[short(key)] > 1:
				parts = append(parts, key+"="+value)
			default:
				parts = append(parts, short(key)+"="+value)
			}
		}
		cells[i].Label = strings.Join(parts, ", ")
		if len(parts) == 0 {
			cells[i].Label = cells[i].Spec.Name
		}
	}
}

// short is a key without its section, or the section of a name: "loss.lambda" is lambda, "loss.name" is loss.
func short(key string) string {
	if section, isName := strings.CutSuffix(key, ".name"); isName {
		return section
	}
	return last(key)
}

// shown is the value of an assignment as labels print it.
func shown(s Spec, assignment string) string {
	key, value := split(assignment)
	if key == baseKey {
		return unquoted(value)
	}
	return plainly(s.value(key))
}

func plainly(v reflect.Value) string {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return fmt.Sprint(v)
	}
	var parts []string
	for i := range v.Len() {
		parts = append(parts, plainly(v.Index(i)))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "+")
}

// value is what s has under a key of [Keys].
func (s Spec) value(key string) reflect.Value {
	v, names := reflect.ValueOf(s), strings.Split(key, ".")
	if own := s.ownValues(); own != nil && names[0] == s.Method {
		v, names = reflect.ValueOf(own), names[1:]
	}
	for _, name := range names {
		for field, value := range v.Fields() {
			if field.Tag.Get("toml") == name {
				v = value
				break
			}
		}
	}
	return v
}

// split takes an assignment apart.
func split(assignment string) (key, value string) {
	key, value, _ = strings.Cut(assignment, "=")
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

// Training is the part of s that the trained network depends on: name, test sets and score are those of [Default]. Runs
// whose Training has one hash have one network.
func (s Spec) Training() Spec {
	s.Name, s.Data.Test, s.Score = "", Default().Data.Test, Default().Score
	return s
}
