package onednn

import (
	"fmt"
	"strings"
	"testing"
)

// program is a StableHLO program of one convolution, as go-xla writes it.
func program(attributes map[string]string, types string) string {
	text := "module @m {\n  func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {\n    %0 = \"stablehlo.convolution\"(%x, %k) {\n"
	var lines []string
	for _, name := range []string{"batch_group_count", "dimension_numbers", "feature_group_count", "lhs_dilation", "padding",
		"precision_config", "rhs_dilation", "window_reversal", "window_strides"} {
		value, ok := attributes[name]
		if !ok {
			value = map[string]string{
				"batch_group_count": "1 : i64", "feature_group_count": "1 : i64",
				"dimension_numbers": "#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>",
				"lhs_dilation":      "array<i64: 1, 1>", "rhs_dilation": "array<i64: 1, 1>", "window_strides": "array<i64: 1, 1>",
				"padding":          "dense<[[1, 1], [1, 1]]> : tensor<2x2xi64>",
				"precision_config": "[#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]",
				"window_reversal":  "array<i1: false, false>",
			}[name]
		}
		lines = append(lines, "      "+name+" = "+value)
	}
	return text + strings.Join(lines, ",\n") + "\n    } : " + types + "\n    \"stablehlo.return\"(%0) : (tensor<1xf32>) -> ()\n  }\n}\n"
}

const forwardTypes = "(tensor<4x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<4x8x8x16xf32>"

// Every kind of convolution is told from the others, and its strides follow the layout.
func TestRewrite(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string]string
		types      string
		want       convolution
	}{
		"forward": {nil, forwardTypes, convolution{kind: forward, batch: 4, groups: 1, inputs: 3, outputs: 16,
			input: [2]int64{8, 8}, kernel: [2]int64{3, 3}, output: [2]int64{8, 8},
			stride: [2]int64{1, 1}, dilation: [2]int64{1, 1}, before: [2]int64{1, 1}, after: [2]int64{1, 1},
			inputStrides: [4]int64{192, 1, 24, 3}, kernelStrides: [5]int64{16, 1, 16, 144, 48}, outputStrides: [4]int64{1024, 1, 128, 16}}},
		"gradient of the input, stride 2": {map[string]string{"lhs_dilation": "array<i64: 2, 2>", "padding": "dense<[[1, 2], [1, 2]]> : tensor<2x2xi64>",
			"dimension_numbers": "#stablehlo.conv<[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]>"},
			"(tensor<4x4x4x16xf32>, tensor<3x3x3x16xf32>) -> tensor<4x8x8x3xf32>",
			convolution{kind: dataGradient, batch: 4, groups: 1, inputs: 3, outputs: 16,
				input: [2]int64{8, 8}, kernel: [2]int64{3, 3}, output: [2]int64{4, 4},
				stride: [2]int64{2, 2}, dilation: [2]int64{1, 1}, before: [2]int64{1, 1}, after: [2]int64{0, 0},
				inputStrides: [4]int64{192, 1, 24, 3}, kernelStrides: [5]int64{48, 1, 16, 144, 48}, outputStrides: [4]int64{256, 1, 64, 16}}},
		"gradient of the kernel, stride 2": {map[string]string{"rhs_dilation": "array<i64: 2, 2>", "padding": "dense<[[1, 0], [1, 0]]> : tensor<2x2xi64>",
			"dimension_numbers": "#stablehlo.conv<[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]>"},
			"(tensor<4x8x8x3xf32>, tensor<4x4x4x16xf32>) -> tensor<3x3x3x16xf32>",
			convolution{kind: kernelGradient, batch: 4, groups: 1, inputs: 3, outputs: 16,
				input: [2]int64{8, 8}, kernel: [2]int64{3, 3}, output: [2]int64{4, 4},
				stride: [2]int64{2, 2}, dilation: [2]int64{1, 1}, before: [2]int64{1, 1}, after: [2]int64{0, 0},
				inputStrides: [4]int64{192, 1, 24, 3}, kernelStrides: [5]int64{16, 1, 16, 144, 48}, outputStrides: [4]int64{256, 1, 64, 16}}},
		"depthwise": {map[string]string{"feature_group_count": "16 : i64"},
			"(tensor<4x8x8x16xf32>, tensor<3x3x1x16xf32>) -> tensor<4x8x8x16xf32>",
			convolution{kind: forward, batch: 4, groups: 16, inputs: 16, outputs: 16,
				input: [2]int64{8, 8}, kernel: [2]int64{3, 3}, output: [2]int64{8, 8},
				stride: [2]int64{1, 1}, dilation: [2]int64{1, 1}, before: [2]int64{1, 1}, after: [2]int64{1, 1},
				inputStrides: [4]int64{1024, 1, 128, 16}, kernelStrides: [5]int64{1, 1, 16, 48, 16}, outputStrides: [4]int64{1024, 1, 128, 16}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := program(c.attributes, c.types)
			var got []convolution
			after, any := rewrite([]byte(before), func(c convolution) (string, bool) {
				got = append(got, c)
				return "42", true
			})
			if !any || len(got) != 1 || got[0] != c.want {
				t.Fatalf("got  %+v\nwant %+v", got, c.want)
			}
			want := `%0 = "stablehlo.custom_call"(%x, %k) {api_version = 4 : i32, backend_config = {prepared = 42 : i64}, call_target_name = "seeable_convolution",`
			if !strings.Contains(string(after), want) || !strings.Contains(string(after), "} : "+c.types+"\n    \"stablehlo.return\"") {
				t.Errorf("not rewritten as it should be:\n%s", after)
			}
		})
	}
}

