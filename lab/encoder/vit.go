package encoder

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	for name, v := range map[string]struct {
		doc, timm string
		patch     int
		Transformer
	}{
		"vit-s16":  {"vision transformer S with patches of 16 pixels (Dosovitskiy et al. 2021)", "vit_small_patch16_224", 16, Transformer{14, 384, 6, 12}},
		"vit-b16":  {"vision transformer B with patches of 16 pixels (Dosovitskiy et al. 2021)", "vit_base_patch16_224", 16, Transformer{14, 768, 12, 12}},
		"vit-mini": {"a vision transformer with patches of 8 pixels for two cores (ours)", "", 8, Transformer{8, 96, 3, 6}},
	} {
		attention := func(scope *model.Scope, images *Node, logits bool) Attention {
			return v.Over(scope, patches(scope.In("patch_embed").In("proj"), images, v.patch, v.Width), logits)
		}
		n := Network{
			Info: spec.EncoderInfo{Name: name, Doc: v.doc, Multiple: v.patch},
			Stages: func(scope *model.Scope, images *Node) []*Node {
				return attention(scope, images, false).maps()
			},
			Tokens: func(scope *model.Scope, images *Node) *Node {
				return attention(scope, images, false).Tokens
			},
			Attention: func(scope *model.Scope, images *Node) Attention { return attention(scope, images, true) },
			Mean:      same(127.5), Deviation: same(127.5),
			Timm: v.timm,
		}
		if v.timm != "" {
			n.Unused = []string{"head."}
		}
		Register(n)
	}
}

// Transformer is a stack of attention blocks over the places of a map and a class token, as a vision transformer has it.
type Transformer struct {
	Grid   int // places a side of the map that positions are learned for; for others they are interpolated
	Width  int // of a token
	Heads  int // of Width/Heads each
	Blocks int
}

// Attention is what a [Transformer] makes of images. T tokens are the class token and, by rows, those of the places.
type Attention struct {
	Rows, Cols int
	Places     *Node   // [B, Rows, Cols, C], before positions are added
	Blocks     []*Node // tokens after each block, [B, T, C]
	Logits     []*Node // of each block, scaled products of queries and keys, [B, heads, T, T], before softmax; nil if not asked for
	Tokens     *Node   // after the last normalisation, [B, T, C]
}

// maps are the places before the first block, after each, and after the last normalisation, as maps without the class token.
func (a Attention) maps() []*Node {
	all := []*Node{a.Places}
	for _, tokens := range append(a.Blocks, a.Tokens) {
		d := tokens.Shape().Dimensions
		all = append(all, Reshape(Slice(tokens, AxisRange(), AxisRange(1), AxisRange()), d[0], a.Rows, a.Cols, d[2]))
	}
	return all
}

// Over builds the transformer over places [B, h, w, Width] in scope. Its variables have timm's names. Where logits are given out,
// train.checkpoint makes no block anew.
func (v Transformer) Over(scope *model.Scope, places *Node, logits bool) Attention {
	places.AssertDims(-1, -1, -1, v.Width)
	d := places.Shape().Dimensions
	a := Attention{Rows: d[1], Cols: d[2], Places: places}
	class := Variable(scope, places, "cls_token", 1e-6, 1, 1, v.Width)
	position := Variable(scope, places, "pos_embed", 0.02, 1, 1+v.Grid*v.Grid, v.Width)
	tokens := Concatenate([]*Node{
		BroadcastToDims(Add(class, Slice(position, AxisRange(), AxisRange(0, 1), AxisRange())), d[0], 1, v.Width),
		Add(Reshape(places, d[0], d[1]*d[2], v.Width), v.positions(Slice(position, AxisRange(), AxisRange(1), AxisRange()), d[1], d[2])),
	}, 1)
	blocks := scope.In("blocks")
	for i := range v.Blocks {
		s := blocks.In("%d", i)
		if logits {
			var made *Node
			tokens, made = attend(s, tokens, v.Heads, 4*v.Width)
			a.Logits = append(a.Logits, made)
		} else {
			tokens = Checkpointed(s, tokens, func(s *model.Scope, x *Node) *Node {
				x, _ = attend(s, x, v.Heads, 4*v.Width)
				return x
			})
		}
		a.Blocks = append(a.Blocks, tokens)
	}
	a.Tokens = LayerNorm(scope.In("norm"), tokens)
	return a
}

// positions are those of h×w places, [1, h·w, C], of the ones that were learned, [1, Grid·Grid, C].
func (v Transformer) positions(learned *Node, h, w int) *Node {
	if h == v.Grid && w == v.Grid {
		return learned
	}
	matrix := func(places int) *Node {
		return ConvertDType(ConstTensor(learned.Graph(), tensors.FromFlatDataAndDimensions(cubic(v.Grid, places), places, v.Grid)), learned.DType())
	}
	x := Einsum("wj,ijc->iwc", matrix(w), Reshape(learned, v.Grid, v.Grid, v.Width))
	return Reshape(Einsum("hi,iwc->hwc", matrix(h), x), 1, h*w, v.Width)
}

