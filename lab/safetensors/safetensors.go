// Package safetensors reads and writes tensors of floats in the safetensors format: eight bytes with the length of a
// JSON header, the header, and the tensors' little-endian values one after another
// (https://huggingface.co/docs/safetensors).
//
// It is stricter than the format: [Read] takes a file only when every byte of it has a meaning, and neither [Read] nor
// [Write] lets a value pass that is not finite. Other element types than float32 and float16 are refused.
package safetensors

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// File is the content of one safetensors file.
type File struct {
	Metadata map[string]string // free text about the tensors; may be nil
	Tensors  map[string]Tensor // by name
}

// Tensor is an array of finite numbers.
type Tensor struct {
	Shape []int     // extents, none negative; empty for a scalar
	Data  []float32 // values in row-major order, as many as the product of Shape
	// Half tells that the file holds the values as float16: in half the bytes, rounded to 11 significant bits, less below 6e-5.
	Half bool
}

// dtype is the type of the tensor's elements in a file.
func (t Tensor) dtype() string {
	if t.Half {
		return "F16"
	}
	return "F32"
}

const (
	// metadataKey is the header's entry that is no tensor.
	metadataKey = "__metadata__"
	// maxHeader bounds the header's bytes. The largest nets have headers of about 1 MB.
	maxHeader = 16 << 20
	// alignment of the first value in the file; the header is padded with spaces to reach it.
	alignment = 8
)

// Check returns an error about what [Write] would refuse: values that do not fit their tensor's shape or type or are not finite,
// and names that a file cannot hold.
func (f File) Check() error {
	for key, value := range f.Metadata {
		if err := errors.Join(checkText(key), checkText(value)); err != nil {
			return fmt.Errorf("safetensors: metadata: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tensors)) {
		if err := checkText(name); err != nil {
			return fmt.Errorf("safetensors: tensor name: %w", err)
		}
		if name == metadataKey {
			return fmt.Errorf("safetensors: no tensor can be called %s, the name of the metadata", metadataKey)
		}
		t := f.Tensors[name]
		n, err := size(t.Shape)
		if err == nil && n != len(t.Data) {
			err = fmt.Errorf("%d values for shape %v, want %d", len(t.Data), t.Shape, n)
		}
		if err == nil {
			err = checkFinite(t.Data, 0)
		}
		if err == nil && t.Half {
			err = checkHalf(t.Data)
		}
		if err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
	}
	return nil
}

// size is the number of elements of a shape, few enough to count their bytes, 8 at most for each.
func size(shape []int) (int, error) {
	n := 1
	for _, extent := range shape {
		if extent < 0 {
			return 0, fmt.Errorf("shape %v has a negative extent", shape)
		}
		if extent > 0 && n > math.MaxInt/8/extent {
			return 0, fmt.Errorf("shape %v has more elements than can be counted", shape)
		}
		n *= extent
	}
	return n, nil
}

// checkFinite names the first value that is not a number or infinite. first is the index of values[0] in the tensor.
func checkFinite(values []float32, first int) error {
	for i, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("element %d is %v, want a finite number", first+i, v)
		}
	}
	return nil
}

// checkText refuses what JSON cannot carry without a change: bytes that are no UTF-8, and the mark that decoders put in
// their place.
func checkText(text string) error {
	if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
		return fmt.Errorf("%.100q is not valid Unicode text", text)
	}
	return nil
}
