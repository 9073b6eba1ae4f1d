package encoder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
)

// averagedBatches is what BatchNorm believes to have averaged over after [Load]. It weighs batch n by 1/n until that is
// less than 1 − momentum, so from here on the averages move on slowly instead of starting over.
const averagedBatches = 1000

// convolution is a convolution without a bias and the BatchNorm behind it, with their names there and here.
type convolution struct {
	kernel, norm string // prefixes in the checkpoint
	scope        string // path under the backbone
	out, in, k   int    // channels, channels of the input that an output sees, side of the kernel
}

// lite0Convolutions are the convolutions of [efficientNetLite0] as efficientnet-lite-pytorch names them.
func lite0Convolutions() []convolution {
	list := []convolution{{"_conv_stem", "_bn0", "stem", 32, 3, 3}}
	in, n := 32, 0
	for _, stage := range lite0Stages {
		for range stage.repeats {
			block, scope := fmt.Sprintf("_blocks.%d.", n), fmt.Sprintf("block%d/", n)
			hidden := in * stage.expand
			if stage.expand > 1 {
				list = append(list, convolution{block + "_expand_conv", block + "_bn0", scope + "expand", hidden, in, 1})
			}
			list = append(list,
				convolution{block + "_depthwise_conv", block + "_bn1", scope + "depthwise", hidden, 1, stage.kernel},
				convolution{block + "_project_conv", block + "_bn2", scope + "project", stage.channels, hidden, 1})
			in = stage.channels
			n++
		}
	}
	return list
}

// lite0Classifier are the prefixes of the classifier that [efficientNetLite0] leaves out.
var lite0Classifier = []string{"_conv_head.", "_bn1.", "_fc."}

// Load gives the backbone whose scope this is, "backbone" in the one of [Embed], the weights of file, which names and
// lays them out as the checkpoint of [ImageNet] does. Before the backbone is built it creates the variables. Its
// classifier may be there and is left out. It fails, listing them, when tensors are missing, left over or of a wrong
// shape; then nothing has changed.
func Load(scope *model.Scope, cfg spec.Encoder, file safetensors.File) error {
	if cfg.Name != "efficientnet-lite0" {
		return fmt.Errorf("encoder: the weights of %q cannot be loaded from a PyTorch checkpoint, only those of efficientnet-lite0", cfg.Name)
	}
	if err := file.Check(); err != nil {
		return fmt.Errorf("encoder: cannot load the weights: %w", err)
	}
	backbone := scope.Scope()
	values := map[string]safetensors.Tensor{}
	known := map[string]bool{}
	var misfits misfits
	take := func(name, variable string, shape []int, arrange func([]float32) safetensors.Tensor) {
		known[name] = true
		t, ok := file.Tensors[name]
		if !ok {
			misfits.missing = append(misfits.missing, name)
			return
		}
		if !slices.Equal(t.Shape, shape) {
			misfits.shape(name, t.Shape, shape)
			return
		}
		path := model.JoinPath(backbone, variable)
		values[path] = arrange(t.Data)
		if v := scope.Store().GetVariable(path); v != nil && !slices.Equal(v.Shape().Dimensions, values[path].Shape) {
			misfits.shape(path, values[path].Shape, v.Shape().Dimensions)
		}
	}
	for _, c := range lite0Convolutions() {
		take(c.kernel+".weight", c.scope+"/kernel", []int{c.out, c.in, c.k, c.k}, c.channelsLast)
		vector := func(data []float32) safetensors.Tensor { return safetensors.Tensor{Shape: []int{c.out}, Data: data} }
		take(c.norm+".weight", c.scope+"/scale", []int{c.out}, vector)
		take(c.norm+".bias", c.scope+"/offset", []int{c.out}, vector)
		take(c.norm+".running_mean", c.scope+"/mean", []int{c.out}, vector)
		take(c.norm+".running_var", c.scope+"/variance", []int{c.out}, vector)
		values[model.JoinPath(backbone, c.scope, "avg_weight")] = vector(slices.Repeat([]float32{averagedBatches}, c.out))
	}
	for name := range file.Tensors {
		classifier := slices.ContainsFunc(lite0Classifier, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !known[name] && !classifier {
			misfits.leftOver = append(misfits.leftOver, name)
		}
	}
	if err := misfits.err(); err != nil {
		return err
	}
	return assign(scope.Store(), values)
}

// channelsLast takes a kernel [out, in, k, k] to [out, k, k, in] and drops the axes of extent 1: that is how the stem,
// the depthwise and the pointwise convolutions hold theirs.
func (c convolution) channelsLast(kernel []float32) safetensors.Tensor {
	area := c.k * c.k
	turned := make([]float32, 0, len(kernel))
	for o := range c.out {
		for p := range area {
			for i := range c.in {
				turned = append(turned, kernel[(o*c.in+i)*area+p])
			}
		}
	}
	shape := slices.DeleteFunc([]int{c.out, c.k, c.k, c.in}, func(extent int) bool { return extent == 1 })
	return safetensors.Tensor{Shape: shape, Data: turned}
}
