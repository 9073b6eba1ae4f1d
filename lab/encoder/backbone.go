package encoder

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

// backbone is a network that takes images [B, H, W, 3], already scaled, to maps.
//
// Variables of those that timm has too lie in scopes named as timm's modules, so that their names there follow from
// their paths here (see [Load]).
type backbone struct {
	// stages are the maps [B, h, w, C] after the stem and after every stage of blocks; the last are the features.
	stages          func(scope *model.Scope, images *Node) []*Node
	mean, deviation [3]float64 // network input = (level − mean)/deviation, for R, G, B
	timm            string     // the network's name in timm, "" if it has none
	unused          []string   // prefixes of what timm has behind the features
}

// same is one number for all three channels.
func same(x float64) [3]float64 { return [3]float64{x, x, x} }

// Levels from the mean and deviation of ImageNet's pixels.
var imageNetMean, imageNetDeviation = [3]float64{123.675, 116.28, 103.53}, [3]float64{58.395, 57.12, 57.375}

// backbones are the networks by name.
var backbones = map[string]backbone{
	"compact": {compact, same(127.5), same(127.5), "", nil},
	// The weights were trained by the TPU repository, which feeds (level − 127)/128. The features are those before the
	// 1280-channel convolution of the classifier.
	"efficientnet-lite0": {efficientNetLite0, same(127), same(128), "tf_efficientnet_lite0", []string{"conv_head.", "bn2.", "classifier."}},
	"efficientnet-b0":    {efficientNetB(0), same(127.5), same(127.5), "tf_efficientnet_b0", []string{"classifier."}},
	"efficientnet-b1":    {efficientNetB(1), same(127.5), same(127.5), "tf_efficientnet_b1", []string{"classifier."}},
	"efficientnet-b2":    {efficientNetB(2), same(127.5), same(127.5), "tf_efficientnet_b2", []string{"classifier."}},
	"efficientnet-b3":    {efficientNetB(3), same(127.5), same(127.5), "tf_efficientnet_b3", []string{"classifier."}},
	"efficientnet-b4":    {efficientNetB(4), same(127.5), same(127.5), "tf_efficientnet_b4", []string{"classifier."}},
	"resnet18":           {resNet18, imageNetMean, imageNetDeviation, "resnet18", []string{"fc."}},
	"resnet50":           {resNet50, imageNetMean, imageNetDeviation, "resnet50", []string{"fc."}},
	"xception":           {xception, same(127.5), same(127.5), "legacy_xception", []string{"fc.", "last_linear."}},
}

func backboneOf(name string) (backbone, error) {
	b, known := backbones[name]
	if !known {
		return b, fmt.Errorf("encoder: unknown encoder %q; there are %s", name, strings.Join(spec.Encoders, ", "))
	}
	return b, nil
}

// maps builds the stages of the network on images, uint8 [B, H, W, 3], in scope. It computes in the type floats, whatever
// that of the variables.
func (b backbone) maps(scope *model.Scope, images *Node, floats dtypes.DType) []*Node {
	var shift, factor [3]float64
	for i := range 3 {
		shift[i], factor[i] = -b.mean[i], 1/b.deviation[i]
	}
	vector := func(x [3]float64) *Node {
		return ConvertDType(ConstTensor(images.Graph(), tensors.FromFlatDataAndDimensions(x[:], 1, 1, 1, 3)), floats)
	}
	return b.stages(scope, Mul(Add(ConvertDType(images, floats), vector(shift)), vector(factor)))
}
