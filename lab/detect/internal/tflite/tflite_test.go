package tflite

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
)

// file is a FlatBuffer in the making. Parents are written before what they point to.
type file struct{ data []byte }

func (f *file) uint32(v int) int {
	f.data = binary.LittleEndian.AppendUint32(f.data, uint32(v))
	return len(f.data) - 4
}

// point makes the offset at a place lead to the end of what was written so far.
func (f *file) point(at int) {
	binary.LittleEndian.PutUint32(f.data[at:], uint32(len(f.data)-at))
}

// table writes a table whose i-th field is four bytes with values[i], and returns where these are. A nil value is a field
// that is absent, a byte field the low byte of its value.
func (f *file) table(values ...any) []int {
	vtable := len(f.data)
	f.data = binary.LittleEndian.AppendUint16(f.data, uint16(4+2*len(values)))
	f.data = binary.LittleEndian.AppendUint16(f.data, uint16(4+4*len(values)))
	for i, v := range values {
		offset := 4 + 4*i
		if v == nil {
			offset = 0
		}
		f.data = binary.LittleEndian.AppendUint16(f.data, uint16(offset))
	}
	f.uint32(len(f.data) - vtable)
	at := make([]int, len(values))
	for i, v := range values {
		n, _ := v.(int)
		at[i] = f.uint32(n)
	}
	return at
}

// ints writes a list of numbers to which the offset at a place leads.
func (f *file) ints(at int, list ...int) {
	f.point(at)
	f.uint32(len(list))
	for _, v := range list {
		f.uint32(v)
	}
}

// tables writes a list of tables to which the offset at a place leads, each by its own function.
func (f *file) tables(at int, write []func() []int, finish func(i int, fields []int)) {
	f.point(at)
	f.uint32(len(write))
	places := make([]int, len(write))
	for i := range places {
		places[i] = f.uint32(0)
	}
	for i, w := range write {
		// The offset leads to the table, which begins 4 bytes before its first field.
		fields := w()
		binary.LittleEndian.PutUint32(f.data[places[i]:], uint32(fields[0]-4-places[i]))
		finish(i, fields)
	}
}

const ref = 0 // an offset that is filled in later

// tensor is a tensor of a model: a constant if it has values.
type tensor struct {
	shape  []int
	kind   int
	floats []float32
	ints   []int32
}

// operator is an operator of a model.
type operator struct {
	kind    int
	in, out []int
	options []any
}

// model writes a file with these tensors, of which 0 is the input, and operators.
func model(tensors []tensor, operators []operator, outputs ...int) []byte {
	f := &file{}
	root := f.uint32(0)
	f.data = append(f.data, "TFL3"...)
	top := f.table(3, ref, ref, nil, ref)
	binary.LittleEndian.PutUint32(f.data[root:], uint32(top[0]-4-root))
	var kinds []int
	for _, o := range operators {
		if !slices.Contains(kinds, o.kind) {
			kinds = append(kinds, o.kind)
		}
	}
	var codes []func() []int
	for _, k := range kinds {
		codes = append(codes, func() []int { return f.table(k, nil, 1, k) })
	}
	f.tables(top[1], codes, func(int, []int) {})
	f.tables(top[2], []func() []int{func() []int { return f.table(ref, ref, ref, ref) }}, func(_ int, graph []int) {
		var list []func() []int
		for i, t := range tensors {
			list = append(list, func() []int { return f.table(ref, t.kind, i+1) })
		}
		f.tables(graph[0], list, func(i int, fields []int) { f.ints(fields[0], tensors[i].shape...) })
		f.ints(graph[1], 0)
		f.ints(graph[2], outputs...)
		list = nil
		for _, o := range operators {
			list = append(list, func() []int {
				if o.options == nil {
					return f.table(slices.Index(kinds, o.kind), ref, ref)
				}
				return f.table(slices.Index(kinds, o.kind), ref, ref, 1, ref)
			})
		}
		f.tables(graph[3], list, func(i int, fields []int) {
			f.ints(fields[1], operators[i].in...)
			f.ints(fields[2], operators[i].out...)
			if o := operators[i].options; o != nil {
				at := f.table(o...)
				binary.LittleEndian.PutUint32(f.data[fields[4]:], uint32(at[0]-4-fields[4]))
			}
		})
	})
	buffers := []func() []int{func() []int { return f.table(ref) }}
	for range tensors {
		buffers = append(buffers, func() []int { return f.table(ref) })
	}
	f.tables(top[4], buffers, func(i int, fields []int) {
		var raw []byte
		if i > 0 {
			for _, v := range tensors[i-1].floats {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
			}
			for _, v := range tensors[i-1].ints {
				raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
			}
		}
		f.point(fields[0])
		f.uint32(len(raw))
		f.data = append(f.data, raw...)
	})
	return f.data
}

