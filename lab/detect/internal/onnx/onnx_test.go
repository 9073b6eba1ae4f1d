package onnx

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
)

// message is a protocol buffer in the making.
type message []byte

func (m message) bytes(field protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), b)
}

func (m message) text(field protowire.Number, s string) message { return m.bytes(field, []byte(s)) }

func (m message) number(field protowire.Number, v int) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

// weight is an initialiser of 32-bit floats.
func weight(name string, shape []int, values ...float32) message {
	var m message
	for _, d := range shape {
		m = m.number(1, d)
	}
	raw := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return m.number(2, float).text(8, name).bytes(9, raw)
}

func ints(name string, values ...int) message {
	m := message{}.text(1, name)
	for _, v := range values {
		m = m.number(8, v)
	}
	return m
}

func operation(op, out string, in []string, attributes ...message) message {
	var m message
	for _, s := range in {
		m = m.text(1, s)
	}
	m = m.text(2, out).text(4, op)
	for _, a := range attributes {
		m = m.bytes(5, a)
	}
	return m
}

// model puts a graph together: field numbers of its parts with their messages.
func model(weights []message, nodes ...message) []byte {
	graph := message{}.bytes(11, message{}.text(1, "x")).bytes(12, message{}.text(1, "y"))
	for _, w := range weights {
		graph = graph.bytes(5, w)
	}
	for _, n := range nodes {
		graph = graph.bytes(1, n)
	}
	return message{}.number(1, 4).bytes(7, graph)
}

// small uses every operation: y = sigmoid(relu(bn(deconv(relu(conv(x)) + conv(x))))).
func small() []byte {
	return model([]message{
		weight("w", []int{2, 1, 1, 1}, 1, -1),
		weight("b", []int{2}, 0.5, 0.25),
		weight("u", []int{2, 1, 2, 2}, 1, 2, 3, 4, 10, 20, 30, 40),
		weight("one", []int{1}, 2), weight("shift", []int{1}, 1), weight("mean", []int{1}, 3), weight("variance", []int{1}, 4),
	},
		operation("Conv", "a", []string{"x", "w", "b"}, ints("strides", 1, 1), ints("pads", 0, 0, 0, 0), ints("group", 1)),
		operation("Relu", "r", []string{"a"}),
		operation("Conv", "c", []string{"x", "w"}),
		operation("Add", "s", []string{"r", "c"}),
		operation("ConvTranspose", "d", []string{"s", "u"}, ints("strides", 2, 2)),
		operation("BatchNormalization", "n", []string{"d", "one", "shift", "mean", "variance"},
			append(message{}.text(1, "epsilon"), protowire.AppendFixed32(protowire.AppendTag(nil, 2, protowire.Fixed32Type), math.Float32bits(1e-3))...)),
		operation("Relu", "m", []string{"n"}),
		operation("Sigmoid", "y", []string{"m"}),
	)
}

func TestRead(t *testing.T) {
	net, err := Read(small())
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Run(cnn.Tensor{Shape: cnn.Shape{H: 1, W: 2, C: 1}, Data: []float32{3, -1}})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Shape != (cnn.Shape{H: 2, W: 4, C: 1}) || len(net.Outputs) != 1 || net.Outputs[0] != "y" {
		t.Fatalf("%v %v", out[0].Shape, net.Outputs)
	}
	for i, x := range []float64{3, -1} {
		first, second := max(x+0.5, 0)+x, max(-x+0.25, 0)-x
		for corner := range 4 {
			sum := first*float64(corner+1) + second*float64(10*(corner+1))
			want := 1 / (1 + math.Exp(-max((sum-3)/math.Sqrt(4.001)*2+1, 0)))
			if got := float64(out[0].Data[corner/2*4+2*i+corner%2]); math.Abs(got-want) > 1e-6 {
				t.Errorf("pixel %d, corner %d: %v, want %v", i, corner, got, want)
			}
		}
	}
}

// A ReLU may only melt into the layer before it if nobody else reads that layer.
func TestReLUWithTwoReaders(t *testing.T) {
	net, err := Read(model([]message{weight("w", []int{1, 1, 1, 1}, 1)},
		operation("Conv", "a", []string{"x", "w"}),
		operation("Relu", "r", []string{"a"}),
		operation("Add", "y", []string{"a", "r"}),
	))
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Run(cnn.Tensor{Shape: cnn.Shape{H: 1, W: 2, C: 1}, Data: []float32{2, -3}})
	if err != nil {
		t.Fatal(err)
	}
	if got := out[0].Data; got[0] != 4 || got[1] != -3 {
		t.Errorf("x + relu(x) of 2 and −3 is %v", got)
	}
}

func TestReadErrors(t *testing.T) {
	w := []message{weight("w", []int{1, 1, 1, 1}, 1), weight("v", []int{1}, 1)}
	conv := operation("Conv", "y", []string{"x", "w"})
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "no graph"},
		{"text", []byte("<html>not found</html>"), ""},
		{"truncated", small()[:len(small())/2], ""},
		{"no nodes", model(w), "output"},
		{"unknown operation", model(w, operation("Gelu", "y", []string{"x"})), "not known"},
		{"value that nobody makes", model(w, operation("Relu", "y", []string{"z"})), "no node before it"},
		{"weight that is absent", model(w, operation("Conv", "y", []string{"x", "z"})), "no weight"},
		{"weight of another rank", model(w, operation("Conv", "y", []string{"x", "v"})), "no weight"},
		{"dilation", model(w, operation("Conv", "y", []string{"x", "w"}, ints("dilations", 2, 2))), "dilation"},
		{"three strides", model(w, operation("Conv", "y", []string{"x", "w"}, ints("strides", 1, 1, 1))), "strides"},
		{"negative padding", model(w, operation("Conv", "y", []string{"x", "w"}, ints("pads", -1, 0, 0, 0))), "padding"},
		{"two groups", model(w, operation("Conv", "y", []string{"x", "w"}, ints("group", 2))), "groups"},
		{"too few bytes", model([]message{weight("w", []int{2, 1, 1, 1}, 1)}, conv), "bytes"},
		{"hostile shape", model([]message{weight("w", []int{math.MaxInt, math.MaxInt, 1, 1}, 1)}, conv), "shape"},
		{"negative shape", model([]message{weight("w", []int{-1, -1, 1, 1}, 1)}, conv), "shape"},
		{"not a number", model([]message{weight("w", []int{1, 1, 1, 1}, float32(math.NaN()))}, conv), "NaN"},
		{"negative variance", model(append(w, weight("n", []int{1}, -1)), operation("BatchNormalization", "y", []string{"x", "v", "v", "v", "n"})), "variance"},
		{"two outputs of a node", model(w, operation("Conv", "y", []string{"x", "w"}).text(2, "z")), "one output"},
	} {
		if _, err := Read(c.data); err == nil || !strings.HasPrefix(err.Error(), "onnx: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one that says %q", c.name, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small())
	f.Add(model(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		net, err := Read(data)
		if err != nil {
			return
		}
		// What was read can be run, or says why not.
		_, _ = net.Run(cnn.Tensor{Shape: cnn.Shape{H: 2, W: 3, C: 1}, Data: make([]float32, 6)})
	})
}