// What oneDNN does not compute, or computes no better, stays as it is to the byte.
func TestRewriteLeaves(t *testing.T) {
	for name, text := range map[string]string{
		"no convolution":   "module @m {}\n",
		"float64":          program(nil, strings.ReplaceAll(forwardTypes, "f32", "f64")),
		"one dimension":    program(nil, "(tensor<4x8x3xf32>, tensor<3x3x16xf32>) -> tensor<4x8x16xf32>"),
		"reversed":         program(map[string]string{"window_reversal": "array<i1: true, false>"}, forwardTypes),
		"cropping":         program(map[string]string{"padding": "dense<[[-1, 1], [1, 1]]> : tensor<2x2xi64>"}, forwardTypes),
		"dynamic":          program(nil, strings.ReplaceAll(forwardTypes, "4x8", "?x8")),
		"stride and input": program(map[string]string{"lhs_dilation": "array<i64: 2, 2>", "window_strides": "array<i64: 2, 2>"}, forwardTypes),
		"both groups":      program(map[string]string{"batch_group_count": "2 : i64", "feature_group_count": "2 : i64"}, forwardTypes),
	} {
		after, any := rewrite([]byte(text), func(c convolution) (string, bool) { return "42", true })
		if any || string(after) != text {
			t.Errorf("%s: rewritten:\n%s", name, after)
		}
	}
	if _, any := rewrite([]byte(program(nil, forwardTypes)), func(convolution) (string, bool) { return "", false }); any {
		t.Error("rewritten although oneDNN has no kernel")
	}
}

// FuzzRewrite wants no panic, whatever the text, and for any that parses a convolution whose sizes fit together.
func FuzzRewrite(f *testing.F) {
	f.Add(program(nil, forwardTypes))
	f.Add(program(map[string]string{"rhs_dilation": "array<i64: 2, 2>"}, forwardTypes))
	f.Add(program(map[string]string{"lhs_dilation": "array<i64: 2, 1>"}, forwardTypes))
	f.Fuzz(func(t *testing.T, text string) {
		rewrite([]byte(text), func(c convolution) (string, bool) {
			for i := range 2 {
				if reach := (c.output[i]-1)*c.stride[i] + (c.kernel[i]-1)*c.dilation[i] + 1; reach != c.input[i]+c.before[i]+c.after[i] {
					t.Errorf("axis %d: windows reach over %d places of %d+%d+%d", i, reach, c.before[i], c.input[i], c.after[i])
				}
			}
			return fmt.Sprint(len(text)), true
		})
	})
}

// trained is a program of a BatchNorm in training and its gradient, of a map that is float32 or made so, as go-xla writes it.
const trained = `module @m {
  func.func @main(%x: tensor<4x8x8x16xbf16>, %a: tensor<4x8x8x16xf32>, %s: tensor<16xf32>) -> tensor<16xf32> {
    %0 = "stablehlo.convert"(%x) : (tensor<4x8x8x16xbf16>) -> tensor<4x8x8x16xf32>
    %1, %2, %3 = "stablehlo.batch_norm_training"(%0, %s, %s) {
      epsilon = 1.000000e-05 : f32,
      feature_index = 3 : i64
    } : (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>)
    %4, %5, %6 = "stablehlo.batch_norm_grad"(%0, %s, %2, %3, %a) {
      epsilon = 1.000000e-05 : f32,
      feature_index = 3 : i64
    } : (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x8x8x16xf32>) -> (tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>)
    "stablehlo.return"(%5) : (tensor<16xf32>) -> ()
  }
}
`

// BatchNorm's sums are custom calls of the map as it is, and of nothing that they do not need.
func TestRewriteNorms(t *testing.T) {
	after, any := rewriteNorms([]byte(trained))
	if !any {
		t.Fatal("not rewritten")
	}
	for _, want := range []string{
		`%2, %3 = "stablehlo.custom_call"(%x) {api_version = 4 : i32, backend_config = {}, call_target_name = "seeable_moments", ` +
			`operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>], result_layouts = [dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>]} : ` +
			`(tensor<4x8x8x16xbf16>) -> (tensor<16xf32>, tensor<16xf32>)`,
		`%5, %6 = "stablehlo.custom_call"(%x, %2, %3, %a) {api_version = 4 : i32, backend_config = {epsilon = 1.000000e-05 : f32}, call_target_name = "seeable_products",`,
		`: (tensor<4x8x8x16xbf16>, tensor<16xf32>, tensor<16xf32>, tensor<4x8x8x16xf32>) -> (tensor<16xf32>, tensor<16xf32>)`,
	} {
		if !strings.Contains(string(after), want) {
			t.Errorf("no %s in\n%s", want, after)
		}
	}
	for name, text := range map[string]string{
		"the map is used":     strings.Replace(trained, `return"(%5)`, `return"(%1, %4)`, 1),
		"another axis":        strings.ReplaceAll(trained, "feature_index = 3", "feature_index = 1"),
		"float64":             strings.ReplaceAll(trained, "f32", "f64"),
		"two axes":            strings.ReplaceAll(trained, "4x8x8x16x", "256x16x"),
		"a type that differs": strings.ReplaceAll(trained, "tensor<16xf32>", "tensor<16xbf16>"),
	} {
		if after, any := rewriteNorms([]byte(text)); any || string(after) != text {
			t.Errorf("%s: rewritten:\n%s", name, after)
		}
	}
}

// FuzzRewriteNorms wants no panic, whatever the text.
func FuzzRewriteNorms(f *testing.F) {
	f.Add(trained)
	f.Fuzz(func(t *testing.T, text string) { rewriteNorms([]byte(text)) })
}
