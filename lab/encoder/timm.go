package encoder

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
)

// averagedBatches is what BatchNorm believes to have averaged over after [Load]. It weighs batch n by 1/n until that is
// less than 1 − momentum, so from here on the averages move on slowly instead of starting over.
const averagedBatches = 1000

// Load gives the backbone whose scope this is, "backbone" in the one of [Embed], the weights of file, in the names and
// layouts of timm or, for EfficientNets, of efficientnet_pytorch. Before the backbone is built it creates the variables.
// What those have behind the features, such as a classifier, may be there and is left out. It fails, listing them, when
// tensors are missing, left over or of a wrong shape; then nothing has changed.
func Load(scope *model.Scope, cfg spec.Encoder, file safetensors.File) error {
	backbone, err := timmBackbone(cfg.Name)
	if err != nil {
		return err
	}
	if err := file.Check(); err != nil {
		return fmt.Errorf("encoder: cannot load the weights: %w", err)
	}
	variables, err := backbone.variables()
	if err != nil {
		return err
	}
	rename := func(name string) string { return name }
	if isEfficientNetPyTorch(file) {
		rename = efficientNetPyTorch(variables)
	}
	values, known := map[string]safetensors.Tensor{}, map[string]bool{}
	var misfits misfits
	for path, dims := range variables {
		absolute := model.JoinPath(scope.Scope(), path)
		if v := scope.Store().GetVariable(absolute); v != nil && !slices.Equal(v.Shape().Dimensions, dims) {
			misfits.shape(absolute, v.Shape().Dimensions, dims)
			continue
		}
		name, ok := timmName(path)
		if !ok {
			values[absolute] = safetensors.Tensor{Shape: dims, Data: slices.Repeat([]float32{averagedBatches}, dims[0])}
			continue
		}
		name = rename(name)
		known[name] = true
		want := timmShape(path, dims)
		t, ok := file.Tensors[name]
		switch {
		case !ok:
			misfits.missing = append(misfits.missing, name)
		case !slices.Equal(t.Shape, want):
			misfits.shape(name, t.Shape, want)
		default:
			values[absolute] = fromTimm(t, dims)
		}
	}
	for name := range file.Tensors {
		unused := slices.ContainsFunc(backbone.Unused, func(prefix string) bool { return strings.HasPrefix(name, rename(prefix)) })
		if !known[name] && !unused {
			misfits.leftOver = append(misfits.leftOver, name)
		}
	}
	if err := misfits.err(); err != nil {
		return err
	}
	return assign(scope.Store(), values)
}

// Export is the inverse of [Load]: the backbone's weights among those of a network as [Save] or a run's file holds them,
// below the path of the backbone's scope, in timm's names and layouts.
func Export(cfg spec.Encoder, path string, file safetensors.File) (safetensors.File, error) {
	backbone, err := timmBackbone(cfg.Name)
	if err != nil {
		return safetensors.File{}, err
	}
	if err := file.Check(); err != nil {
		return safetensors.File{}, fmt.Errorf("encoder: cannot export the weights: %w", err)
	}
	exported := safetensors.File{Tensors: map[string]safetensors.Tensor{}, Metadata: map[string]string{"timm": backbone.Timm}}
	var misfits misfits
	variables, err := backbone.variables()
	if err != nil {
		return safetensors.File{}, err
	}
	for relative, dims := range variables {
		absolute := model.JoinPath(path, relative)
		t, ok := file.Tensors[absolute]
		name, named := timmName(relative)
		switch {
		case !ok:
			misfits.missing = append(misfits.missing, absolute)
		case !slices.Equal(t.Shape, dims):
			misfits.shape(absolute, t.Shape, dims)
		case named:
			exported.Tensors[name] = toTimm(relative, t)
		}
	}
	for absolute := range file.Tensors {
		if relative, below := strings.CutPrefix(absolute, strings.TrimSuffix(path, "/")+"/"); below {
			if _, ok := variables[relative]; !ok {
				misfits.leftOver = append(misfits.leftOver, absolute)
			}
		}
	}
	return exported, misfits.err()
}

func timmBackbone(name string) (Network, error) {
	b, err := networkOf(name)
	if err == nil && b.Timm == "" {
		err = fmt.Errorf("encoder: %q is a network of our own, so timm has no weights and no names for it; use one of %s",
			name, strings.Join(slices.Sorted(timmEncoders()), ", "))
	}
	return b, err
}

// timmEncoders are the names of the encoders that timm has.
func timmEncoders() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name, b := range networks {
			if b.Timm != "" && !yield(name) {
				return
			}
		}
	}
}

// variables are the shapes of the network's variables by their paths below its scope. It builds the graph of a small
// image, which is never compiled, in a store of its own.
func (b Network) variables() (map[string][]int, error) {
	store := model.NewStore()
	err := graphs.Try(func() error {
		g := graph.NewGraph(gobackend.GetBackend(), "variables")
		defer g.Finalize()
		multiple := max(1, b.Info.Multiple)
		side := (32 + multiple - 1) / multiple * multiple
		b.maps(store.RootScope(), graph.Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, side, side, 3)), dtypes.Float32)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("encoder: cannot build the backbone: %w", err)
	}
	found := map[string][]int{}
	for v := range store.IterVariables() {
		found[strings.TrimPrefix(v.Path(), "/")] = v.Shape().Dimensions
	}
	return found, nil
}

