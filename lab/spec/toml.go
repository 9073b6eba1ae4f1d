package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/agnivade/levenshtein"
)

// Parse reads a spec from TOML; keys that are left out keep the values of [Default]. source names the text in errors. A key
// that the method does not read is refused, unless its value is the default or the text gives all keys, as that of [Spec.TOML]
// does.
func Parse(source string, text []byte) (Spec, error) { return ParseOn(source, text, nil) }

// ParseStored reads the text of [Spec.Stored] or of an older version's [Spec.TOML]. Keys that the method does not read may have
// any value. The error for a method that is not linked names what to import.
func ParseStored(source string, text []byte) (Spec, error) {
	s := Default()
	_, err := s.decode(string(text))
	if err == nil {
		err = s.Validate()
	}
	if err == nil {
		return s, nil
	}
	return Spec{}, fmt.Errorf("spec: %s: %w", source, missing(string(text), err))
}

// importMark begins the lines at the head of a stored spec.
const importMark = "# import _ "

// Stored is the text of [Spec.TOML] below comments that say which packages registered the method, and an encoder and a loss from
// outside of the lab. What reads a spec names them where they are not linked, so a text written by hand may begin so, too.
func (s Spec) Stored() string {
	text := ""
	add := func(from, what string) {
		if from != "" && from != "main" {
			text += fmt.Sprintf("%s%q, which registers %s\n", importMark, from, what)
		}
	}
	add(methods.named[s.Method].from, "it")
	if from := encoders.named[s.Encoder.Name].from; !strings.HasPrefix(from, module) {
		add(from, fmt.Sprintf("encoder %q", s.Encoder.Name))
	}
	if from := losses.named[s.Loss.Name].from; !strings.HasPrefix(from, module) && s.Reads("loss.name") {
		add(from, fmt.Sprintf("loss %q", s.Loss.Name))
	}
	return text + s.TOML()
}

// missing is the error that names the imports at the head of text for what it names and is not linked, or else err.
func missing(text string, err error) error {
	var head struct {
		Method        string
		Encoder, Loss struct{ Name string }
	}
	if _, syntax := toml.Decode(text, &head); syntax != nil {
		return err
	}
	var found []error
	for line := range strings.Lines(text) {
		needed, marked := strings.CutPrefix(line, importMark)
		if !marked {
			break
		}
		needed = "import _ " + strings.TrimSpace(needed)
		switch {
		case strings.HasSuffix(needed, fmt.Sprintf("encoder %q", head.Encoder.Name)):
			if encoders.named[head.Encoder.Name].from == "" {
				found = append(found, fmt.Errorf("%s = %q is not linked; %s", encoders.key, head.Encoder.Name, needed))
			}
		case strings.HasSuffix(needed, fmt.Sprintf("loss %q", head.Loss.Name)):
			if losses.named[head.Loss.Name].from == "" {
				found = append(found, fmt.Errorf("%s = %q is not linked; %s", losses.key, head.Loss.Name, needed))
			}
		case head.Method != "" && methods.named[head.Method].from == "":
			found = append(found, fmt.Errorf("%s = %q is not linked; %s", methods.key, head.Method, needed))
		}
	}
	if found == nil {
		return err
	}
	return errors.Join(found...)
}

// Set changes one key, given as "section.key=value"; the value is TOML, and text without quotes is taken as a string. A key
// that the method does not read is refused. Another method has its own sub-table as it is by default.
func (s *Spec) Set(assignment string) error {
	changed := s.clone()
	given, err := changed.assign(assignment)
	if err == nil {
		err = errors.Join(changed.Validate(), changed.unread(given))
	}
	if err != nil {
		return fmt.Errorf("spec: --set %s: %w", assignment, err)
	}
	*s = changed
	return nil
}

