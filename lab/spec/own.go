package spec

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// ownTable holds the sub-table of a method where it is not the default one. It never changes: copies of a spec share it.
type ownTable struct {
	method string
	values any // of the type of MethodInfo.Table
}

// Own returns the sub-table of the spec that its method owns, of the type that the method registered.
func Own[T any](s Spec) (T, error) {
	own, ok := s.ownValues().(T)
	if !ok {
		var none T
		return none, fmt.Errorf("spec: method %q has no table of the type %T; want that of its MethodInfo.Table", s.Method, none)
	}
	return own, nil
}

// ownValues is a copy of the method's table, nil if it has none.
func (s Spec) ownValues() any {
	values := methods.named[s.Method].info.Table
	// A Go literal may have changed the method.
	if s.own != nil && s.own.method == s.Method {
		values = s.own.values
	}
	if values == nil {
		return nil
	}
	copied := reflect.New(reflect.TypeOf(values)).Elem()
	copied.Set(reflect.ValueOf(values))
	copySlices(copied)
	return copied.Interface()
}

// decodeOwn lays the keys of text that are of the method's table over it.
func (s *Spec) decodeOwn(text string) error {
	values := reflect.ValueOf(s.ownValues())
	document := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Own", Type: values.Type(), Tag: reflect.StructTag(`toml:"` + s.Method + `"`)},
	})).Elem()
	document.Field(0).Set(values)
	if _, err := toml.Decode(text, document.Addr().Interface()); err != nil {
		return err
	}
	copySlices(document)
	s.own = nil
	if changed := document.Field(0).Interface(); !reflect.DeepEqual(changed, s.ownValues()) {
		s.own = &ownTable{s.Method, changed}
	}
	return nil
}

// encodeOwn writes the method's table, as [Spec.TOML] writes sections.
func (s Spec) encodeOwn(b *bytes.Buffer) error {
	values := s.ownValues()
	if values == nil {
		return nil
	}
	b.WriteByte('\n')
	encoder := toml.NewEncoder(b)
	encoder.Indent = ""
	return encoder.Encode(map[string]any{s.Method: values})
}

// common are the sections and keys that the data, the trainer and every method read.
var common = []string{
	"name", "seed", "method", "data", "augment", "train", "score.name", "score.choose_on", "encoder.name", "encoder.size", "encoder.precision", "encoder.weights",
}

// Reads tells whether the method of s reads a key of [Keys], itself or through the loss that it chose.
func (s Spec) Reads(key string) bool {
	section, _, _ := strings.Cut(key, ".")
	has := func(list []string) bool { return slices.Contains(list, key) || slices.Contains(list, section) }
	method := methods.named[s.Method].info
	return has(common) || section == s.Method || has(method.Reads) ||
		slices.Contains(method.Reads, losses.key) && slices.Contains(losses.named[s.Loss.Name].info.Reads, key)
}

// sets tells whether a key has another value than in [Default].
func (s Spec) sets(key string) bool {
	return !reflect.DeepEqual(s.clone().value(key).Interface(), Default().value(key).Interface())
}

// unread refuses keys that somebody gave a value which changes nothing.
func (s Spec) unread(keys []string) error {
	for _, key := range keys {
		if s.Reads(key) || !s.sets(key) {
			continue
		}
		readers := "method " + s.Method + " does not read it"
		if slices.Contains(methods.named[s.Method].info.Reads, losses.key) && strings.HasPrefix(key, "loss.") {
			readers = fmt.Sprintf("neither method %s nor loss %s reads it", s.Method, s.Loss.Name)
		}
		return fmt.Errorf("%s = %s: %s, so it would change nothing; leave it out", key, plainly(s.value(key)), readers)
	}
	return nil
}
