package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// entry says where a tensor lies: its values are the bytes [begin, end) after the header.
type entry struct {
	name       string
	dtype      string // a key of dtypeBytes
	shape      []int
	begin, end int
}

// dtypeBytes are the sizes of the format's element types.
var dtypeBytes = map[string]int{
	"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// parseHeader reads the JSON text of a header. Each entry's shape fills its own bytes; how the entries lie beside each
// other is not checked here.
func parseHeader(text []byte) (metadata map[string]string, entries []entry, err error) {
	text = bytes.TrimRight(text, " ")
	switch {
	case !bytes.HasPrefix(text, []byte("{")):
		return nil, nil, errors.New("the header is not a JSON object")
	case !json.Valid(text):
		return nil, nil, errors.New("the header is not valid JSON")
	}
	// The grammar has been checked: from here on a token can only be of a wrong kind. Unmarshal would let names repeat
	// and take null for a number.
	d := tokens{json.NewDecoder(bytes.NewReader(text))}
	d.UseNumber()
	err = d.object("the header", func(name string) error {
		if name != metadataKey {
			e, err := d.entry(name)
			entries = append(entries, e)
			return err
		}
		metadata = map[string]string{}
		return d.object(metadataKey, func(key string) error {
			value, err := d.text(fmt.Sprintf("%s %.100q", metadataKey, key))
			metadata[key] = value
			return err
		})
	})
	return metadata, entries, err
}

// tokens walks through JSON text that is known to be valid.
type tokens struct{ *json.Decoder }

// object reads an object and calls field after each key, which must read the value.
func (d tokens) object(what string, field func(key string) error) error {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return fmt.Errorf("%s is %.100v, want an object", what, token)
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.text("a key of " + what)
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%s holds %.100q twice", what, key)
		}
		seen[key] = true
		if err := field(key); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// entry reads what the header says about the tensor name.
func (d tokens) entry(name string) (entry, error) {
	e := entry{name: name}
	what := fmt.Sprintf("tensor %.100q", name)
	var offsets []int
	err := d.object(what, func(key string) (err error) {
		switch key {
		case "dtype":
			e.dtype, err = d.text(what + ": dtype")
		case "shape":
			e.shape, err = d.naturals(what + ": shape")
		case "data_offsets":
			offsets, err = d.naturals(what + ": data_offsets")
		default:
			err = fmt.Errorf("%s has an unknown field %.100q", what, key)
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case e.dtype == "" || e.shape == nil || offsets == nil:
		return e, fmt.Errorf("%s lacks one of dtype, shape, data_offsets", what)
	case dtypeBytes[e.dtype] == 0:
		return e, fmt.Errorf("%s has elements of an unknown type %.100q", what, e.dtype)
	case len(offsets) != 2 || offsets[0] > offsets[1]:
		return e, fmt.Errorf("%s: data_offsets are %v, want a begin and an end", what, offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]
	n, err := size(e.shape)
	if err != nil {
		return e, fmt.Errorf("%s: %w", what, err)
	}
	if want := n * dtypeBytes[e.dtype]; e.end-e.begin != want {
		return e, fmt.Errorf("%s has %d bytes, want %d for shape %v", what, e.end-e.begin, want, e.shape)
	}
	return e, nil
}

func (d tokens) text(what string) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	text, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%s is %.100v, want text", what, token)
	}
	return text, checkText(text)
}

// naturals reads an array of integers that are not negative. It is not nil when there is no error.
func (d tokens) naturals(what string) ([]int, error) {
	if token, err := d.Token(); err != nil || token != json.Delim('[') {
		return nil, fmt.Errorf("%s is %.100v, want an array", what, token)
	}
	values := []int{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		number, _ := token.(json.Number)
		value, err := strconv.ParseUint(number.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, fmt.Errorf("%s holds %.100v, want integers from 0 to 2^%d−1", what, token, strconv.IntSize-1)
		}
		values = append(values, int(value))
	}
	_, err := d.Token()
	return values, err
}

// formatHeader is the JSON text that places tensors one after another in the order of names. It is padded so that the
// values after it are aligned.
func formatHeader(f File, names []string) ([]byte, error) {
	type fields struct {
		Type    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header := map[string]any{}
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	begin := 0
	for _, name := range names {
		t := f.Tensors[name]
		end := begin + len(t.Data)*dtypeBytes[t.dtype()]
		header[name] = fields{t.dtype(), append([]int{}, t.Shape...), [2]int{begin, end}}
		begin = end
	}
	text, err := json.Marshal(header) // sorts the keys
	if err != nil {
		return nil, err
	}
	if pad := len(text) % alignment; pad > 0 {
		text = append(text, strings.Repeat(" ", alignment-pad)...)
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("the header has %d bytes, at most %d are allowed; write fewer tensors or less metadata", len(text), maxHeader)
	}
	return text, nil
}
