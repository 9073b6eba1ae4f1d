package spec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Loader returns the experiment that a base key names.
type Loader func(name string) (Spec, error)

// ParseOn is [Parse] for text that may build on another experiment: the key base names it, and the other keys are laid
// over it. The name is not taken over.
func ParseOn(source string, text []byte, load Loader) (Spec, error) {
	doc, err := read(text)
	if err == nil && doc.Sweep != nil {
		err = errors.New("is a sweep: run it with seelab sweep")
	}
	var s Spec
	var given []string
	if err == nil {
		s, given, err = doc.over(doc.Base, load)
	}
	if err == nil {
		if doc.Base != "" && !doc.names {
			s.Name = ""
		}
		err = s.Validate()
	}
	// A text with all keys is one that was printed: nobody set them one by one.
	keys, _ := ownKeys("")
	if err == nil && slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(given, key) }) {
		err = s.unread(given)
	}
	if err != nil {
		return Spec{}, fmt.Errorf("spec: %s: %w", source, missing(string(text), err))
	}
	return s, nil
}

// ParseSweep reads a sweep: an experiment as [ParseOn] reads it, with a section [sweep].
//
//	base = "ablation-mini"       # optional: the experiment that the cells start from
//	train.steps = 300            # optional: any keys of a spec, in all cells
//
//	[sweep]
//	fit_dim = true               # see Sweep.FitDim
//	table = "cross-dataset"      # see Sweep.Table
//	axes = [                     # all combinations; keys in one pair of braces change together
//	    { discrepancy.rows = [2, 3], discrepancy.cols = [2, 3] },
//	    { seed = [1, 2, 3] },
//	]
//	cells = [                    # or, or in addition: listed points; their keys may differ
//	    { score.flip = true },
//	    { loss.lambda = 0.5, loss.warm_up = 0.5 },
//	    { base = "sbi-mini" },   # from another experiment
//	]
//
// Cells keep the name of the experiment that they start from, so that sweeps share those that are equal. An unknown key is
// an error that names the nearest one. The cells themselves are checked by [Sweep.Cells].
func ParseSweep(name, source string, text []byte, load Loader) (Sweep, error) {
	w, err := parseSweep(name, text, load)
	if err != nil {
		return Sweep{}, fmt.Errorf("spec: %s: %w", source, err)
	}
	return w, nil
}

func parseSweep(name string, text []byte, load Loader) (Sweep, error) {
	doc, err := read(text)
	if err != nil {
		return Sweep{}, err
	}
	base, given, err := doc.over(doc.Base, load)
	if err != nil {
		return Sweep{}, err
	}
	if doc.Sweep == nil {
		return Sweep{}, errors.New("has no section [sweep]: run it with seelab run")
	}
	w := Sweep{Name: name, Base: base, Bases: map[string]Spec{}, FitDim: doc.Sweep.FitDim, Table: doc.Sweep.Table, given: given}
	if w.Base.Name == "" {
		w.Base.Name = name
	}
	axes, err := tables("sweep.axes", doc.Sweep.Axes)
	if err != nil {
		return Sweep{}, err
	}
	for i, table := range axes {
		axis, err := axisOf(table)
		if err != nil {
			return Sweep{}, fmt.Errorf("sweep.axes, number %d: %w", i+1, err)
		}
		w.Axes = append(w.Axes, axis)
	}
	listed, err := tables("sweep.cells", doc.Sweep.Cells)
	if err != nil {
		return Sweep{}, err
	}
	for i, table := range listed {
		point, err := pointOf(table)
		if err != nil {
			return Sweep{}, fmt.Errorf("sweep.cells, number %d: %w", i+1, err)
		}
		w.List = append(w.List, point)
	}
	if len(w.Axes)+len(w.List) == 0 {
		return Sweep{}, errors.New("[sweep] has neither axes nor cells")
	}
	for _, axis := range w.axes() {
		for _, point := range axis {
			for _, a := range point {
				key, value := split(a)
				if key != baseKey {
					continue
				}
				base := unquoted(value)
				if w.Bases[base], _, err = doc.over(base, load); err != nil {
					return Sweep{}, err
				}
			}
		}
	}
	return w, nil
}

// document is the text of an experiment or a sweep, its own keys apart from those of a spec.
type document struct {
	Base  string `toml:"base"`
	Sweep *struct {
		FitDim bool   `toml:"fit_dim"`
		Table  string `toml:"table"`
		Axes   any    `toml:"axes"`
		Cells  any    `toml:"cells"`
	} `toml:"sweep"`

	text  string
	names bool // has a key name
}

