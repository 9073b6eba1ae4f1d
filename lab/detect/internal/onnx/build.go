package onnx

import (
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
)

// builder turns the nodes of a graph into layers.
type builder struct {
	weights map[string]tensor
	inputs  []string
	outputs []string
	nodes   []node
	readers map[string]int // how many nodes and outputs read a value
	values  map[string]int // the number of a value in the network
	layers  []cnn.Node
}

func (b *builder) parse(graph []byte) error {
	name := func(message []byte) (s string, err error) {
		err = fields(message, func(n protowire.Number, v value) error {
			if n == 1 {
				s = string(v.bytes)
			}
			return nil
		})
		return s, err
	}
	return fields(graph, func(n protowire.Number, v value) error {
		switch n {
		case 1:
			nd, err := parseNode(v.bytes)
			b.nodes = append(b.nodes, nd)
			return err
		case 5:
			s, t, err := parseTensor(v.bytes)
			b.weights[s] = t
			return err
		case 11:
			s, err := name(v.bytes)
			b.inputs = append(b.inputs, s)
			return err
		case 12:
			s, err := name(v.bytes)
			b.outputs = append(b.outputs, s)
			return err
		}
		return nil
	})
}

func (b *builder) build() (*Network, error) {
	// Writers of the time list the weights among the inputs.
	pictures := slices.DeleteFunc(b.inputs, func(s string) bool { _, weight := b.weights[s]; return weight })
	if len(pictures) != 1 {
		return nil, fmt.Errorf("%d inputs, want one picture", len(pictures))
	}
	b.values[pictures[0]] = 0
	for _, nd := range b.nodes {
		for _, s := range nd.in {
			b.readers[s]++
		}
	}
	for _, s := range b.outputs {
		b.readers[s]++
	}
	for i := 0; i < len(b.nodes); i++ {
		nd := b.nodes[i]
		// A ReLU that alone reads the result before it is done by that layer.
		relu := false
		if i+1 < len(b.nodes) && (nd.op == "Conv" || nd.op == "BatchNormalization") {
			next := b.nodes[i+1]
			relu = next.op == "Relu" && slices.Equal(next.in, nd.out) && b.readers[nd.out[0]] == 1
		}
		op, err := b.layer(nd, relu)
		if err != nil {
			return nil, fmt.Errorf("node %d, %s of %q: %w", i, nd.op, nd.out[0], err)
		}
		data := 1
		if nd.op == "Add" {
			data = len(nd.in)
		}
		in := make([]int, data)
		for k, s := range nd.in[:data] {
			v, ok := b.values[s]
			if !ok {
				return nil, fmt.Errorf("node %d, %s of %q reads %q, which no node before it makes", i, nd.op, nd.out[0], s)
			}
			in[k] = v
		}
		b.layers = append(b.layers, cnn.Node{Op: op, In: in})
		if relu {
			i++
		}
		b.values[b.nodes[i].out[0]] = len(b.layers)
	}
	out := make([]int, len(b.outputs))
	for i, s := range b.outputs {
		v, ok := b.values[s]
		if !ok {
			return nil, fmt.Errorf("output %q is made by no node", s)
		}
		out[i] = v
	}
	net, err := cnn.New(b.layers, out)
	if err != nil {
		return nil, err
	}
	return &Network{net, b.outputs}, nil
}

func (b *builder) layer(nd node, relu bool) (cnn.Op, error) {
	switch nd.op {
	case "Conv":
		return b.conv(nd, relu)
	case "ConvTranspose":
		return b.deconv(nd)
	case "BatchNormalization":
		return b.normalise(nd, relu)
	case "Add":
		return cnn.Add{}, nil
	case "Relu":
		return cnn.ReLU{}, nil
	case "Sigmoid":
		return cnn.Sigmoid{}, nil
	}
	return nil, fmt.Errorf("this operation is not known here")
}

// weight is input i of a node, which must be an initialiser of the given rank.
func (b *builder) weight(nd node, i, rank int) (tensor, error) {
	if i >= len(nd.in) {
		return tensor{}, fmt.Errorf("input %d is missing", i)
	}
	t, ok := b.weights[nd.in[i]]
	if !ok || t.data == nil || len(t.shape) != rank {
		return tensor{}, fmt.Errorf("input %q is no weight of 32-bit floats and %d axes", nd.in[i], rank)
	}
	return t, nil
}

// list is an attribute of n numbers; without it, n times the default.
func (nd node) list(name string, n, otherwise int) ([]int, error) {
	list, ok := nd.ints[name]
	if !ok {
		return slices.Repeat([]int{otherwise}, n), nil
	}
	if len(list) != n {
		return nil, fmt.Errorf("%s is %v, want %d numbers", name, list, n)
	}
	return list, nil
}

