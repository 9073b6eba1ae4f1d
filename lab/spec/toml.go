package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
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
	key, value, found := strings.Cut(assignment, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !found || key == "" {
		return fmt.Errorf("spec: --set %q: want key=value, for example train.steps=500", assignment)
	}
	changed := *s
	err := changed.decode(key + " = " + value)
	if _, syntax := errors.AsType[toml.ParseError](err); syntax {
		err = changed.decode(fmt.Sprintf("%s = %q", key, value))
	}
	if err == nil {
		err = changed.Validate()
	}
	if err != nil {
		return fmt.Errorf("spec: --set %s: %w", assignment, err)
	}
	*s = changed
	return nil
}

// decode lays the keys of text over s.
func (s *Spec) decode(text string) error {
	meta, err := toml.Decode(text, s)
	if err != nil {
		return err
	}
	unknown := meta.Undecoded()
	if len(unknown) == 0 {
		return nil
	}
	return unknownKey(unknown[0].String())
}

func unknownKey(key string) error {
	nearest, distance := "", len(key)
	for _, known := range Keys() {
		d := levenshtein.ComputeDistance(key, known)
		// A right name in the wrong section is nearer than its letters say.
		if last(known) == last(key) {
			d = min(d, 1)
		}
		if d < distance {
			nearest, distance = known, d
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

// TOML prints the spec in full, defaults filled in; parsing the text gives the spec back.
func (s Spec) TOML() string {
	var b bytes.Buffer
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	if err := encoder.Encode(s); err != nil {
		// Every field of Spec is a TOML type, so this cannot depend on input.
		panic(err)
	}
	return b.String()
}

// Hash is the first 16 hexadecimal digits of the SHA-256 of the canonical text, the name left out: specs that compute
// the same thing share it.
func (s Spec) Hash() string {
	s.Name = ""
	sum := sha256.Sum256([]byte(s.TOML()))
	return hex.EncodeToString(sum[:8])
}
