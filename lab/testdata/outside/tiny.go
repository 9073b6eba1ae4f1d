package boundary

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	encoder.Register(encoder.Network{
		Info:   spec.EncoderInfo{Name: "tiny", Doc: "three convolutions", Multiple: 8},
		Stages: tiny,
		Mean:   [3]float64{127.5, 127.5, 127.5}, Deviation: [3]float64{127.5, 127.5, 127.5},
	})
}

// tiny halves the side three times.
func tiny(s *model.Scope, x *Node) (stages []*Node) {
	for i, channels := range []int{16, 32, 48} {
		s := s.In("conv%d", i)
		x = activation.Relu(encoder.BatchNorm(s, encoder.Convolution(s, x, 3, channels, 2)))
		stages = append(stages, x)
	}
	return stages
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
