// Package onnx reads networks from ONNX files: convolutions, transposed convolutions, batch normalisations, sums, ReLU and
// sigmoid of 32-bit floats, which is what CenterFace is made of. Anything else is an error.
//
// An ONNX file is one protocol buffer; the field numbers are those of onnx.proto (IR version 4).
package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
)

// Network is a net that was read, and what its outputs are called, in the order in which Run returns them.
type Network struct {
	*cnn.Network
	Outputs []string
}

// Read makes the network in data, the content of an ONNX file. Its only input is an RGB picture with values from 0 to
// 255.
func Read(data []byte) (*Network, error) {
	var graph []byte
	err := fields(data, func(n protowire.Number, v value) error {
		if n == 7 {
			graph = v.bytes
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if graph == nil {
		return nil, fmt.Errorf("onnx: %d bytes hold no graph; want an ONNX model", len(data))
	}
	b := builder{weights: map[string]tensor{}, values: map[string]int{}, readers: map[string]int{}}
	if err := b.parse(graph); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	net, err := b.build()
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return net, nil
}

// value is one field of a message: bytes of a length-delimited field, else a number.
type value struct {
	bytes  []byte
	number uint64
}

// fields calls f for each field of a message. It stops at the first error.
func fields(data []byte, f func(protowire.Number, value) error) error {
	for len(data) > 0 {
		n, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return fmt.Errorf("damaged message: %w", protowire.ParseError(size))
		}
		data = data[size:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, size = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var x uint32
			x, size = protowire.ConsumeFixed32(data)
			v.number = uint64(x)
		case protowire.Fixed64Type:
			v.number, size = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			v.bytes, size = protowire.ConsumeBytes(data)
			if v.bytes == nil {
				v.bytes = []byte{}
			}
		default:
			return fmt.Errorf("field %d has wire type %d, which ONNX does not use", n, kind)
		}
		if size < 0 {
			return fmt.Errorf("field %d is damaged: %w", n, protowire.ParseError(size))
		}
		data = data[size:]
		if err := f(n, v); err != nil {
			return err
		}
	}
	return nil
}

// appendInts appends a repeated integer, which a writer may pack or not.
func appendInts(list []int, v value) ([]int, error) {
	if v.bytes == nil {
		return append(list, int(int64(v.number))), nil
	}
	for rest := v.bytes; len(rest) > 0; {
		x, size := protowire.ConsumeVarint(rest)
		if size < 0 {
			return nil, fmt.Errorf("packed numbers are damaged: %w", protowire.ParseError(size))
		}
		list, rest = append(list, int(int64(x))), rest[size:]
	}
	return list, nil
}

// tensor is an initialiser of 32-bit floats.
type tensor struct {
	shape []int
	data  []float32
}

// ONNX's number for 32-bit floats.
const float = 1

// parseTensor reads an initialiser. One of another type than 32-bit floats has no data.
func parseTensor(message []byte) (name string, t tensor, err error) {
	kind := uint64(0)
	var raw, list []byte
	err = fields(message, func(n protowire.Number, v value) (err error) {
		switch n {
		case 1:
			t.shape, err = appendInts(t.shape, v)
		case 2:
			kind = v.number
		case 4:
			list = append(list, v.bytes...)
		case 8:
			name = string(v.bytes)
		case 9:
			raw = v.bytes
		}
		return err
	})
	if err != nil || kind != float {
		return name, t, err
	}
	if raw == nil {
		raw = list
	}
	want := 1
	for _, d := range t.shape {
		if d < 1 || d > cnn.MaxValues/want {
			return name, t, fmt.Errorf("tensor %q has the shape %v", name, t.shape)
		}
		want *= d
	}
	if len(raw) != 4*want {
		return name, t, fmt.Errorf("tensor %q of shape %v has %d bytes, want %d", name, t.shape, len(raw), 4*want)
	}
	t.data = make([]float32, want)
	for i := range t.data {
		x, _ := protowire.ConsumeFixed32(raw[4*i:])
		t.data[i] = math.Float32frombits(x)
		if f := float64(t.data[i]); math.IsNaN(f) || math.IsInf(f, 0) {
			return name, t, fmt.Errorf("tensor %q holds %v", name, f)
		}
	}
	return name, t, nil
}

// node is one operation of the graph.
type node struct {
	op      string
	in, out []string
	ints    map[string][]int   // attributes
	floats  map[string]float32 // attributes
}

func parseNode(message []byte) (node, error) {
	nd := node{ints: map[string][]int{}, floats: map[string]float32{}}
	err := fields(message, func(n protowire.Number, v value) error {
		switch n {
		case 1:
			nd.in = append(nd.in, string(v.bytes))
		case 2:
			nd.out = append(nd.out, string(v.bytes))
		case 4:
			nd.op = string(v.bytes)
		case 5:
			var name string
			var ints []int
			var f float32
			err := fields(v.bytes, func(n protowire.Number, v value) (err error) {
				switch n {
				case 1:
					name = string(v.bytes)
				case 2:
					f = math.Float32frombits(uint32(v.number))
				case 3, 8:
					ints, err = appendInts(ints, v)
				}
				return err
			})
			if err != nil {
				return err
			}
			nd.ints[name], nd.floats[name] = ints, f
		}
		return nil
	})
	if err == nil && (len(nd.out) != 1 || len(nd.in) == 0) {
		err = fmt.Errorf("node %s has %d inputs and %d outputs; want inputs and one output", nd.op, len(nd.in), len(nd.out))
	}
	return nd, err
}
