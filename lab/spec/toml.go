package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/agnivade/levenshtein"
)

// Parse reads a spec from TOML; keys that are left out keep the values of [Default]. source names the text in errors.
func Parse(source string, text []byte) (Spec, error) {
	s := Default()
	if err := s.decode(string(text)); err != nil {
		return Spec{}, fmt.Errorf("spec: %s: %w", source, err)
	}
	if err := s.Validate(); err != nil {
		return Spec{}, fmt.Errorf("spec: %s: %w", source, err)
	}
	return s, nil
}

// ParseFile reads a spec from a TOML file.
func ParseFile(path string) (Spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Spec{}, fmt.Errorf("spec: %w; give the name of an experiment or the path of a .toml file", err)
	}
	return Parse(path, text)
}

// Set changes one key, given as "section.key=value"; the value is TOML, and text without quotes is taken as a string.
func (s *Spec) Set(assignment string) error {
	changed := s.clone()
	err := changed.assign(assignment)
	if err == nil {
		err = changed.Validate()
	}
	if err != nil {
		return fmt.Errorf("spec: --set %s: %w", assignment, err)
	}
	*s = changed
	return nil
}

// assign is Set without validation: of several keys that change together, only the last leaves a valid spec. The slices
// of s must be its own.
func (s *Spec) assign(assignment string) error {
	key, value, found := strings.Cut(assignment, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !found || key == "" {
		return errors.New("want key=value, for example train.steps=500")
	}
	err := s.decode(key + " = " + value)
	if err != nil {
		quoted := s.decode(fmt.Sprintf("%s = %q", key, value))
		if _, syntax := errors.AsType[toml.ParseError](err); syntax || quoted == nil {
			err = quoted
		}
	}
	return err
}

// clone copies the slices too, which decoding would else overwrite in every copy of the spec. None of them is nil.
func (s Spec) clone() Spec {
	copySlices(reflect.ValueOf(&s).Elem())
	return s
}

func copySlices(v reflect.Value) {
	for _, field := range v.Fields() {
		switch field.Kind() {
		case reflect.Struct:
			copySlices(field)
		case reflect.Slice:
			copied := reflect.MakeSlice(field.Type(), field.Len(), field.Len())
			reflect.Copy(copied, field)
			field.Set(copied)
		}
	}
}

// decode lays the keys of text over s. Keys and sections that are not of a spec are errors, except those named in others.
func (s *Spec) decode(text string, others ...string) error {
	meta, err := toml.Decode(text, s)
	if err != nil {
		return err
	}
	known := slices.Concat(Keys(), sections(), others)
	for _, key := range meta.Keys() {
		if slices.Contains(others, key[0]) {
			continue
		}
		// Not meta.Undecoded: the decoder takes keys in any case, and of "seed" and "Seed" either.
		if !slices.Contains(known, key.String()) {
			return unknownKey(key.String(), known)
		}
	}
	return nil
}

func unknownKey(key string, known []string) error {
	nearest, distance := "", len(key)
	for _, k := range known {
		d := levenshtein.ComputeDistance(key, k)
		// A right name in the wrong section is nearer than its letters say.
		if last(k) == last(key) {
			d = min(d, 1)
		}
		if d < distance {
			nearest, distance = k, d
		}
	}
	if nearest == "" || distance > len(key)/2+1 {
		return fmt.Errorf("unknown key %q; seelab spec lists the keys", key)
	}
	return fmt.Errorf("unknown key %q; did you mean %q?", key, nearest)
}

func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// Keys lists every key of a spec in file order, for example "encoder.size".
func Keys() []string {
	var keys []string
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for i := range t.NumField() {
			field := t.Field(i)
			name := prefix + field.Tag.Get("toml")
			if field.Type.Kind() == reflect.Struct {
				walk(name+".", field.Type)
				continue
			}
			keys = append(keys, name)
		}
	}
	walk("", reflect.TypeFor[Spec]())
	return keys
}

// sections lists the tables of a spec.
func sections() []string {
	var names []string
	for field := range reflect.TypeFor[Spec]().Fields() {
		if field.Type.Kind() == reflect.Struct {
			names = append(names, field.Tag.Get("toml"))
		}
	}
	return names
}

// TOML prints the spec in full, defaults filled in; parsing the text gives the spec back.
func (s Spec) TOML() string {
	var b bytes.Buffer
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	// A clone has no nil slices, which the encoder would leave out and parsing then fill with the defaults.
	if err := encoder.Encode(s.clone()); err != nil {
		// Every field of Spec is a TOML type, so this cannot depend on input.
		panic(err)
	}
	return b.String()
}

// Hash is the first 16 hexadecimal digits of the SHA-256 of the canonical text, the name left out: specs that compute
// the same thing share it.
func (s Spec) Hash() string {
	s.Name = ""
	sum := sha256.Sum256([]byte(s.canonical()))
	return hex.EncodeToString(sum[:8])
}

// later are the keys that came after the first runs were stored. Where they have the values of [Default] they are left out
// of the canonical text, so that specs without them keep their hash.
var later = []string{"train.sam", "train.ema", "train.accumulate", "train.checkpoint", "score.variants", "encoder.precision",
	"data.landmarks", "data.fakes"}

func (s Spec) canonical() string {
	var text strings.Builder
	section, standard := "", Default()
	for line := range strings.Lines(s.TOML()) {
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(strings.TrimSpace(name), "]") + "."
		}
		name, _, _ := strings.Cut(line, " = ")
		if key := section + name; slices.Contains(later, key) && s.value(key).Equal(standard.value(key)) {
			continue
		}
		text.WriteString(line)
	}
	return text.String()
}