var sweepKeys = []string{"sweep", "sweep.fit_dim", "sweep.table", "sweep.axes", "sweep.cells"}

func read(text []byte) (document, error) {
	doc := document{text: string(text)}
	meta, err := toml.Decode(doc.text, &doc)
	if err != nil {
		return document{}, err
	}
	for _, key := range meta.Keys() {
		switch {
		case key[0] == "sweep":
			// What lies deeper is checked as keys of a spec.
			if found := toml.Key(key[:min(2, len(key))]).String(); !slices.Contains(sweepKeys, found) {
				return document{}, unknownKey(found, sweepKeys)
			}
		case key.String() == "name":
			doc.names = true
		}
	}
	return doc, nil
}

// over lays the document's keys, which it returns too, over the experiment called base, or over the defaults.
func (d document) over(base string, load Loader) (s Spec, given []string, err error) {
	s = Default()
	if base != "" {
		if load == nil {
			return Spec{}, nil, fmt.Errorf("base = %q: there are no experiments to build on here", base)
		}
		if s, err = load(base); err != nil {
			return Spec{}, nil, err
		}
		s = s.clone()
	}
	given, err = s.decode(d.text, baseKey, "sweep")
	return s, given, err
}

// tables demands an array of tables, inline or not. The decoder would take numbers for empty ones.
func tables(key string, value any) ([]map[string]any, error) {
	switch list := value.(type) {
	case nil:
		return nil, nil
	case []map[string]any:
		return list, nil
	case []any:
		all := make([]map[string]any, len(list))
		for i, entry := range list {
			var ok bool
			if all[i], ok = entry.(map[string]any); !ok {
				return nil, fmt.Errorf("%s, number %d = %v: want { key = … }", key, i+1, entry)
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("%s = %v: want a list of { key = … }", key, value)
}

// axisOf reads { key = [values], … }: keys that change together.
func axisOf(table map[string]any) (Axis, error) {
	var columns []Axis
	err := eachKey(table, func(key string, value any) error {
		values, isList := value.([]any)
		if !isList || len(values) == 0 {
			return fmt.Errorf("%s = %v: want a list of values", key, value)
		}
		if len(columns) > 0 && len(values) != len(columns[0]) {
			return fmt.Errorf("%s has %d values and the keys before it %d: want as many, as they change together",
				key, len(values), len(columns[0]))
		}
		columns = append(columns, Vary(key, values...))
		return nil
	})
	return Together(columns...), err
}

// pointOf reads { key = value, … }.
func pointOf(table map[string]any) (Point, error) {
	point := Point{}
	err := eachKey(table, func(key string, value any) error {
		point = append(point, key+"="+literal(value))
		return nil
	})
	return point, err
}

// eachKey calls f for the keys of a spec in a table, whether they are nested or dotted, in the order of [Keys].
func eachKey(table map[string]any, f func(key string, value any) error) error {
	flat := map[string]any{}
	var flatten func(prefix string, table map[string]any)
	flatten = func(prefix string, table map[string]any) {
		for name, value := range table {
			if inner, nested := value.(map[string]any); nested {
				flatten(prefix+name+".", inner)
				continue
			}
			flat[prefix+name] = value
		}
	}
	flatten("", table)
	// The name does not change an experiment, so it tells no cells apart.
	known := append([]string{baseKey}, slices.DeleteFunc(Keys(), func(key string) bool { return key == "name" })...)
	for _, key := range known {
		if value, ok := flat[key]; ok {
			delete(flat, key)
			if err := f(key, value); err != nil {
				return err
			}
		}
	}
	unknown := ""
	for key := range flat {
		if unknown == "" || key < unknown {
			unknown = key
		}
	}
	if unknown != "" {
		return unknownKey(unknown, known)
	}
	return nil
}

// literal prints a value as TOML.
func literal(value any) string {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Slice, reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = literal(v.Index(i).Interface())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// unquoted is a string of TOML, or bare text.
func unquoted(value string) string {
	if text, err := strconv.Unquote(value); err == nil {
		return text
	}
	return value
}

// IsSweep tells whether text that [ParseSweep] or [ParseOn] reads has a section [sweep].
func IsSweep(text []byte) bool {
	doc, err := read(text)
	return err == nil && doc.Sweep != nil
}
