package method

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Samples are the bytes that were written to each of them, however they are cut, and the tensors and nodes that they
// become have the shapes and the values of the layout.
func TestSamplesRoundTrip(t *testing.T) {
	backend := acceltest.PureGo(t)
	rng := stream.New(1, "layouts")
	for range 60 {
		l := Layout{Frames: rng.IntN(4), Side: 1 + rng.IntN(5), Extra: rng.IntN(3), Map: rng.IntN(3), Views: rng.IntN(3)}
		n := 1 + rng.IntN(6)
		s := NewSamples(l, n)
		if s.Len() != n || len(s.Images)+len(s.Extra)+len(s.Map)+4*len(s.Labels) != n*l.Bytes() {
			t.Fatalf("%d samples of %+v: %d, and not of %d bytes", n, l, s.Len(), l.Bytes())
		}
		written := make([]Sample, n)
		for j := range n {
			sample := s.At(j)
			if len(sample.Images) != max(1, l.Frames)*l.Side*l.Side*3 || len(sample.Extra) != l.Extra*l.Extra*3 || len(sample.Map) != l.Map*l.Map ||
				(sample.Extra == nil) != (l.Extra == 0) || (sample.Map == nil) != (l.Map == 0) {
				t.Fatalf("a sample of %+v has %d, %d and %d bytes", l, len(sample.Images), len(sample.Extra), len(sample.Map))
			}
			for _, part := range [][]uint8{sample.Images, sample.Extra, sample.Map} {
				for k := range part {
					part[k] = uint8(rng.IntN(256))
				}
				if cap(part) != len(part) {
					t.Fatal("what is appended to a part of a sample is written to the next")
				}
			}
			s.Labels[j] = int32(rng.IntN(9))
			written[j] = Sample{slices.Clone(sample.Images), slices.Clone(sample.Extra), slices.Clone(sample.Map), s.Labels[j]}
		}
		check := func(what string, got *Samples, from int, want []Sample, trained bool) {
			t.Helper()
			if got.Len() != len(want) || got.Layout != l {
				t.Fatalf("%s: %d samples of %+v, want %d", what, got.Len(), got.Layout, len(want))
			}
			for j, w := range want {
				g := got.At(j)
				if !bytes.Equal(g.Images, w.Images) || !bytes.Equal(g.Extra, w.Extra) || trained && (!bytes.Equal(g.Map, w.Map) || g.Label != w.Label) ||
					!trained && (g.Map != nil || g.Label != 0) {
					t.Fatalf("%s of %+v: sample %d from %d is another", what, l, j, from)
				}
			}
			given := got.Tensors()
			if arity := l.Arity(); trained && len(given) != arity || !trained && len(given) != 1+min(1, l.Extra) {
				t.Fatalf("%s of %+v: %d tensors, arity %d", what, l, len(given), arity)
			}
			var args []any
			for _, x := range given {
				args = append(args, x)
			}
			var shapes []string
			out, err := model.CallOnceN(backend, model.NewStore(), func(_ *model.Scope, nodes []*Node) []*Node {
				in := l.Trained(nodes)
				var all []*Node
				shapes = nil
				for _, x := range []*Node{in.Images, in.Extra, in.Map, in.Label, in.Share(dtypes.Float32)} {
					if x == nil {
						shapes = append(shapes, "nil")
						continue
					}
					shapes = append(shapes, x.Shape().String())
					all = append(all, Identity(x))
				}
				return all
			}, args...)
			if err != nil {
				t.Fatalf("%+v", err)
			}
			expect := func(exists bool, format string, dims ...any) string {
				if !exists {
					return "nil"
				}
				return fmt.Sprintf(format, dims...)
			}
			c := len(want)
			expected := []string{
				expect(true, "(Uint8)[%d, %d, %d, 3]", c*max(1, l.Frames), l.Side, l.Side), expect(l.Extra > 0, "(Uint8)[%d, %d, %d, 3]", c, l.Extra, l.Extra),
				expect(trained && l.Map > 0, "(Uint8)[%d, %d, %d]", c, l.Map, l.Map), expect(trained, "(Int32)[%d]", c), "(Float32)",
			}
			if !slices.Equal(shapes, expected) {
				t.Fatalf("%s of %+v: nodes %q, want %q", what, l, shapes, expected)
			}
			var pixels, labels []byte
			for _, w := range want {
				pixels = append(pixels, w.Images...)
			}
			for _, w := range want {
				pixels = append(pixels, w.Extra...)
			}
			for _, w := range want {
				if trained {
					pixels, labels = append(pixels, w.Map...), append(labels, byte(w.Label))
				}
			}
			var found, named []byte
			for _, x := range out[:len(out)-1] {
				if flat, err := tensors.CopyFlatData[uint8](x); err == nil {
					found = append(found, flat...)
				} else {
					for _, label := range tensors.MustCopyFlatData[int32](x) {
						named = append(named, byte(label))
					}
				}
			}
			if !bytes.Equal(found, pixels) || !bytes.Equal(named, labels) {
				t.Fatalf("%s of %+v: nodes of other values", what, l)
			}
			if done := tensors.ToScalar[float32](out[len(out)-1]); done != 1 {
				t.Fatalf("after the training %v of it is done", done)
			}
		}
		check("samples", s, 0, written, true)
		from := rng.IntN(n)
		to := from + 1 + rng.IntN(n-from)
		check("a slice", s.Slice(from, to), from, written[from:to], true)
		// In scoring, samples are appended and have neither map nor label.
		probed := &Samples{Layout: l}
		for _, w := range written {
			probed.Images, probed.Extra = append(probed.Images, w.Images...), append(probed.Extra, w.Extra...)
		}
		check("scoring", probed, 0, written, false)
		cut := probed.Slice(from, to)
		check("a slice of scoring", cut, from, written[from:to], false)
		_, _ = append(cut.Images, 77), append(cut.Extra, 77)
		check("samples one of whose slices was appended to", probed, 0, written, false)
	}
}

