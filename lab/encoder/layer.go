package encoder

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/seeable-lab/seeable/lab/stream"
)

// conv is a k×k convolution of x [B, H, W, C] without a bias. pad is the padding before and after each spatial axis.
func conv(scope *model.Scope, x *Node, k, channels, stride int, pad [2]int) *Node {
	in := x.Shape().Dimensions[3]
	kernel := variable(scope, "kernel", heNormal(k*k*in), k, k, in, channels).NodeValue(x)
	return Convolve(x, kernel).StridePerAxis(stride, stride).PaddingPerDim([][2]int{pad, pad}).Done()
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
// otherwise.
func batchNorm(scope *model.Scope, x *Node, axis int, epsilon float64) *Node {
	// In training the backend's operation has the gradient through mean and variance, which GoMLX's own graph cuts off; in
	// inference the pure Go backend lacks the operation.
	fused := scope.IsTraining(x.Graph())
	return norm.BatchNorm(scope, x, axis).CurrentScope().Momentum(0.9).Epsilon(epsilon).UseBackendInference(fused).Done()
}

// meanPool averages x to side×side places, or leaves it when it is no larger.
func meanPool(x *Node, side int) *Node {
	window := x.Shape().Dimensions[1] / side
	if window <= 1 {
		return x
	}
	return MeanPool(x).Window(window).NoPadding().Done()
}

// linear is a fully connected layer with a bias.
func linear(scope *model.Scope, x *Node, width int) *Node {
	in := x.Shape().Dimensions[1]
	weight := variable(scope, "weight", heNormal(in), in, width).NodeValue(x)
	bias := variable(scope, "bias", 0, width).NodeValue(x)
	return Add(MatMul(x, weight), ExpandDims(bias, 0))
}

// variable returns the float32 variable name of scope; a new one holds Gaussians of deviation sigma drawn from the
// seed of the store and its own path, the same on every backend.
func variable(scope *model.Scope, name string, sigma float64, dims ...int) *model.Variable {
	if v := scope.GetVariable(name); v != nil {
		return v
	}
	size := 1
	for _, d := range dims {
		size *= d
	}
	values := make([]float32, size)
	if sigma > 0 {
		seed := model.GetParamOr(scope, SeedParam, uint64(0))
		rng := stream.New(seed, "init", model.JoinPath(scope.Scope(), name))
		for i := range values {
			values[i] = float32(sigma * rng.NormFloat64())
		}
	}
	return scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(values, dims...))
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