// parts are the tensors and operators of a net that uses all that is known: a convolution with padding at the end only, a
// depthwise one, PReLU, pooling, padding of channels, and a sum.
func parts() ([]tensor, []operator) {
	ones := make([]float32, 72)
	for i := range ones {
		ones[i] = 1
	}
	tensors := []tensor{
		{shape: []int{1, 4, 4, 1}},
		{shape: []int{8, 3, 3, 1}, floats: ones}, // 1: each output is the sum of the window
		{shape: []int{8}, floats: []float32{0, 1, 2, 3, 4, 5, 6, -100}},
		{shape: []int{1, 2, 2, 8}}, // 3
		{shape: []int{1, 1, 8}, floats: []float32{0, 0, 0, 0, 0, 0, 0, 0.5}},
		{shape: []int{1, 2, 2, 8}}, // 5
		{shape: []int{1, 3, 3, 8}, floats: ones},
		{shape: []int{8}, floats: make([]float32, 8)},
		{shape: []int{1, 2, 2, 8}}, // 8
		{shape: []int{1, 1, 1, 8}}, // 9
		{shape: []int{4, 2}, kind: typeInt32, ints: []int32{0, 0, 0, 0, 0, 0, 0, 2}},
		{shape: []int{1, 1, 1, 10}}, // 11
		{shape: []int{10, 2, 2, 8}, floats: make([]float32, 320)},
		{shape: []int{10}, floats: []float32{1, 1, 1, 1, 1, 1, 1, 1, 7, 8}},
		{shape: []int{1, 1, 1, 10}}, // 14
		{shape: []int{1, 1, 1, 10}}, // 15
	}
	operators := []operator{
		{opConv, []int{0, 1, 2}, []int{3}, []any{paddingSame, 2, 2, nil}},
		{opPReLU, []int{3, 4}, []int{5}, nil},
		{opDepthwise, []int{5, 6, 7}, []int{8}, []any{paddingSame, 1, 1, 1, 0}},
		{opMaxPool, []int{8}, []int{9}, []any{paddingValid, 2, 2, 2, 2, 0}},
		{opPad, []int{9, 10}, []int{11}, []any{nil}},
		{opConv, []int{8, 12, 13}, []int{14}, []any{paddingValid, 2, 2, nil}},
		{opAdd, []int{11, 14}, []int{15}, []any{nil}},
	}
	return tensors, operators
}

func small() []byte {
	tensors, operators := parts()
	return model(tensors, operators, 15)
}