// window reads strides, pads, dilations and group of a convolution.
func (nd node) window(h, w int) (win cnn.Window, group int, err error) {
	strides, err := nd.list("strides", 2, 1)
	if err != nil {
		return win, 0, err
	}
	pads, err := nd.list("pads", 4, 0)
	if err != nil {
		return win, 0, err
	}
	dilations, err := nd.list("dilations", 2, 1)
	if err != nil {
		return win, 0, err
	}
	groups, err := nd.list("group", 1, 1)
	if err != nil {
		return win, 0, err
	}
	if strides[0] != strides[1] || dilations[0] != 1 || dilations[1] != 1 {
		return win, 0, fmt.Errorf("strides %v and dilations %v; want equal strides and no dilation", strides, dilations)
	}
	return cnn.Window{H: h, W: w, Stride: strides[0], Pad: cnn.Pad{Top: pads[0], Left: pads[1], Bottom: pads[2], Right: pads[3]}}, groups[0], nil
}

func (b *builder) conv(nd node, relu bool) (cnn.Op, error) {
	t, err := b.weight(nd, 1, 4) // [out][in/group][h][w]
	if err != nil {
		return nil, err
	}
	var bias []float32
	if len(nd.in) > 2 {
		v, err := b.weight(nd, 2, 1)
		if err != nil {
			return nil, err
		}
		bias = v.data
	}
	out, in, h, w := t.shape[0], t.shape[1], t.shape[2], t.shape[3]
	win, group, err := nd.window(h, w)
	if err != nil {
		return nil, err
	}
	switch {
	case group == 1:
		return cnn.NewConv(win, in, out, moveAxis(t.data, out, in, h*w), bias, relu)
	case group == out && in == 1:
		return cnn.NewDepthwise(win, out, moveAxis(t.data, 1, out, h*w), bias, relu)
	}
	return nil, fmt.Errorf("%d groups of %d to %d channels; want 1 or a depthwise convolution", group, in, out)
}

func (b *builder) deconv(nd node) (cnn.Op, error) {
	t, err := b.weight(nd, 1, 4) // [in][out][h][w]
	if err != nil {
		return nil, err
	}
	in, out, h, w := t.shape[0], t.shape[1], t.shape[2], t.shape[3]
	win, group, err := nd.window(h, w)
	if err != nil {
		return nil, err
	}
	if win != (cnn.Window{H: 2, W: 2, Stride: 2}) || group != 1 || len(nd.in) != 2 {
		return nil, fmt.Errorf("%+v in %d groups with %d inputs; want 2×2 with stride 2, no padding and no bias", win, group, len(nd.in))
	}
	weights := make([]float32, len(t.data)) // [h][w][out][in]
	for i, x := range t.data {
		corner, o, channel := i%4, i/4%out, i/4/out
		weights[(corner*out+o)*in+channel] = x
	}
	return cnn.NewDeconv(in, out, weights)
}

// normalise folds mean, variance, scale and shift of a batch normalisation into one scale and shift.
func (b *builder) normalise(nd node, relu bool) (cnn.Op, error) {
	var v [4][]float32
	for i := range v {
		t, err := b.weight(nd, i+1, 1)
		if err != nil {
			return nil, err
		}
		if v[i] = t.data; len(v[i]) != len(v[0]) {
			return nil, fmt.Errorf("%d values in %q, want %d", len(v[i]), nd.in[i+1], len(v[0]))
		}
	}
	epsilon, ok := nd.floats["epsilon"]
	if !ok {
		epsilon = 1e-5
	}
	scale, shift := make([]float32, len(v[0])), make([]float32, len(v[0]))
	for i, s := range v[0] {
		deviation := math.Sqrt(float64(v[3][i]) + float64(epsilon))
		if !(deviation > 0) {
			return nil, fmt.Errorf("variance %v of channel %d", v[3][i], i)
		}
		scale[i] = float32(float64(s) / deviation)
		shift[i] = float32(float64(v[1][i]) - float64(v[2][i])*float64(s)/deviation)
	}
	return cnn.NewAffine(scale, shift, relu)
}

// moveAxis turns [a][b][c] into [a][c][b].
func moveAxis(data []float32, a, b, c int) []float32 {
	moved := make([]float32, len(data))
	for i := range a {
		for j := range b {
			for k := range c {
				moved[(i*c+k)*b+j] = data[(i*b+j)*c+k]
			}
		}
	}
	return moved
}
