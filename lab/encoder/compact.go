package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	Register(Network{
		Info:   spec.EncoderInfo{Name: "compact", Doc: "a small residual network for two cores and for teaching (ours)", Multiple: 32, Default: true},
		Stages: compact, Mean: same(127.5), Deviation: same(127.5),
	})
}

// compact is the small residual net for two cores and for teaching: a stem 3×3/2 with 16 channels, then residual
// stages of 24, 48 and 96 channels with strides 1, 2 and 2.
func compact(scope *model.Scope, x *Node) []*Node {
	const epsilon = 1e-5
	stem := scope.In("stem")
	x = relu(batchNorm(stem, conv(stem, x, 3, 16, 2, [2]int{1, 1}), -1, epsilon))
	stages := []*Node{x}
	for _, stage := range []struct {
		name             string
		channels, stride int
	}{{"stage1", 24, 1}, {"stage2", 48, 2}, {"stage3", 96, 2}} {
		x = Checkpointed(scope.In("%s", stage.name), x, func(s *model.Scope, x *Node) *Node {
			first, second, shortcut := s.In("conv1"), s.In("conv2"), s.In("shortcut")
			y := relu(batchNorm(first, conv(first, x, 3, stage.channels, stage.stride, [2]int{1, 1}), -1, epsilon))
			y = batchNorm(second, conv(second, y, 3, stage.channels, 1, [2]int{1, 1}), -1, epsilon)
			x = batchNorm(shortcut, conv(shortcut, x, 1, stage.channels, stage.stride, [2]int{0, 0}), -1, epsilon)
			return relu(Add(x, y))
		})
		stages = append(stages, x)
	}
	return stages
}
