package encoder

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/stream"
)

// conv is a k×k convolution of x [B, H, W, C] without a bias. pad is the padding before and after each spatial axis, none
// if k is 1.
func conv(scope *model.Scope, x *Node, k, channels, stride int, pad [2]int) *Node {
	dims := x.Shape().Dimensions
	kernel := Variable(scope, x, "kernel", heNormal(k*k*dims[3]), k, k, dims[3], channels)
	if k == 1 && !onednn.Computes(x) {
		if stride > 1 {
			x = Slice(x, AxisRange(), AxisRange().Stride(stride), AxisRange().Stride(stride), AxisRange())
		}
		out := slices.Clone(x.Shape().Dimensions)
		out[3] = channels
		return Reshape(MatMul(Reshape(x, -1, dims[3]), Reshape(kernel, dims[3], channels)), out...)
	}
	keeps := stride == 1 && pad == [2]int{k / 2, k / 2}
	if keeps && !onednn.Computes(x) && dims[1]*dims[2] <= gatherPlaces && dims[3] >= gatherChannels {
		return gatherConv(x, kernel)
	}
	return Convolve(x, kernel).StridePerAxis(stride, stride).PaddingPerDim([][2]int{pad, pad}).Done()
}

// Gathered taps are faster than XLA's own convolution on a CPU where a map has at most gatherPlaces places and at least
// gatherChannels channels (BenchmarkConvolution).
const gatherPlaces, gatherChannels = 64, 256

// gatherConv is the convolution of stride 1 of x [B, H, W, C] with kernel [k, k, C, C'], padded to keep its size, as one
// product of matrices with the taps of every place side by side; so are both gradients.
func gatherConv(x, kernel *Node) *Node {
	return withGradients(gatherProduct,
		func(adjoint *Node) *Node {
			return gatherProduct(adjoint, TransposeAllAxes(Reverse(kernel, 0, 1), 0, 1, 3, 2))
		},
		func(adjoint *Node) *Node {
			k, out := kernel.Shape().Dimensions[0], kernel.Shape().Dimensions[3]
			return Reshape(DotGeneral(gather(x, k), []int{0}, nil, Reshape(adjoint, -1, out), []int{0}, nil), kernel.Shape().Dimensions...)
		}, x, kernel)
}

func gatherProduct(x, kernel *Node) *Node {
	dims, k, out := x.Shape().Dimensions, kernel.Shape().Dimensions[0], kernel.Shape().Dimensions[3]
	return Reshape(MatMul(gather(x, k), Reshape(kernel, -1, out)), dims[0], dims[1], dims[2], out)
}

// gather lays the k×k neighbours of every place of x [B, H, W, C] side by side: [B·H·W, k·k·C].
func gather(x *Node, k int) *Node {
	dims, pad := x.Shape().Dimensions, [2]int{k / 2, k / 2}
	x = padZero(padZero(x, 1, pad), 2, pad)
	var taps []*Node
	for i := range k {
		for j := range k {
			taps = append(taps, Slice(x, AxisRange(), AxisRange(i, i+dims[1]), AxisRange(j, j+dims[2]), AxisRange()))
		}
	}
	return Reshape(Concatenate(taps, 3), -1, k*k*dims[3])
}

// padZero concatenates zeros, because GoMLX's Pad has no gradient.
func padZero(x *Node, axis int, pad [2]int) *Node {
	parts := []*Node{}
	zeros := func(n int) {
		if n > 0 {
			shape := x.Shape().Clone()
			shape.Dimensions[axis] = n
			parts = append(parts, Zeros(x.Graph(), shape))
		}
	}
	zeros(pad[0])
	parts = append(parts, x)
	zeros(pad[1])
	if len(parts) == 1 {
		return x
	}
	return Concatenate(parts, axis)
}

