package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Convolution is a k×k convolution of x [B, H, W, C] without a bias, padded by ⌊k/2⌋ zeros on each side. Its variable is
// "kernel" of scope, [k, k, C, channels], drawn as [Variable] says with the deviation of He et al. 2015.
func Convolution(scope *model.Scope, x *Node, k, channels, stride int) *Node {
	return conv(scope, x, k, channels, stride, [2]int{k / 2, k / 2})
}

// BatchNorm normalises the channels of x [..., C] over batch and space in training, and by the running averages otherwise.
// Unlike GoMLX's own it heeds [FreezeNorm] and [Checkpointed], and averages as PyTorch does.
func BatchNorm(scope *model.Scope, x *Node) *Node { return batchNorm(scope, x, -1, 1e-5) }

// Repeat repeats each place of x [B, H, W, C] factor times along both sides.
func Repeat(x *Node, factor int) *Node {
	if factor == 1 {
		return x
	}
	d := x.Shape().Dimensions
	x = BroadcastToDims(Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], factor, d[2], factor, d[3])
	return Reshape(x, d[0], factor*d[1], factor*d[2], d[3])
}
