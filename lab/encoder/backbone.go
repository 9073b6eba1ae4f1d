package encoder

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

// Network is an encoder: what takes images to maps, and what is known of its weights.
type Network struct {
	// Info is what specs know of it. ImageNet is set by [Register].
	Info spec.EncoderInfo
	// Stages builds the network in scope on images [B, H, W, 3], already scaled, and returns its maps before pooling,
	// [B, h, w, C] of the images' type: those after the stem and after every stage of blocks. The last are the features. H and W
	// are any multiples of Info.Multiple, not always those of a spec. It must build the same every time.
	//
	// [Variable] makes weights whose first values depend on the seed and their paths alone, as runs that can be repeated need;
	// blocks built by [Checkpointed] heed train.checkpoint. Variables of networks that timm has too lie in scopes named as
	// timm's modules, so that their names there follow from their paths here (see [Load]).
	Stages func(scope *model.Scope, images *Node) []*Node
	// Tokens, of networks that have them, builds the network as Stages does and returns its tokens after the last block,
	// [B, T, C], the class token first. nil is a network without tokens.
	Tokens func(scope *model.Scope, images *Node) *Node
	// Attention, of transformers, builds the network as Stages does and returns what its blocks made too, with their logits. nil is
	// another network.
	Attention func(scope *model.Scope, images *Node) Attention
	// Mean and Deviation, for R, G and B, scale levels of 0 to 255: the network's input is (level − mean)/deviation.
	Mean, Deviation [3]float64
	// Timm is the network's name in timm, "" if it has none.
	Timm string
	// Unused are the prefixes of what timm has behind the features, for example "fc.".
	Unused []string
	// ImageNet are its weights trained on ImageNet, which [ImageNet] brings; nil is none.
	ImageNet *Checkpoint
}

// same is one number for all three channels.
func same(x float64) [3]float64 { return [3]float64{x, x, x} }

// Levels from the mean and deviation of ImageNet's pixels.
var imageNetMean, imageNetDeviation = [3]float64{123.675, 116.28, 103.53}, [3]float64{58.395, 57.12, 57.375}

// networks are the encoders by name.
var networks = map[string]Network{}

// Register makes an encoder known to specs and to this package; init of the encoder's file calls it. It panics as
// [spec.RegisterEncoder] does, and when Stages or a deviation is missing.
func Register(n Network) {
	if n.Stages == nil || slices.Contains(n.Deviation[:], 0) {
		panic(fmt.Sprintf("encoder: %q: want Stages, and a Deviation other than 0 of each channel", n.Info.Name))
	}
	n.Info.ImageNet = n.ImageNet != nil
	spec.RegisterEncoder(n.Info)
	networks[n.Info.Name] = n
}

func networkOf(name string) (Network, error) {
	n, known := networks[name]
	if !known {
		_, err := spec.EncoderOf(name)
		return n, fmt.Errorf("encoder: unknown encoder %q: %w", name, err)
	}
	return n, nil
}

// scaled is the network's input of images, uint8 [B, H, W, 3], in the type floats.
func (n Network) scaled(images *Node, floats dtypes.DType) *Node {
	var shift, factor [3]float64
	for i := range 3 {
		shift[i], factor[i] = -n.Mean[i], 1/n.Deviation[i]
	}
	vector := func(x [3]float64) *Node {
		return ConvertDType(ConstTensor(images.Graph(), tensors.FromFlatDataAndDimensions(x[:], 1, 1, 1, 3)), floats)
	}
	return Mul(Add(ConvertDType(images, floats), vector(shift)), vector(factor))
}

// maps builds the stages of the network on images, uint8 [B, H, W, 3], in scope. It computes in the type floats, whatever
// that of the variables.
func (n Network) maps(scope *model.Scope, images *Node, floats dtypes.DType) []*Node {
	return n.Stages(scope, n.scaled(images, floats))
}