// batchNorm normalises the channels, which lie on axis, over batch and space in training, and by the running averages
// otherwise. As in PyTorch, the variance that is averaged is the unbiased one. Unlike there, the first batches are
// averaged with equal weights, until a batch weighs 1 − momentum, so that averages do not have to forget their start.
//
// It is ours rather than GoMLX's because that one averages the biased variance, and takes it as the difference of two
// large numbers on XLA.
func batchNorm(scope *model.Scope, x *Node, axis int, epsilon float64) *Node {
	const momentum = 0.9
	axis = MustAdjustAxis(axis, x)
	maps := x.DType()
	x = widen(x)
	g, channels := x.Graph(), x.Shape().Dimensions[axis]
	vector := func(name string, start float32, trainable bool) *model.Variable {
		v := scope.GetVariable(name)
		if v == nil {
			v = scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{start}, channels), channels))
		}
		return v.SetTrainable(trainable)
	}
	value := func(v *model.Variable) *Node { return ConvertDType(valueOf(scope, v, g), x.DType()) }
	scale, offset := value(vector("scale", 1, true)), value(vector("offset", 0, true))
	mean, variance := vector("mean", 0, false), vector("variance", 1, false)
	batches := vector("avg_weight", 0, false)
	if !scope.IsTraining(g) || model.GetParamOr(scope, frozenNorm, false) {
		factor := Div(scale, Sqrt(AddScalar(value(variance), epsilon)))
		term := Sub(offset, Mul(value(mean), factor))
		return ConvertDType(Add(Mul(x, along(factor, axis, x.Rank())), along(term, axis, x.Rank())), maps)
	}
	y, batchMean, batchVariance := normalize(x, scale, offset, axis, epsilon)
	if repeats(scope, g) {
		return ConvertDType(y, maps) // the averages have had this batch
	}
	if n := x.Shape().Size() / channels; n > 1 {
		batchVariance = MulScalar(batchVariance, float64(n)/float64(n-1))
	}
	count := OnePlus(batches.NodeValue(g))
	batches.SetNodeValue(count)
	keep := MinScalar(OneMinus(Reciprocal(count)), momentum)
	follow := func(v *model.Variable, batch *Node) {
		batch = ConvertDType(batch, count.DType())
		v.SetNodeValue(Add(Mul(keep, v.NodeValue(g)), Mul(OneMinus(keep), batch)))
	}
	follow(mean, batchMean)
	follow(variance, batchVariance)
	return ConvertDType(y, maps)
}

// frozenNorm is the parameter that [FreezeNorm] sets.
const frozenNorm = "encoder_frozen_norm"

// FreezeNorm says whether BatchNorm in scope, and in the scopes below it that say nothing else, normalises by the running
// averages and leaves them as they are, in training too.
func FreezeNorm(scope *model.Scope, frozen bool) { scope.SetParam(frozenNorm, frozen) }

// wide is the type to compute in where bfloat16's 8 bits are too few: sums over maps, and functions of them.
func wide(maps dtypes.DType) dtypes.DType {
	if maps == dtypes.BFloat16 {
		return dtypes.Float32
	}
	return maps
}

func widen(x *Node) *Node { return ConvertDType(x, wide(x.DType())) }

// normalize is x with mean 0 and variance 1 in each channel, times scale plus offset, and that mean and (biased)
// variance. The gradient goes through both, and is the short form that sums twice (Ioffe and Szegedy 2015, section 3).
//
// Package onednn computes what the two internal operations sum over x, exactly also where the mean is large. Other backends
// would take the variance as the difference of two large numbers, so they get the formulas.
func normalize(x, scale, offset *Node, axis int, epsilon float64) (y, mean, variance *Node) {
	var axes []int
	for i := range x.Rank() {
		if i != axis {
			axes = append(axes, i)
		}
	}
	spread := func(v *Node) *Node { return along(v, axis, x.Rank()) }
	// dx is taken as adjoint·a + x·b + c, so that the compiler keeps no normalised map for the backward pass.
	var adjoint, factor *Node
	sums := func() (adjoints, products *Node) {
		if onednn.Computes(x) {
			_, products, adjoints = InternalBatchNormGradient(x, scale, mean, variance, adjoint, float32(epsilon), axis)
			return adjoints, products
		}
		adjoints = ReduceSum(adjoint, axes...)
		return adjoints, Mul(factor, Sub(ReduceSum(Mul(adjoint, x), axes...), Mul(mean, adjoints)))
	}
	input := IdentityWithCustomGradient(x, func(_, _ *Node) *Node {
		adjoints, products := sums()
		share := 1 / float64(x.Shape().Size()/x.Shape().Dimensions[axis])
		a := Mul(scale, factor)
		b := Neg(Mul(Mul(a, factor), MulScalar(products, share)))
		c := Neg(Add(Mul(a, MulScalar(adjoints, share)), Mul(b, mean)))
		return Add(Add(Mul(adjoint, spread(a)), Mul(x, spread(b))), spread(c))
	})
	scale1 := IdentityWithCustomGradient(scale, func(_, _ *Node) *Node { _, products := sums(); return products })
	offset1 := IdentityWithCustomGradient(offset, func(_, _ *Node) *Node { adjoints, _ := sums(); return adjoints })
	if onednn.Computes(x) {
		_, mean, variance = InternalBatchNormForTraining(x, scale, offset, float32(epsilon), axis)
		mean, variance = StopGradient(mean), StopGradient(variance)
	} else {
		mean = StopGradient(ReduceMean(x, axes...))
		variance = ReduceMean(Square(Sub(x, spread(mean))), axes...)
	}
	factor = StopGradient(Reciprocal(Sqrt(AddScalar(variance, epsilon))))
	total := Mul(scale1, factor)
	y = Add(Mul(input, spread(total)), spread(Sub(offset1, Mul(mean, total))))
	y = IdentityWithCustomGradient(y, func(_, v *Node) *Node { adjoint = v; return v })
	return y, mean, variance
}

