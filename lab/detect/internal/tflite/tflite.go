// Package tflite reads networks from TensorFlow Lite files: convolutions, PReLU, sums, 2×2 pooling and padding of
// channels in 32-bit floats, which is what MediaPipe's face mesh is made of. Anything else is an error.
//
// A file is one FlatBuffer; the field numbers are those of TensorFlow's schema.fbs, version 3.
package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
)

// Network is a net that was read.
type Network struct {
	*cnn.Network
	Input cnn.Shape // the only size of picture that it takes
}

// Read makes the network in data, the content of a .tflite file.
func Read(data []byte) (*Network, error) {
	if len(data) < 8 || string(data[4:8]) != "TFL3" {
		return nil, fmt.Errorf("tflite: %d bytes without the mark TFL3; want a TensorFlow Lite model", len(data))
	}
	b := &buffer{data: data}
	net, err := read(b)
	if b.err != nil {
		err = b.err
	}
	if err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	return net, nil
}

// Operations, types and options by TensorFlow's numbers.
const (
	opAdd       = 0
	opConv      = 3
	opDepthwise = 4
	opMaxPool   = 17
	opPad       = 34
	opPReLU     = 54

	typeFloat32 = 0
	typeInt32   = 2

	paddingSame  = 0
	paddingValid = 1
)

// builder turns the operators of a graph into layers.
type builder struct {
	tensors []table
	buffers []table
	shapes  [][]int
	values  map[int]int // the number of a tensor's value in the network
	layers  []cnn.Node
}

func read(b *buffer) (*Network, error) {
	model := b.table(b.follow(0))
	graphs, codes := model.tables(2), model.tables(1)
	if b.err == nil && len(graphs) != 1 {
		return nil, fmt.Errorf("%d graphs, want 1", len(graphs))
	}
	if b.err != nil {
		return nil, b.err
	}
	graph := graphs[0]
	d := builder{tensors: graph.tables(0), buffers: model.tables(4), values: map[int]int{}}
	for _, t := range d.tensors {
		d.shapes = append(d.shapes, t.ints(0))
	}
	inputs, outputs := graph.ints(1), graph.ints(2)
	if b.err == nil && (len(inputs) != 1 || len(outputs) == 0) {
		return nil, fmt.Errorf("%d inputs and %d outputs, want one picture and at least one output", len(inputs), len(outputs))
	}
	if b.err != nil {
		return nil, b.err
	}
	input, err := d.picture(inputs[0])
	if err != nil {
		return nil, err
	}
	d.values[inputs[0]] = 0
	for i, op := range graph.tables(3) {
		code := op.int(0, 0)
		if b.err == nil && (code < 0 || code >= len(codes)) {
			return nil, fmt.Errorf("operator %d has code %d of %d", i, code, len(codes))
		}
		if b.err != nil {
			return nil, b.err
		}
		// Old writers fill the first field, new ones the fourth.
		kind := max(codes[code].byte(0), codes[code].int(3, 0))
		if err := d.add(kind, op); err != nil {
			return nil, fmt.Errorf("operator %d, of kind %d: %w", i, kind, err)
		}
		if b.err != nil {
			return nil, b.err
		}
	}
	out := make([]int, len(outputs))
	for i, t := range outputs {
		v, ok := d.values[t]
		if !ok {
			return nil, fmt.Errorf("output %d is made by no operator", t)
		}
		out[i] = v
	}
	net, err := cnn.New(d.layers, out)
	if err != nil {
		return nil, err
	}
	if _, err := net.Shapes(input); err != nil {
		return nil, err
	}
	return &Network{net, input}, nil
}

// picture is the shape of a tensor that is one picture of floats.
func (d *builder) picture(i int) (cnn.Shape, error) {
	if i < 0 || i >= len(d.tensors) {
		return cnn.Shape{}, fmt.Errorf("tensor %d of %d", i, len(d.tensors))
	}
	s := d.shapes[i]
	if len(s) != 4 || s[0] != 1 || d.tensors[i].byte(1) != typeFloat32 {
		return cnn.Shape{}, fmt.Errorf("tensor %d of shape %v; want one picture of 32-bit floats", i, s)
	}
	return cnn.Shape{H: s[1], W: s[2], C: s[3]}, nil
}

// constant returns the bytes of tensor i, which must be of the given type and rank.
func (d *builder) constant(i, kind, rank int) (raw []byte, shape []int, err error) {
	if i < 0 || i >= len(d.tensors) {
		return nil, nil, fmt.Errorf("tensor %d of %d", i, len(d.tensors))
	}
	t, shape := d.tensors[i], d.shapes[i]
	buffer := t.int(2, 0)
	if t.byte(1) != kind || len(shape) != rank || buffer < 1 || buffer >= len(d.buffers) {
		return nil, nil, fmt.Errorf("tensor %d has type %d, shape %v and buffer %d; want a constant of type %d with %d axes", i, t.byte(1), shape, buffer, kind, rank)
	}
	n := 4
	for _, s := range shape {
		if s < 1 || s > 4*cnn.MaxValues/n {
			return nil, nil, fmt.Errorf("tensor %d has shape %v", i, shape)
		}
		n *= s
	}
	at, size := d.buffers[buffer].vector(0, 1)
	if size != n {
		return nil, nil, fmt.Errorf("tensor %d of shape %v has %d bytes, want %d", i, shape, size, n)
	}
	return t.b.bytes(at, size), shape, nil
}

func (d *builder) floats(i, rank int) ([]float32, []int, error) {
	raw, shape, err := d.constant(i, typeFloat32, rank)
	if err != nil {
		return nil, nil, err
	}
	list := make([]float32, len(raw)/4)
	for k := range list {
		list[k] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:]))
		if f := float64(list[k]); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, nil, fmt.Errorf("tensor %d holds %v", i, f)
		}
	}
	return list, shape, nil
}