func TestRead(t *testing.T) {
	net, err := Read(small())
	if err != nil {
		t.Fatal(err)
	}
	x := cnn.Tensor{Shape: net.Input, Data: make([]float32, 16)}
	for i := range x.Data {
		x.Data[i] = float32(i)
	}
	out, err := net.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	// The windows begin at even rows and columns and reach one beyond the end; their sums are 45, 39, 66 and 50 = 200
	// in all. Then come biases, slopes, the sum over all four pixels (the depthwise window covers them all), the
	// pooling, which finds four equal values, and the bias of the second convolution, whose weights are zeros.
	sums := []float64{0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10, 2 + 3 + 6 + 7 + 10 + 11, 8 + 9 + 10 + 12 + 13 + 14, 10 + 11 + 14 + 15}
	for c, got := range out[0].Data {
		want := 1.0
		switch {
		case c == 8:
			want = 7
		case c == 9:
			want = 8
		default:
			for _, s := range sums {
				v := s + []float64{0, 1, 2, 3, 4, 5, 6, -100}[c]
				if v < 0 {
					v *= []float64{0, 0, 0, 0, 0, 0, 0, 0.5}[c]
				}
				want += v
			}
		}
		if math.Abs(float64(got)-want) > 1e-4 {
			t.Errorf("channel %d is %v, want %v", c, got, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	change := func(f func([]tensor, []operator)) []byte {
		tensors, operators := parts()
		f(tensors, operators)
		return model(tensors, operators, 15)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "TFL3"},
		{"text", []byte("<html>not found</html>"), "TFL3"},
		{"truncated", small()[:len(small())-40], "truncated or damaged"},
		{"mark alone", []byte("\x00\x00\x00\x00TFL3"), ""},
		{"unknown operator", change(func(_ []tensor, o []operator) { o[1].kind = 99 }), "not known"},
		{"activation", change(func(_ []tensor, o []operator) { o[6].options = []any{1} }), "activation 1"},
		{"padding of rows", change(func(t []tensor, _ []operator) { t[10].ints[2] = 1 }), "padding of anything"},
		{"sum of unequal shapes", change(func(t []tensor, _ []operator) { t[14].shape = []int{1, 1, 1, 9} }), "a sum of"},
		{"hostile shape", change(func(t []tensor, _ []operator) { t[1].shape = []int{1 << 30, 1 << 30, 1 << 30, 8} }), "shape"},
		{"too few values", change(func(t []tensor, _ []operator) { t[2].floats = t[2].floats[1:] }), "bytes"},
		{"not a number", change(func(t []tensor, _ []operator) { t[2].floats[3] = float32(math.Inf(1)) }), "+Inf"},
		{"two pictures", change(func(t []tensor, _ []operator) { t[0].shape[0] = 2 }), "one picture"},
		{"tensor that is absent", change(func(_ []tensor, o []operator) { o[0].in[1] = 77 }), "tensor 77"},
		{"negative tensor", change(func(_ []tensor, o []operator) { o[6].in[1] = -3 }), "sum"},
		{"read before it is made", change(func(_ []tensor, o []operator) { o[0], o[2] = o[2], o[0] }), "before it is made"},
		{"made twice", change(func(_ []tensor, o []operator) { o[1].out = []int{3} }), "made twice"},
		{"stride of 0", change(func(_ []tensor, o []operator) { o[0].options[1], o[0].options[2] = 0, 0 }), "stride"},
		{"pooling of 3", change(func(_ []tensor, o []operator) { o[3].options[3] = 3 }), "pooling"},
		{"no options", change(func(_ []tensor, o []operator) { o[0].options = nil }), "no options"},
		{"output that is absent", model(nil, nil, 15), ""},
	} {
		if _, err := Read(c.data); err == nil || !strings.HasPrefix(err.Error(), "tflite: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one that says %q", c.name, err, c.want)
		}
	}
}

// No byte of a file may lead out of it.
func TestReadOfDamagedFiles(t *testing.T) {
	whole := small()
	for n := range whole {
		_, _ = Read(whole[:n])
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			data := slices.Clone(whole)
			data[n] = v
			_, _ = Read(data)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small())
	f.Fuzz(func(t *testing.T, data []byte) {
		net, err := Read(data)
		if err != nil || net.Input.H*net.Input.W > 1<<10 || net.Input.C > 64 {
			return
		}
		_, _ = net.Run(cnn.Tensor{Shape: net.Input, Data: make([]float32, net.Input.H*net.Input.W*net.Input.C)})
	})
}