// cubic are the weights [to, from] that resize a line by cubic interpolation, smoothed where it becomes shorter: those of PyTorch's
// bicubic interpolation with antialias, which timm resizes positions by.
func cubic(from, to int) []float64 {
	const a = -0.5
	kernel := func(x float64) float64 {
		switch x = math.Abs(x); {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return a * (((x-5)*x+8)*x - 4)
		}
		return 0
	}
	scale := float64(from) / float64(to)
	stretch := max(1, scale)
	weights := make([]float64, to*from)
	for i := range to {
		row, total := weights[i*from:(i+1)*from], 0.0
		centre := scale * (float64(i) + 0.5)
		first, last := max(0, int(centre-2*stretch+0.5)), min(from, int(centre+2*stretch+0.5))
		for j := first; j < last; j++ {
			row[j] = kernel((float64(j) + 0.5 - centre) / stretch)
			total += row[j]
		}
		for j := range row {
			row[j] /= total
		}
	}
	return weights
}

// patches are the places of images [B, H, W, 3]: [B, H/side, W/side, width], a linear function of side×side pixels each.
func patches(scope *model.Scope, images *Node, side, width int) *Node {
	d := images.Shape().Dimensions
	rows, cols := d[1]/side, d[2]/side
	x := TransposeAllAxes(Reshape(images, d[0], rows, side, cols, side, d[3]), 0, 1, 3, 2, 4, 5)
	kernel := Variable(scope, images, "kernel", math.Sqrt(1/float64(side*side*d[3])), side, side, d[3], width)
	x = MatMul(Reshape(x, -1, side*side*d[3]), Reshape(kernel, -1, width))
	return Reshape(Add(x, ExpandDims(Variable(scope, images, "bias", 0, width), 0)), d[0], rows, cols, width)
}

// attend is a block of self-attention over x [B, T, C] and a perceptron of a hidden layer behind it, each added to what enters. logits are the scaled
// products of queries and keys, [B, heads, T, T].
func attend(scope *model.Scope, x *Node, heads, hidden int) (y, logits *Node) {
	d := x.Shape().Dimensions
	width := d[2] / heads
	attention, mlp := scope.In("attn"), scope.In("mlp")
	all := Reshape(tokenwise(attention.In("qkv"), LayerNorm(scope.In("norm1"), x), 3*d[2]), d[0], d[1], 3, heads, width)
	part := func(i int) *Node {
		return Reshape(Slice(all, AxisRange(), AxisRange(), AxisRange(i, i+1), AxisRange(), AxisRange()), d[0], d[1], heads, width)
	}
	logits = MulScalar(Einsum("bqhc,bkhc->bhqk", part(0), part(1)), 1/math.Sqrt(float64(width)))
	weights := ConvertDType(Softmax(widen(logits), -1), x.DType())
	mixed := Reshape(Einsum("bhqk,bkhc->bqhc", weights, part(2)), d[0], d[1], d[2])
	x = Add(x, tokenwise(attention.In("proj"), mixed, d[2]))
	y = activation.Gelu(tokenwise(mlp.In("fc1"), LayerNorm(scope.In("norm2"), x), hidden))
	return Add(x, tokenwise(mlp.In("fc2"), y, d[2])), logits
}

// tokenwise is a fully connected layer on each token of x [B, T, C], with a weight in PyTorch's layout, [width, C].
func tokenwise(scope *model.Scope, x *Node, width int) *Node {
	d := x.Shape().Dimensions
	weight, bias := Variable(scope, x, "matrix", 0.02, width, d[2]), Variable(scope, x, "bias", 0, width)
	y := DotGeneral(Reshape(x, -1, d[2]), []int{1}, nil, weight, []int{1}, nil)
	return Reshape(Add(y, ExpandDims(bias, 0)), d[0], d[1], width)
}

// LayerNorm normalises each token of x [..., C] over its channels (Ba et al. 2016), with ε 1e-6 as vision transformers have it.
func LayerNorm(scope *model.Scope, x *Node) *Node {
	channels := x.Shape().Dimensions[x.Rank()-1]
	scale, offset := Constant(scope, x, "scale", 1, channels), Constant(scope, x, "offset", 0, channels)
	return Add(Mul(Standardised(x), along(scale, x.Rank()-1, x.Rank())), along(offset, x.Rank()-1, x.Rank()))
}

// Standardised is x [..., C] with mean 0 and variance 1 over the channels of each token, as [LayerNorm] has it before scale and offset.
func Standardised(x *Node) *Node {
	wideX := widen(x)
	centred := Sub(wideX, ReduceAndKeep(wideX, ReduceMean, -1))
	deviation := Sqrt(AddScalar(ReduceAndKeep(Square(centred), ReduceMean, -1), 1e-6))
	return ConvertDType(Div(centred, deviation), x.DType())
}