// ranked is a method whose outputs have several ranks, made of frames and one more picture.
type ranked struct{ Method }

func (ranked) Layout() Layout { return Layout{Frames: 3, Side: 4, Extra: 2, Map: 2} }

func (m ranked) Outputs(scope *model.Scope, in Inputs) []*Node {
	weight := scope.VariableWithValue("weight", float32(2)).NodeValue(in.Images)
	frames := Reshape(ConvertDType(in.Images, dtypes.Float32), -1, 3, 4, 4, 3)
	extra := ConvertDType(in.Extra, dtypes.Float32)
	first := Reshape(Slice(frames, AxisRange(), AxisElem(1), AxisElem(2), AxisElem(3), AxisElem(0)), -1)
	count := scope.VariableWithValue("count", float32(0)).SetTrainable(false)
	count.SetNodeValue(OnePlus(count.NodeValue(in.Images))) // which it must not
	return []*Node{Mul(frames, weight), ReduceSum(extra, -1), first, Reshape(extra, -1, 12)}
}

// Rows are, for outputs of any rank, the values of the sample alone, in passes that are full and that are not; a pass changes
// no variable.
func TestRowsOfAnyRank(t *testing.T) {
	store := model.NewStore()
	network, err := NewNetwork(acceltest.PureGo(t), store, ranked{})
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	l := ranked{}.Layout()
	for _, n := range []int{1, NetworkPass, 2*NetworkPass + 5} {
		rng := stream.New(1, "rows", n)
		s := &Samples{Layout: l}
		for range n * 3 * 4 * 4 * 3 {
			s.Images = append(s.Images, uint8(rng.IntN(256)))
		}
		for range n * 2 * 2 * 3 {
			s.Extra = append(s.Extra, uint8(rng.IntN(256)))
		}
		rows, err := network.Rows(t.Context(), s)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if len(rows) != n {
			t.Fatalf("%d rows of %d samples", len(rows), n)
		}
		for i, row := range rows {
			at := s.At(i)
			want := Row{nil, make([]float32, 4), {float32(at.Images[4*4*3+2*4*3+3*3])}, nil}
			for _, v := range at.Images {
				want[0] = append(want[0], 2*float32(v))
			}
			for j, v := range at.Extra {
				want[1][j/3] += float32(v)
				want[3] = append(want[3], float32(v))
			}
			for j := range want {
				if len(row) != 4 || !slices.Equal(row[j], want[j]) {
					t.Fatalf("output %d of sample %d of %d is %v, want %v", j, i, n, row[j], want[j])
				}
			}
		}
		if _, err := network.Guesses(t.Context(), s); err == nil || !strings.Contains(err.Error(), "classifies nothing") {
			t.Errorf("guesses of a network that classifies nothing: error %v", err)
		}
		s.Extra = s.Extra[1:]
		if _, err := network.Rows(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no whole number of samples") {
			t.Errorf("a byte too few: error %v", err)
		}
	}
	if count := tensors.ToScalar[float32](must(store.GetVariable("/net/count").Value())); count != 0 {
		t.Errorf("passes changed a variable: %v", count)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// wrapper changes how a method groups its network, and hands on the rest.
type wrapper struct{ Method }

func (w wrapper) Unwrap() Method { return w.Method }
func (wrapper) Groups() []Group  { return []Group{{Prefix: "outer"}} }

// opaque wraps a method and does not say so.
type opaque struct{ Method }

// As finds an interface at the outermost method that has it, through any number of wrappers, and not through one that does
// not unwrap.
func TestAs(t *testing.T) {
	inner := newTestSeeABLE(t, tiny())
	for depth, m := 0, Method(inner); depth < 3; depth, m = depth+1, Method(wrapper{m}) {
		c, ok := As[Classifier](m)
		if !ok || c != Classifier(inner) {
			t.Errorf("depth %d: classifier %v, %t", depth, c, ok)
		}
		g, ok := As[Grouper](m)
		if ok != (depth > 0) || ok && any(g) != any(m) {
			t.Errorf("depth %d: groups of %v, %t", depth, g, ok)
		}
		if g, ok := As[Grouper](opaque{m}); ok || g != nil {
			t.Errorf("depth %d: groups of what does not unwrap", depth)
		}
		if w, ok := As[Watcher](m); ok || w != nil {
			t.Errorf("depth %d: a watcher %v", depth, w)
		}
	}
}
