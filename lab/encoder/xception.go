package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(Network{
		Info:   spec.EncoderInfo{Name: "xception", Doc: "Xception (Chollet 2017), the network of most deepfake detectors", Multiple: 32},
		Stages: xception, Mean: same(127.5), Deviation: same(127.5),
		Timm: "legacy_xception", Unused: []string{"fc.", "last_linear."},
	})
}

// xceptionBlock is a residual block of separable convolutions, with a pooling of stride 2 behind them if pooled.
type xceptionBlock struct {
	channels, convolutions int
	pooled                 bool
	late                   bool // it is the last convolution, not the first, that changes the channels
}

// xceptionBlocks are the entry, middle and exit flow.
var xceptionBlocks = []xceptionBlock{
	{128, 2, true, false}, {256, 2, true, false}, {728, 2, true, false},
	{728, 3, false, false}, {728, 3, false, false}, {728, 3, false, false}, {728, 3, false, false},
	{728, 3, false, false}, {728, 3, false, false}, {728, 3, false, false}, {728, 3, false, false},
	{1024, 2, true, true},
}

// xceptionEpsilon is that of PyTorch's BatchNorm.
const xceptionEpsilon = 1e-5

// xception is the network of Chollet (2017, figure 5) as timm's legacy_xception has it, the port that deepfake detection
// uses. The first two, dense convolutions are not padded. From there on, maps lie as [mobileAxes] says.
func xception(scope *model.Scope, images *Node) []*Node {
	norm := func(name string, x *Node, axis int) *Node {
		return batchNorm(scope.In("%s", name), x, axis, xceptionEpsilon)
	}
	x := relu(norm("bn1", conv(scope.In("conv1"), images, 3, 32, 2, [2]int{}), -1))
	x = relu(norm("bn2", conv(scope.In("conv2"), x, 3, 64, 1, [2]int{}), -1))
	axes := axesOf(x)
	x = axes.enter(x)
	stages := []*Node{x}
	for i, block := range xceptionBlocks {
		x = Checkpointed(scope.In("block%d", i+1), x, func(s *model.Scope, x *Node) *Node { return block.build(s, x, i > 0) })
		stages = append(stages, x)
	}
	x = relu(norm("bn3", separable(scope.In("conv3"), x, 1536), axes.channels))
	x = relu(norm("bn4", separable(scope.In("conv4"), x, 2048), axes.channels))
	stages = append(stages, x)
	for i, x := range stages {
		stages[i] = axes.leave(x)
	}
	return stages
}

// build adds the block to the maps x. A ReLU goes before each convolution, before the first only if activated.
// timm numbers the layers of a block one by one, its ReLUs too.
func (b xceptionBlock) build(scope *model.Scope, x *Node, activated bool) *Node {
	axes := axesOf(x)
	in := x.Shape().Dimensions[axes.channels]
	layer, layers := 0, scope.In("rep")
	next := func() *model.Scope {
		s := layers.In("%d", layer)
		layer++
		return s
	}
	y := x
	for i := range b.convolutions {
		if i > 0 || activated {
			y = relu(y)
			layer++
		}
		channels := b.channels
		if b.late && i < b.convolutions-1 {
			channels = in
		}
		y = separable(next(), y, channels)
		y = batchNorm(next(), y, axes.channels, xceptionEpsilon)
	}
	if b.pooled {
		y = maxPool(y, [2]int{axes.height, axes.width})
		x = SliceAxis(SliceAxis(x, axes.height, AxisRange().Stride(2)), axes.width, AxisRange().Stride(2))
	}
	if b.pooled || in != b.channels {
		x = batchNorm(scope.In("skipbn"), pointwise(scope.In("skip"), x, b.channels), axes.channels, xceptionEpsilon)
	}
	return Add(y, x)
}

// separable convolves every channel of the maps x with its own 3×3 kernel and then mixes them.
func separable(scope *model.Scope, x *Node, channels int) *Node {
	return pointwise(scope.In("pointwise"), depthwise(scope.In("conv1"), x, 3, 1), channels)
}
