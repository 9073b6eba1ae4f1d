package boundary

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	loss.Register(spec.LossInfo{
		Name: "cosface", Doc: "cross-entropy to the prototypes, the own one a margin further away",
		Reads: []string{"loss.temperature", "loss.margin"},
	}, func(c loss.Config) (loss.Func, error) {
		return func(z, labels, prototypes *Node) (mean, perAnchor *Node) {
			own := OneHot(labels, prototypes.Shape().Dimensions[0], z.DType())
			cosines := MatMul(z, Transpose(ConvertDType(prototypes, z.DType()), 0, 1))
			return loss.SoftmaxCrossEntropy(DivScalar(Sub(cosines, MulScalar(own, c.Margin)), c.Temperature), labels)
		}, nil
	}, nil)
}