// assign is Set without validation: of several keys that change together, only the last leaves a valid spec. The slices
// of s must be its own. It returns the keys that it set.
func (s *Spec) assign(assignment string) ([]string, error) {
	key, value, found := strings.Cut(assignment, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !found || key == "" {
		return nil, errors.New("want key=value, for example train.steps=500")
	}
	given, err := s.decode(key + " = " + value)
	if err != nil {
		again, quoted := s.decode(fmt.Sprintf("%s = %q", key, value))
		if _, syntax := errors.AsType[toml.ParseError](err); syntax || quoted == nil {
			given, err = again, quoted
		}
	}
	return given, err
}

// clone copies the slices too, which decoding would else overwrite in every copy of the spec. None of them is nil. What own
// points to never changes.
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

// decode lays the keys of text over s and returns them. Keys and sections that are not of a spec are errors, except those
// named in others.
func (s *Spec) decode(text string, others ...string) (given []string, err error) {
	meta, err := toml.Decode(text, s)
	if err != nil {
		return nil, err
	}
	if s.own != nil && s.own.method != s.Method {
		s.own = nil
	}
	if meta.IsDefined(methods.key) {
		// Before its table is an unknown section.
		if _, err := MethodOf(s.Method); err != nil {
			return nil, err
		}
	}
	known, tables := Keys(), sections()
	for _, key := range meta.Keys() {
		if slices.Contains(others, key[0]) {
			continue
		}
		// Not meta.Undecoded: the decoder takes keys in any case, and of "seed" and "Seed" either.
		switch name := key.String(); {
		case slices.Contains(known, name):
			given = append(given, name)
		case !slices.Contains(tables, name):
			return nil, unknownKey(name, slices.Concat(known, tables, others))
		}
		if methods.named[key[0]].info.Table != nil && key[0] != s.Method {
			return nil, fmt.Errorf("%s is of method %q, and the method is %q: leave it out, or set the method first", key, key[0], s.Method)
		}
	}
	if methods.named[s.Method].info.Table != nil && meta.IsDefined(s.Method) {
		err = s.decodeOwn(text)
	}
	return given, err
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

// Keys lists every key of a spec in file order, for example "encoder.size", and after them those of the sub-tables of the
// methods that are linked.
func Keys() []string {
	keys, _ := ownKeys("")
	for _, info := range methods.list() {
		of, _ := ownKeys(info.Name)
		keys = append(keys, of...)
	}
	return keys
}

// sections lists the tables of a spec, those of the methods among them.
func sections() []string {
	_, names := ownKeys("")
	for _, info := range methods.list() {
		_, of := ownKeys(info.Name)
		names = append(names, of...)
	}
	return names
}

// ownKeys lists the keys and the tables of the sub-table of a method, or of a spec without those.
func ownKeys(method string) (keys, tables []string) {
	t, prefix := reflect.TypeFor[Spec](), ""
	if method != "" {
		table := methods.named[method].info.Table
		if table == nil {
			return nil, nil
		}
		t, prefix, tables = reflect.TypeOf(table), method+".", []string{method}
	}
	fieldsOf(t, prefix, func(key string, field reflect.StructField) {
		if field.Type.Kind() == reflect.Struct {
			tables = append(tables, key)
		} else {
			keys = append(keys, key)
		}
	})
	return keys, tables
}

// fieldsOf calls f for the tables and keys of a struct, in file order.
func fieldsOf(t reflect.Type, prefix string, f func(key string, field reflect.StructField)) {
	for field := range t.Fields() {
		if !field.IsExported() {
			continue
		}
		key := prefix + field.Tag.Get("toml")
		f(key, field)
		if field.Type.Kind() == reflect.Struct {
			fieldsOf(field.Type, key+".", f)
		}
	}
}

// TOML prints the spec in full, defaults filled in; parsing the text gives the spec back.
func (s Spec) TOML() string {
	var b bytes.Buffer
	encoder := toml.NewEncoder(&b)
	encoder.Indent = ""
	// A clone has no nil slices, which the encoder would leave out and parsing then fill with the defaults.
	if err := errors.Join(encoder.Encode(s.clone()), s.encodeOwn(&b)); err != nil {
		// Every field is a TOML type, so this cannot depend on input.
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
	"data.landmarks", "data.fakes", "score.choose_on", "discrepancy.paired", "discrepancy.soft_label", "augment.scale"}

func (s Spec) canonical() string {
	var text strings.Builder
	section, standard := "", Default()
	for line := range strings.Lines(s.TOML()) {
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(strings.TrimSpace(name), "]") + "."
		}
		name, _, _ := strings.Cut(line, " = ")
		if key := section + name; slices.Contains(later, key) && reflect.DeepEqual(s.value(key).Interface(), standard.value(key).Interface()) {
			continue
		}
		text.WriteString(line)
	}
	return text.String()
}