// along lays the vector v along an axis of rank axes.
func along(v *Node, axis, rank int) *Node {
	dims := slices.Repeat([]int{1}, rank)
	dims[axis] = v.Shape().Dimensions[0]
	return Reshape(v, dims...)
}

// maxPool takes the largest of 3×3 values at a stride of 2, with a border of 1, over two axes: along the second and then
// along the first, which XLA fuses best. Its own gradient of a pooling scatters values one by one: 50 ms for 7 on the maps of
// ResNet-18's stem.
func maxPool(x *Node, axes [2]int) *Node {
	return maxPoolAlong(maxPoolAlong(x, axes[1]), axes[0])
}

// maxPoolAlong is maxPool along one axis. The gradient goes to the first of equal values.
func maxPoolAlong(x *Node, axis int) *Node {
	size := x.Shape().Dimensions[axis]
	half := (size + 1) / 2
	cut := func(x *Node, from, to, stride int) *Node {
		return SliceAxis(x, axis, AxisRange(from, to).Stride(stride))
	}
	join := func(x ...*Node) *Node { return Concatenate(x, axis) }
	// An output sees the odd place before its even place, that, and the odd place behind it.
	window := func(x *Node) (before, even, odd *Node) {
		edge := x.Shape().Clone()
		edge.Dimensions[axis] = 1
		border := BroadcastToShape(Infinity(x.Graph(), x.DType(), -1), edge)
		if size%2 == 1 {
			x = join(x, border)
		}
		even, odd, before = cut(x, 0, 2*half, 2), cut(x, 1, 2*half, 2), border
		if half > 1 {
			before = join(border, cut(odd, 0, half-1, 1))
		}
		return before, even, odd
	}
	return withGradient(x,
		func(x *Node) *Node {
			before, even, odd := window(x)
			return Max(Max(before, even), odd)
		},
		func(_, adjoint *Node) *Node {
			before, even, odd := window(x)
			zeros := ZerosLike(adjoint)
			first, second := GreaterOrEqual(before, Max(even, odd)), GreaterOrEqual(even, odd)
			ofBefore, rest := Where(first, adjoint, zeros), Where(first, zeros, adjoint)
			ofEven, ofOdd := Where(second, rest, zeros), Where(second, zeros, rest)
			if half > 1 {
				ofOdd = Add(ofOdd, join(cut(ofBefore, 1, half, 1), cut(zeros, 0, 1, 1)))
			}
			pairs := Concatenate([]*Node{ExpandDims(ofEven, axis+1), ExpandDims(ofOdd, axis+1)}, axis+1)
			dims := slices.Clone(x.Shape().Dimensions)
			dims[axis] = 2 * half
			return cut(Reshape(pairs, dims...), 0, size, 1)
		})
}

// relu is max(x, 0). GoMLX differentiates minimum and maximum through ten sign operations; one mask does.
func relu(x *Node) *Node {
	return withGradient(x,
		func(x *Node) *Node { return ConvertDType(MaxScalar(widen(x), 0), x.DType()) },
		func(y, adjoint *Node) *Node {
			return Where(GreaterThan(y, ScalarZero(y.Graph(), y.DType())), adjoint, ZerosLike(adjoint))
		})
}

// relu6 clips x to [0, 6].
func relu6(x *Node) *Node {
	return withGradient(x,
		func(x *Node) *Node { return ConvertDType(ClipScalar(widen(x), 0, 6), x.DType()) },
		func(y, adjoint *Node) *Node {
			inside := And(GreaterThan(y, ScalarZero(y.Graph(), y.DType())), LessThan(y, Scalar(y.Graph(), y.DType(), 6)))
			return Where(inside, adjoint, ZerosLike(adjoint))
		})
}

// meanPool averages x to side×side places, or leaves it when it is no larger.
func meanPool(x *Node, side int) *Node {
	window := x.Shape().Dimensions[1] / side
	if window <= 1 {
		return x
	}
	return MeanPool(x).Window(window).NoPadding().Done()
}

