// Package encoder holds the networks that embed a face and the projection head behind them (spec section 5).
package encoder

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

// SeedParam is the store's parameter (uint64) from which new weights are drawn.
const SeedParam = "seed"

// featureSide is the side of the map of features that the head sees. The layout is kept, not averaged away: a head on
// averaged features does not learn which cell was touched.
const featureSide = 4

// Embed builds the network on images, uint8 [B, S, S, 3], in scope.
//
// features are the encoder's output h, [B, F]; embedding is the head's output z, [B, d], of unit length. It panics
// while the graph is built, as GoMLX does, when the spec is not valid.
func Embed(scope *model.Scope, cfg spec.Encoder, images *Node) (features, embedding *Node) {
	features = Features(scope, cfg, images)
	return features, L2Normalize(Project(scope.In("head"), features, cfg.Hidden, cfg.Dim), -1)
}

// Features is the first half of [Embed]: the backbone's map [B, h, w, C], averaged over squares of ⌊h/4⌋ places, as float32
// [B, places·C]. That is 4×4 places where h is a multiple of 4, the map itself where h is less than 8; a rest at the right and
// lower edge, too narrow for a square, is left out.
func Features(scope *model.Scope, cfg spec.Encoder, images *Node) *Node {
	network, floats := settled(cfg, images)
	stages := network.maps(scope.In("backbone"), images, floats)
	return Pool(widen(stages[len(stages)-1]))
}

// Pool makes [Features] of the last of [Maps], for networks that look at both.
func Pool(last *Node) *Node {
	x := meanPool(last, featureSide)
	return Reshape(x, x.Shape().Dimensions[0], -1)
}

// Maps are the backbone's maps before pooling, float32 [B, h, w, C]: those after the stem and after every stage of blocks, the
// last those that [Features] averages. images, scope and panics are as in [Embed]; the variables are those of Embed's backbone.
// Like Embed and Features it visits the scope: a graph that has two of them from one scope gives the second scope.ResetVisited(),
// and the compiler finds what they have in common.
func Maps(scope *model.Scope, cfg spec.Encoder, images *Node) []*Node {
	network, floats := settled(cfg, images)
	stages := network.maps(scope.In("backbone"), images, floats)
	for i, stage := range stages {
		stages[i] = widen(stage)
	}
	return stages
}

// Tokens are the backbone's tokens after its last block, float32 [B, T, C], the class token first. images, scope and panics are
// as in [Embed]; it panics, too, when the encoder has none.
func Tokens(scope *model.Scope, cfg spec.Encoder, images *Node) *Node {
	network, floats := settled(cfg, images)
	if network.Tokens == nil {
		panic(fmt.Errorf("encoder: %s has no tokens; use a transformer, or Maps in place of Tokens", cfg.Name))
	}
	return widen(network.Tokens(scope.In("backbone"), network.scaled(images, floats)))
}

// Attend is [Tokens] with what each block of a transformer made of images, float32. It is false, and nothing is built, when the
// encoder is none.
func Attend(scope *model.Scope, cfg spec.Encoder, images *Node) (a Attention, ok bool) {
	network, floats := settled(cfg, images)
	if network.Attention == nil {
		return a, false
	}
	a = network.Attention(scope.In("backbone"), network.scaled(images, floats))
	a.Places, a.Tokens = widen(a.Places), widen(a.Tokens)
	for i := range a.Blocks {
		a.Blocks[i], a.Logits[i] = widen(a.Blocks[i]), widen(a.Logits[i])
	}
	return a, true
}

// settled is what cfg asks for: the network and the type it computes in. It panics when that does not fit images.
func settled(cfg spec.Encoder, images *Node) (Network, dtypes.DType) {
	images.AssertDims(-1, cfg.Size, cfg.Size, 3)
	network, err := networkOf(cfg.Name)
	if err != nil {
		panic(err)
	}
	if cfg.Precision == "bfloat16" {
		return network, dtypes.BFloat16
	}
	return network, dtypes.Float32
}

// Project is the head: linear, ReLU, linear (spec section 5, our choice).
func Project(scope *model.Scope, features *Node, hidden, dim int) *Node {
	x := activation.Relu(Linear(scope.In("hidden"), features, hidden))
	return Linear(scope.In("out"), x, dim)
}
