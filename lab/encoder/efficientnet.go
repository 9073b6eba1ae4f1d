package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// mobileBlocks is one stage of EfficientNet: repeats inverted bottlenecks, the first with the stride.
type mobileBlocks struct{ repeats, kernel, stride, expand, channels int }

// lite0Stages are those of EfficientNet-Lite0, that is B0 without squeeze-and-excitation and with ReLU6
// (Tan and Le 2019, table 1; the Lite variant of the TensorFlow TPU repository).
var lite0Stages = []mobileBlocks{
	{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
}

// efficientNetLite0 takes images [B, S, S, 3] to the 320-channel features of stride 32, [B, S/32, S/32, 320]; the
// 1280-channel classifier head is left out. Inside, maps are [C, B, H, W] (see [depthwise]).
func efficientNetLite0(scope *model.Scope, images *Node) *Node {
	const epsilon = 1e-3
	stem := scope.In("stem")
	x := relu6(batchNorm(stem, stemConv(stem, TransposeAllAxes(images, 3, 0, 1, 2), 3, 32), 0, epsilon))
	n := 0
	for _, stage := range lite0Stages {
		for i := range stage.repeats {
			stride := stage.stride
			if i > 0 {
				stride = 1
			}
			x = invertedBottleneck(scope.In("block%d", n), x, stage.kernel, stride, stage.expand, stage.channels, epsilon)
			n++
		}
	}
	return TransposeAllAxes(x, 1, 2, 3, 0)
}

func invertedBottleneck(scope *model.Scope, x *Node, k, stride, expand, channels int, epsilon float64) *Node {
	in := x.Shape().Dimensions[0]
	y := x
	if expand > 1 {
		s := scope.In("expand")
		y = relu6(batchNorm(s, pointwise(s, y, in*expand), 0, epsilon))
	}
	s := scope.In("depthwise")
	y = relu6(batchNorm(s, depthwise(s, y, k, stride), 0, epsilon))
	s = scope.In("project")
	y = batchNorm(s, pointwise(s, y, channels), 0, epsilon)
	if stride == 1 && in == channels {
		y = Add(y, x)
	}
	return y
}

// relu6 clips x to [0, 6]. GoMLX differentiates minimum and maximum through ten sign operations; one mask does.
func relu6(x *Node) *Node {
	return withGradient(x,
		func(x *Node) *Node { return ClipScalar(x, 0, 6) },
		func(y, adjoint *Node) *Node {
			inside := And(GreaterThan(y, ScalarZero(y.Graph(), y.DType())), LessThan(y, Scalar(y.Graph(), y.DType(), 6)))
			return Where(inside, adjoint, ZerosLike(adjoint))
		})
}