// Linear is a fully connected layer of x [B, C] with a bias. Its variables are "weight" of scope, [C, width], drawn as [Variable] says
// with the deviation of He et al. 2015, and "bias", which begins at 0.
func Linear(scope *model.Scope, x *Node, width int) *Node {
	in := x.Shape().Dimensions[1]
	weight := Variable(scope, x, "weight", heNormal(in), in, width)
	bias := Variable(scope, x, "bias", 0, width)
	return Add(MatMul(x, weight), ExpandDims(bias, 0))
}

// Variable is the value, of the shape dims, of the float32 variable name of scope in the type of x, a node of the graph. A new
// variable holds Gaussians of deviation sigma, drawn from the store's [SeedParam] and its own path, the same on every backend;
// zeros where sigma is 0.
func Variable(scope *model.Scope, x *Node, name string, sigma float64, dims ...int) *Node {
	return variable(scope, x, name, dims, func(values []float32) {
		if sigma > 0 {
			seed := model.GetParamOr(scope, SeedParam, uint64(0))
			rng := stream.New(seed, "init", model.JoinPath(scope.Scope(), name))
			for i := range values {
				values[i] = float32(sigma * rng.NormFloat64())
			}
		}
	})
}

// Constant is [Variable] with first values that are all start.
func Constant(scope *model.Scope, x *Node, name string, start float64, dims ...int) *Node {
	return variable(scope, x, name, dims, func(values []float32) {
		for i := range values {
			values[i] = float32(start)
		}
	})
}

// variable is [Variable] with first values that begin fills in.
func variable(scope *model.Scope, x *Node, name string, dims []int, begin func(values []float32)) *Node {
	v := scope.GetVariable(name)
	if v == nil {
		size := 1
		for _, d := range dims {
			size *= d
		}
		values := make([]float32, size)
		begin(values)
		v = scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(values, dims...))
	}
	return ConvertDType(valueOf(scope, v, x.Graph()), x.DType())
}

// heNormal is the deviation that keeps the variance through a ReLU layer (He et al. 2015).
func heNormal(fanIn int) float64 { return math.Sqrt(2 / float64(fanIn)) }

// withGradient is forward(x) with a gradient of our own: backward takes the output and its adjoint and returns the
// adjoint of x. The gradient that GoMLX derives is still built, but nothing uses it, so the compiler drops it.
func withGradient(x *Node, forward func(x *Node) *Node, backward func(y, adjoint *Node) *Node) *Node {
	var y, adjoint *Node
	y = forward(IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return backward(y, adjoint) }))
	return IdentityWithCustomGradient(y, func(_, v *Node) *Node {
		adjoint = v
		return v
	})
}

// withGradients is forward(x, kernel) with gradients of our own, each of the adjoint of the output. GoMLX gets nothing to derive:
// its gradient of a grouped convolution is a convolution for each channel, 18,000 in EfficientNet-B0.
func withGradients(forward func(x, kernel *Node) *Node, ofX, ofKernel func(adjoint *Node) *Node, x, kernel *Node) *Node {
	var adjoint *Node
	input := IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return ofX(adjoint) })
	weights := IdentityWithCustomGradient(kernel, func(_, _ *Node) *Node { return ofKernel(adjoint) })
	y := StopGradient(forward(x, kernel))
	// What is never chosen, and compiled to nothing, leads the gradient from the output to both hooks.
	never, link := Const(y.Graph(), false), Add(first(input), first(weights))
	return IdentityWithCustomGradient(Where(never, BroadcastToShape(link, y.Shape()), y), func(_, v *Node) *Node {
		adjoint = v
		return v
	})
}

// first is the first value of x, a scalar.
func first(x *Node) *Node {
	spec := make([]SliceAxisSpec, x.Rank())
	for i := range spec {
		spec[i] = AxisElem(0)
	}
	return Reshape(Slice(x, spec...))
}

// silu is x·sigmoid(x). The backward pass recomputes the sigmoid, as 1 − sigmoid(−x), so that the
// compiler does not keep it.
func silu(x *Node) *Node {
	y := withGradient(widen(x),
		func(x *Node) *Node { return Mul(x, Sigmoid(x)) },
		func(_, adjoint *Node) *Node {
			x := widen(x)
			rest := Reciprocal(OnePlus(Exp(x)))
			return Mul(adjoint, Mul(OneMinus(rest), OnePlus(Mul(x, rest))))
		})
	return ConvertDType(y, x.DType())
}
