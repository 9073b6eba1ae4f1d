// Package encoder holds the networks that embed a face and the projection head behind them (spec section 5).
package encoder

import (
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

// Features is the first half of [Embed]: the backbone's map, averaged to 4×4 places where it is a multiple of that size
// and kept as it is otherwise, as float32 [B, places·C].
func Features(scope *model.Scope, cfg spec.Encoder, images *Node) *Node {
	images.AssertDims(-1, cfg.Size, cfg.Size, 3)
	backbone, err := backboneOf(cfg.Name)
	if err != nil {
		panic(err)
	}
	floats := dtypes.Float32
	if cfg.Precision == "bfloat16" {
		floats = dtypes.BFloat16
	}
	stages := backbone.maps(scope.In("backbone"), images, floats)
	x := meanPool(widen(stages[len(stages)-1]), featureSide)
	return Reshape(x, x.Shape().Dimensions[0], -1)
}

// Project is the head: linear, ReLU, linear (spec section 5, our choice).
func Project(scope *model.Scope, features *Node, hidden, dim int) *Node {
	x := activation.Relu(linear(scope.In("hidden"), features, hidden))
	return linear(scope.In("out"), x, dim)
}
