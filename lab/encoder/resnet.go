package encoder

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	for name, stages := range map[string]func(*model.Scope, *Node) []*Node{"resnet18": resNet18, "resnet50": resNet50} {
		Register(Network{
			Info:   spec.EncoderInfo{Name: name, Doc: strings.Replace(name, "resnet", "ResNet-", 1) + " (He et al. 2016)", Multiple: 32},
			Stages: stages, Mean: imageNetMean, Deviation: imageNetDeviation,
			Timm: name, Unused: []string{"fc."},
		})
	}
}

// resNet18 and resNet50 are the residual networks of He et al. (2016, table 1), as timm has them: the bottleneck's
// stride lies on its 3×3 convolution. Their maps are [B, H, W, C]: XLA's own dense convolutions want that.
func resNet18(scope *model.Scope, images *Node) []*Node {
	return resNet(scope, images, [4]int{2, 2, 2, 2}, basicBlock)
}

func resNet50(scope *model.Scope, images *Node) []*Node {
	return resNet(scope, images, [4]int{3, 4, 6, 3}, bottleneck)
}

// resNetEpsilon is that of PyTorch's BatchNorm.
const resNetEpsilon = 1e-5

func resNet(scope *model.Scope, images *Node, depths [4]int, block func(scope *model.Scope, x *Node, width, stride int) *Node) []*Node {
	x := conv(scope.In("conv1"), images, 7, 64, 2, [2]int{3, 3})
	x = relu(batchNorm(scope.In("bn1"), x, -1, resNetEpsilon))
	stages := []*Node{x}
	x = maxPool(x, [2]int{1, 2})
	for i, depth := range depths {
		layer := scope.In("layer%d", i+1)
		for j := range depth {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			x = Checkpointed(layer.In("%d", j), x, func(s *model.Scope, x *Node) *Node { return block(s, x, 64<<i, stride) })
		}
		stages = append(stages, x)
	}
	return stages
}

func basicBlock(scope *model.Scope, x *Node, width, stride int) *Node {
	y := conv(scope.In("conv1"), x, 3, width, stride, [2]int{1, 1})
	y = relu(batchNorm(scope.In("bn1"), y, -1, resNetEpsilon))
	y = conv(scope.In("conv2"), y, 3, width, 1, [2]int{1, 1})
	y = batchNorm(scope.In("bn2"), y, -1, resNetEpsilon)
	return relu(Add(y, shortcut(scope, x, width, stride)))
}

func bottleneck(scope *model.Scope, x *Node, width, stride int) *Node {
	const expansion = 4
	y := conv(scope.In("conv1"), x, 1, width, 1, [2]int{})
	y = relu(batchNorm(scope.In("bn1"), y, -1, resNetEpsilon))
	y = conv(scope.In("conv2"), y, 3, width, stride, [2]int{1, 1})
	y = relu(batchNorm(scope.In("bn2"), y, -1, resNetEpsilon))
	y = conv(scope.In("conv3"), y, 1, width*expansion, 1, [2]int{})
	y = batchNorm(scope.In("bn3"), y, -1, resNetEpsilon)
	return relu(Add(y, shortcut(scope, x, width*expansion, stride)))
}

// shortcut is x itself, or projected where the block changes its shape.
func shortcut(scope *model.Scope, x *Node, channels, stride int) *Node {
	if stride == 1 && x.Shape().Dimensions[3] == channels {
		return x
	}
	s := scope.In("downsample")
	return batchNorm(s.In("1"), conv(s.In("0"), x, 1, channels, stride, [2]int{}), -1, resNetEpsilon)
}
