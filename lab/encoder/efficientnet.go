package encoder

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

func init() {
	// The weights were trained by the TPU repository, which feeds (level − 127)/128. The features are those before the
	// 1280-channel convolution of the classifier.
	Register(Network{
		Info:   spec.EncoderInfo{Name: "efficientnet-lite0", Doc: "EfficientNet-Lite0, B0 for small machines", Multiple: 32},
		Stages: efficientNetLite0, Mean: same(127), Deviation: same(128),
		Timm: "tf_efficientnet_lite0", Unused: []string{"conv_head.", "bn2.", "classifier."},
		ImageNet: &Checkpoint{toolbox.EfficientNetLite0, "0c677c314df2a69239bef9609a095a957201d5092462c5ace5d8bf3e0201bbd7"},
	})
	for number := range 5 {
		Register(Network{
			Info: spec.EncoderInfo{
				Name: fmt.Sprintf("efficientnet-b%d", number), Doc: fmt.Sprintf("EfficientNet-B%d (Tan and Le 2019)", number), Multiple: 32,
			},
			Stages: efficientNetB(number), Mean: same(127.5), Deviation: same(127.5),
			Timm: fmt.Sprintf("tf_efficientnet_b%d", number), Unused: []string{"classifier."},
		})
	}
}

// efficientNet is a network of the EfficientNet family (Tan and Le 2019), as timm's tf_ variants have it: padding and
// BatchNorm's epsilon are TensorFlow's. Its maps lie as [mobileAxes] says.
type efficientNet struct {
	stem     int // channels
	stages   []mobileStage
	head     int // channels of the last convolution, 0 to leave it out
	act      func(*Node) *Node
	excite   bool    // squeeze-and-excitation
	dropPath float64 // rate of the last block; the others rise towards it from 0
}

// mobileStage is a stage of EfficientNet: repeats inverted bottlenecks, the first with the stride.
type mobileStage struct{ repeats, kernel, stride, expand, channels int }

// b0Stages are those of EfficientNet-B0 (Tan and Le 2019, table 1).
var b0Stages = []mobileStage{
	{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
}

// efficientNetLite0 is B0 without squeeze-and-excitation and with ReLU6 (the Lite variant of the TensorFlow TPU
// repository), up to the 320 channels before the last convolution.
func efficientNetLite0(scope *model.Scope, images *Node) []*Node {
	return efficientNet{stem: 32, stages: b0Stages, act: relu6}.build(scope, images)
}

// efficientNetB is B0 with more channels and blocks, number 0 to 4 (the TPU repository's efficientnet_builder.py).
func efficientNetB(number int) func(*model.Scope, *Node) []*Node {
	width := []float64{1, 1, 1.1, 1.2, 1.4}[number]
	depth := []float64{1, 1.1, 1.2, 1.4, 1.8}[number]
	net := efficientNet{stem: scaled(32, width), head: scaled(1280, width), act: silu, excite: true, dropPath: 0.2}
	for _, stage := range b0Stages {
		stage.repeats = int(math.Ceil(depth * float64(stage.repeats)))
		stage.channels = scaled(stage.channels, width)
		net.stages = append(net.stages, stage)
	}
	return net.build
}

// scaled is the multiple of 8 nearest to channels·width, but not less than 90 % of it.
func scaled(channels int, width float64) int {
	exact := float64(channels) * width
	rounded := max(8, int(exact+4)/8*8)
	if float64(rounded) < 0.9*exact {
		rounded += 8
	}
	return rounded
}

// efficientNetEpsilon is that of TensorFlow's BatchNorm.
const efficientNetEpsilon = 1e-3

func (e efficientNet) build(scope *model.Scope, images *Node) []*Node {
	axes := axesOf(images)
	norm := func(name string, x *Node) *Node {
		return batchNorm(scope.In("%s", name), x, axes.channels, efficientNetEpsilon)
	}
	x := stemConv(scope.In("conv_stem"), axes.enter(images), 3, e.stem)
	x = e.act(norm("bn1", x))
	stages := []*Node{x}
	blocks, n := 0, 0
	for _, stage := range e.stages {
		blocks += stage.repeats
	}
	names := scope.In("blocks")
	for i, stage := range e.stages {
		name := names.In("%d", i)
		for j := range stage.repeats {
			stage, rate := stage, e.dropPath*float64(n)/float64(blocks)
			if j > 0 {
				stage.stride = 1
			}
			x = Checkpointed(name.In("%d", j), x, func(s *model.Scope, x *Node) *Node { return e.invertedBottleneck(s, x, stage, rate) })
			n++
		}
		stages = append(stages, x)
	}
	if e.head > 0 {
		stages = append(stages, e.act(norm("bn2", pointwise(scope.In("conv_head"), x, e.head))))
	}
	for i, x := range stages {
		stages[i] = axes.leave(x)
	}
	return stages
}

// invertedBottleneck widens, convolves each channel and narrows again. Blocks that do not widen are without the first
// step, so that their layers have other names in timm.
func (e efficientNet) invertedBottleneck(scope *model.Scope, x *Node, stage mobileStage, dropPath float64) *Node {
	axes := axesOf(x)
	in := x.Shape().Dimensions[axes.channels]
	norms := 0
	norm := func(x *Node) *Node {
		norms++
		return batchNorm(scope.In("bn%d", norms), x, axes.channels, efficientNetEpsilon)
	}
	narrow := "conv_pw"
	y := x
	if stage.expand > 1 {
		narrow = "conv_pwl"
		y = e.act(norm(pointwise(scope.In("conv_pw"), y, in*stage.expand)))
	}
	y = e.act(norm(depthwise(scope.In("conv_dw"), y, stage.kernel, stage.stride)))
	if e.excite {
		y = squeezeExcite(scope.In("se"), y, in/4, e.act)
	}
	y = norm(pointwise(scope.In("%s", narrow), y, stage.channels))
	if stage.stride == 1 && in == stage.channels {
		y = Add(dropPaths(scope, y, dropPath), x)
	}
	return y
}

// squeezeExcite weighs the channels of the maps x by what their means over space say (Hu et al. 2018).
func squeezeExcite(scope *model.Scope, x *Node, hidden int, act func(*Node) *Node) *Node {
	axes := axesOf(x)
	channels := x.Shape().Dimensions[axes.channels]
	layer := func(name string, x *Node, out int) *Node {
		s := scope.In("%s", name)
		bias := Variable(s, x, "bias", 0, out)
		return Add(pointwise(s, x, out), along(bias, axes.channels, 4))
	}
	weight := ReduceAndKeep(widen(x), ReduceMean, axes.height, axes.width)
	weight = act(layer("conv_reduce", weight, hidden))
	return Mul(x, ConvertDType(Sigmoid(layer("conv_expand", weight, channels)), x.DType()))
}
