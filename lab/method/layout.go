package method

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Layout says what a sample has.
type Layout struct {
	Frames int // images of a sample; 0 is 1
	Side   int // of each image, in pixels
	Extra  int // side of one more picture of a sample; 0 for none
	Map    int // side of the map that a training sample is learned by; 0 for none
	Views  int // samples that are made of a clip at a time; 0 is 1
}

func (l Layout) check() error {
	if l.Side < 1 || l.Frames < 0 || l.Extra < 0 || l.Map < 0 || l.Views < 0 {
		return fmt.Errorf("layout %+v: want a side of at least 1 pixel and nothing negative", l)
	}
	return nil
}

// Count is the number of images of a sample.
func (l Layout) Count() int { return max(1, l.Frames) }

// Group is the number of samples that are made of a clip at a time.
func (l Layout) Group() int { return max(1, l.Views) }

// imageBytes, extraBytes and mapBytes are the sizes of the parts of a sample.
func (l Layout) imageBytes() int { return l.Count() * l.Side * l.Side * 3 }
func (l Layout) extraBytes() int { return l.Extra * l.Extra * 3 }
func (l Layout) mapBytes() int   { return l.Map * l.Map }

// Bytes is the size of a training sample.
func (l Layout) Bytes() int { return l.imageBytes() + l.extraBytes() + l.mapBytes() + 4 }

// Sample is a part of [Samples]. What the layout does not ask for is nil.
type Sample struct {
	Images []uint8 // RGB, [Frames, Side, Side, 3]
	Extra  []uint8 // RGB, [Extra, Extra, 3]
	Map    []uint8 // [Map, Map]
	Label  int32
}

// Samples are samples one behind the other, as a network takes them.
type Samples struct {
	Layout Layout
	Images []uint8
	Extra  []uint8
	Map    []uint8
	Labels []int32
}

// NewSamples returns n empty training samples.
func NewSamples(l Layout, n int) *Samples {
	return &Samples{l, make([]uint8, n*l.imageBytes()), make([]uint8, n*l.extraBytes()), make([]uint8, n*l.mapBytes()), make([]int32, n)}
}

// Len is the number of samples.
func (s *Samples) Len() int { return len(s.Images) / s.Layout.imageBytes() }

// At is sample i, which shares its memory with s; its label does not.
func (s *Samples) At(i int) Sample {
	part := func(all []uint8, size int) []uint8 {
		if size == 0 || all == nil {
			return nil // in scoring there is no map
		}
		return all[i*size : (i+1)*size : (i+1)*size]
	}
	out := Sample{Images: part(s.Images, s.Layout.imageBytes()), Extra: part(s.Extra, s.Layout.extraBytes()), Map: part(s.Map, s.Layout.mapBytes())}
	if s.Labels != nil {
		out.Label = s.Labels[i]
	}
	return out
}

// Slice are the samples from..to−1, which share their memory with s.
func (s *Samples) Slice(from, to int) *Samples {
	part := func(all []uint8, size int) []uint8 {
		if all == nil {
			return nil
		}
		return all[from*size : to*size : to*size] // what is appended to a slice is not written to s
	}
	l := s.Layout
	out := &Samples{Layout: l, Images: part(s.Images, l.imageBytes()), Extra: part(s.Extra, l.extraBytes()), Map: part(s.Map, l.mapBytes())}
	if s.Labels != nil {
		out.Labels = s.Labels[from:to:to]
	}
	return out
}

// Inputs are samples in a graph.
type Inputs struct {
	Images *Node // uint8 [B·Frames, Side, Side, 3]; the frames of a sample lie one behind the other
	Extra  *Node // uint8 [B, Extra, Extra, 3]; nil if the layout has none
	Map    *Node // uint8 [B, Map, Map]; nil if the layout has none, and in scoring
	Label  *Node // int32 [B]; nil in scoring
	share  *Node // float64
}

// Share is the part of the training that is done, a scalar in [0, 1) of the given type; 1 after it.
func (in Inputs) Share(dtype dtypes.DType) *Node { return ConvertDType(in.share, dtype) }

// WithShare returns in with another part of the training done, a scalar float64.
func (in Inputs) WithShare(share *Node) Inputs {
	in.share = share
	return in
}

// Tensors are the inputs of a graph that is built on [Layout.Inputs]: those of training samples where they have labels, else
// of scoring.
func (s *Samples) Tensors() []*tensors.Tensor {
	l, n := s.Layout, s.Len()
	all := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(s.Images, n*l.Count(), l.Side, l.Side, 3)}
	if l.Extra > 0 {
		all = append(all, tensors.FromFlatDataAndDimensions(s.Extra, n, l.Extra, l.Extra, 3))
	}
	if s.Labels == nil {
		return all
	}
	if l.Map > 0 {
		all = append(all, tensors.FromFlatDataAndDimensions(s.Map, n, l.Map, l.Map))
	}
	return append(all, tensors.FromFlatDataAndDimensions(s.Labels, n))
}

// Shapes are those of the tensors of n training samples.
func (l Layout) Shapes(n int) []shapes.Shape {
	all := []shapes.Shape{shapes.Make(dtypes.Uint8, n*l.Count(), l.Side, l.Side, 3)}
	if l.Extra > 0 {
		all = append(all, shapes.Make(dtypes.Uint8, n, l.Extra, l.Extra, 3))
	}
	if l.Map > 0 {
		all = append(all, shapes.Make(dtypes.Uint8, n, l.Map, l.Map))
	}
	return append(all, shapes.Make(dtypes.Int32, n))
}

// Arity is how many tensors training samples are.
func (l Layout) Arity() int {
	n := 2
	if l.Extra > 0 {
		n++
	}
	if l.Map > 0 {
		n++
	}
	return n
}

// Inputs are the nodes that the tensors of training samples become, at a given part of the training done, a scalar float64;
// the first of them, without map and labels, where nodes has no more.
func (l Layout) Inputs(nodes []*Node, share *Node) Inputs {
	in := Inputs{Images: nodes[0], share: share}
	nodes[0].AssertDims(-1, l.Side, l.Side, 3)
	nodes = nodes[1:]
	if l.Extra > 0 {
		in.Extra, nodes = nodes[0], nodes[1:]
	}
	if len(nodes) == 0 {
		return in
	}
	if l.Map > 0 {
		in.Map, nodes = nodes[0], nodes[1:]
	}
	in.Label = nodes[0]
	return in
}

// Trained is [Layout.Inputs] for scoring: all of the training is done.
func (l Layout) Trained(nodes []*Node) Inputs {
	return l.Inputs(nodes, Scalar(nodes[0].Graph(), dtypes.Float64, 1))
}