// add appends the layer of an operator.
func (d *builder) add(kind int, op table) error {
	in, out := op.ints(1), op.ints(2)
	wanted := map[int]int{opAdd: 2, opConv: 3, opDepthwise: 3, opMaxPool: 1, opPad: 2, opPReLU: 2}[kind]
	if wanted == 0 {
		return fmt.Errorf("not known here")
	}
	if len(in) != wanted || len(out) != 1 {
		return fmt.Errorf("%d inputs and %d outputs, want %d and 1", len(in), len(out), wanted)
	}
	if _, double := d.values[out[0]]; double {
		return fmt.Errorf("tensor %d is made twice", out[0])
	}
	if kind == opPad {
		// The sum that follows takes missing channels as zeros: nothing to do.
		v, ok := d.values[in[0]]
		raw, shape, err := d.constant(in[1], typeInt32, 2)
		if err != nil || !ok || !slices.Equal(shape, []int{4, 2}) || slices.ContainsFunc(raw[:28], func(b byte) bool { return b != 0 }) {
			return fmt.Errorf("padding of anything but the last channels")
		}
		d.values[out[0]] = v
		return nil
	}
	data := 1
	if kind == opAdd {
		data = 2
		if !slices.Equal(d.shape(in[0]), d.shape(in[1])) {
			return fmt.Errorf("a sum of %v and %v", d.shape(in[0]), d.shape(in[1]))
		}
	}
	node := cnn.Node{In: make([]int, data)}
	for k, t := range in[:data] {
		v, ok := d.values[t]
		if !ok {
			return fmt.Errorf("tensor %d is read before it is made", t)
		}
		node.In[k] = v
	}
	var options table
	if at := op.field(4); at != 0 {
		options = op.b.table(op.b.follow(at))
	} else if kind != opPReLU {
		return fmt.Errorf("no options")
	}
	var err error
	switch kind {
	case opAdd:
		node.Op, err = cnn.Add{}, plain(options.byte(0))
	case opConv:
		node.Op, err = d.conv(in, options)
	case opDepthwise:
		node.Op, err = d.depthwise(in, options)
	case opMaxPool:
		node.Op, err = cnn.MaxPool{}, plain(options.byte(5))
		for i := 1; i <= 4; i++ {
			if options.int(i, 0) != 2 {
				err = fmt.Errorf("pooling with windows or strides other than 2")
			}
		}
	case opPReLU:
		var slope []float32
		if slope, _, err = d.floats(in[1], 3); err == nil {
			node.Op, err = cnn.NewPReLU(slope)
		}
	}
	if err != nil {
		return err
	}
	d.layers = append(d.layers, node)
	d.values[out[0]] = len(d.layers)
	return nil
}

func (d *builder) shape(i int) []int {
	if i < 0 || i >= len(d.shapes) {
		return nil
	}
	return d.shapes[i]
}

// plain refuses activations that are done within a layer: the nets read here have none.
func plain(activation int) error {
	if activation != 0 {
		return fmt.Errorf("activation %d within the layer", activation)
	}
	return nil
}

// window reads padding, strides and dilation, which lie in the given fields.
func (d *builder) window(input, h, w int, options table, dilation int) (cnn.Window, error) {
	s, err := d.picture(input)
	if err != nil {
		return cnn.Window{}, err
	}
	win := cnn.Window{H: h, W: w, Stride: options.int(2, 0)}
	if options.int(1, 0) != win.Stride || options.int(dilation, 1) != 1 || options.int(dilation+1, 1) != 1 || win.Stride < 1 {
		return win, fmt.Errorf("strides %d and %d; want equal ones and no dilation", options.int(1, 0), win.Stride)
	}
	switch options.byte(0) {
	case paddingSame:
		// As many windows as strides begin in the picture; an odd zero goes to the end.
		rows, columns := max((s.H-1)/win.Stride*win.Stride+h-s.H, 0), max((s.W-1)/win.Stride*win.Stride+w-s.W, 0)
		win.Pad = cnn.Pad{Top: rows / 2, Left: columns / 2, Bottom: rows - rows/2, Right: columns - columns/2}
	case paddingValid:
	default:
		return win, fmt.Errorf("padding %d", options.byte(0))
	}
	return win, nil
}

func (d *builder) conv(in []int, options table) (cnn.Op, error) {
	weights, shape, err := d.floats(in[1], 4) // [out][h][w][in]
	if err != nil {
		return nil, err
	}
	bias, _, err := d.floats(in[2], 1)
	if err != nil {
		return nil, err
	}
	win, err := d.window(in[0], shape[1], shape[2], options, 4)
	if err != nil {
		return nil, err
	}
	if err := plain(options.byte(3)); err != nil {
		return nil, err
	}
	return cnn.NewConv(win, shape[3], shape[0], weights, bias, false)
}

func (d *builder) depthwise(in []int, options table) (cnn.Op, error) {
	weights, shape, err := d.floats(in[1], 4) // [1][h][w][channels]
	if err != nil {
		return nil, err
	}
	bias, _, err := d.floats(in[2], 1)
	if err != nil {
		return nil, err
	}
	win, err := d.window(in[0], shape[1], shape[2], options, 5)
	if err != nil {
		return nil, err
	}
	if shape[0] != 1 || options.int(3, 0) != 1 {
		return nil, fmt.Errorf("depthwise weights %v with multiplier %d; want one filter a channel", shape, options.int(3, 0))
	}
	if err := plain(options.byte(4)); err != nil {
		return nil, err
	}
	return cnn.NewDepthwise(win, shape[3], weights, bias, false)
}