// timmName is the name in timm of the variable path. The count of averaged batches has none.
func timmName(path string) (name string, ok bool) {
	module, leaf := model.SplitPath("/" + path)
	if bare(path) {
		return leaf, true
	}
	tensor, ok := map[string]string{
		"kernel": "weight", "matrix": "weight", "bias": "bias",
		"scale": "weight", "offset": "bias", "mean": "running_mean", "variance": "running_var",
	}[leaf]
	return strings.ReplaceAll(strings.Trim(module, "/"), "/", ".") + "." + tensor, ok
}

// bare tells whether a variable is of the network itself, as the tokens of a transformer that are learned.
func bare(path string) bool { return path == "cls_token" || path == "pos_embed" }

// timmShape is the shape in timm, [out, in, k, k], of a kernel of ours: [k, k, in, out] of a dense convolution, [C, k, k]
// of a depthwise one, [out, in] of a pointwise one. Vectors, matrices and what is learned of tokens are the same.
func timmShape(path string, dims []int) []int {
	if bare(path) || strings.HasSuffix(path, "/matrix") {
		return dims
	}
	switch len(dims) {
	case 4:
		return []int{dims[3], dims[2], dims[0], dims[1]}
	case 3:
		return []int{dims[0], 1, dims[1], dims[2]}
	case 2:
		return []int{dims[0], dims[1], 1, 1}
	}
	return dims
}

// fromTimm lays a tensor of timm's out as a variable of shape dims.
func fromTimm(t safetensors.Tensor, dims []int) safetensors.Tensor {
	if len(dims) < 4 {
		return safetensors.Tensor{Shape: dims, Data: t.Data}
	}
	area, in, out := dims[0]*dims[1], dims[2], dims[3]
	data := make([]float32, len(t.Data))
	for o := range out {
		for i := range in {
			for p := range area {
				data[(p*in+i)*out+o] = t.Data[(o*in+i)*area+p]
			}
		}
	}
	return safetensors.Tensor{Shape: dims, Data: data}
}

// toTimm is the inverse of fromTimm.
func toTimm(path string, t safetensors.Tensor) safetensors.Tensor {
	shape := timmShape(path, t.Shape)
	if len(t.Shape) < 4 {
		return safetensors.Tensor{Shape: shape, Data: t.Data}
	}
	area, in, out := t.Shape[0]*t.Shape[1], t.Shape[2], t.Shape[3]
	data := make([]float32, len(t.Data))
	for o := range out {
		for i := range in {
			for p := range area {
				data[(o*in+i)*area+p] = t.Data[(p*in+i)*out+o]
			}
		}
	}
	return safetensors.Tensor{Shape: shape, Data: data}
}

// isEfficientNetPyTorch tells the names of efficientnet_pytorch and efficientnet-lite-pytorch from timm's.
func isEfficientNetPyTorch(file safetensors.File) bool {
	for name := range file.Tensors {
		if strings.HasPrefix(name, "_blocks.") {
			return true
		}
	}
	return false
}

// efficientNetPyTorch returns the function from timm's names of an EfficientNet with these variables to those of
// efficientnet_pytorch, which numbers the blocks through and names a layer by its place in a block of four.
func efficientNetPyTorch(variables map[string][]int) func(name string) string {
	blocks := map[string][]string{} // the modules of each block by its prefix in timm
	var prefixes []string
	for _, path := range slices.Sorted(maps.Keys(variables)) {
		parts := strings.SplitN(path, "/", 4)
		if parts[0] == "blocks" {
			prefix := strings.Join(parts[:3], ".") + "."
			if blocks[prefix] == nil {
				prefixes = append(prefixes, prefix)
			}
			blocks[prefix] = append(blocks[prefix], parts[3])
		}
	}
	outside := map[string]string{"conv_stem.": "_conv_stem.", "bn1.": "_bn0.", "conv_head.": "_conv_head.", "bn2.": "_bn1.", "classifier.": "_fc."}
	widening := map[string]string{
		"conv_pw.": "_expand_conv.", "bn1.": "_bn0.", "conv_dw.": "_depthwise_conv.", "bn2.": "_bn1.",
		"se.conv_reduce.": "_se_reduce.", "se.conv_expand.": "_se_expand.", "conv_pwl.": "_project_conv.", "bn3.": "_bn2.",
	}
	plain := map[string]string{
		"conv_dw.": "_depthwise_conv.", "bn1.": "_bn1.",
		"se.conv_reduce.": "_se_reduce.", "se.conv_expand.": "_se_expand.", "conv_pw.": "_project_conv.", "bn2.": "_bn2.",
	}
	replace := func(name string, table map[string]string) string {
		for from, to := range table {
			if rest, ok := strings.CutPrefix(name, from); ok {
				return to + rest
			}
		}
		return name
	}
	return func(name string) string {
		for n, prefix := range prefixes {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				table := plain
				if slices.ContainsFunc(blocks[prefix], func(path string) bool { return strings.HasPrefix(path, "conv_pwl/") }) {
					table = widening
				}
				return fmt.Sprintf("_blocks.%d.", n) + replace(rest, table)
			}
		}
		return replace(name, outside)
	}
}
