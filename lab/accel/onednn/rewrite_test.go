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

// scored is a program of a convolution as a network has it that scores: with scale, offset, a map to add and an activation.
const scored = `module @m {
  func.func @main(%x: tensor<4x8x8x3xf32>, %k: tensor<3x3x3x16xf32>, %s: tensor<16xf32>, %o: tensor<16xf32>, %r: tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32> {
    %0 = "stablehlo.convolution"(%x, %k) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[1, 1], [1, 1]]> : tensor<2x2xi64>,
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 1, 1>
    } : (tensor<4x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<4x8x8x16xf32>
    %1 = "stablehlo.reshape"(%s) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %2 = "stablehlo.broadcast_in_dim"(%1) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>
    %3 = "stablehlo.multiply"(%0, %2) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %4 = "stablehlo.reshape"(%o) : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
    %5 = "stablehlo.broadcast_in_dim"(%4) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x16xf32>) -> tensor<4x8x8x16xf32>
    %6 = "stablehlo.add"(%3, %5) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %7 = "stablehlo.add"(%6, %r) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    %8 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    %9 = "stablehlo.broadcast_in_dim"(%8) { broadcast_dimensions = array<i64> } : (tensor<f32>) -> tensor<4x8x8x16xf32>
    %10 = "stablehlo.maximum"(%7, %9) : (tensor<4x8x8x16xf32>, tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xf32>
    "stablehlo.return"(%10) : (tensor<4x8x8x16xf32>) -> ()
  }
}
`

// What follows a convolution goes with it as far as nobody else uses what lies between.
func TestFuse(t *testing.T) {
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(scored) }
	for name, c := range map[string]struct {
		text       string
		fused, sum bool
		activation int
		last       string // whose name the result has
	}{
		"all":                     {scored, true, true, relu, "%10"},
		"the sum is used again":   {replaced(`return"(%10)`, `return"(%10, %7)`), true, true, noActivation, "%7"},
		"BatchNorm is used again": {replaced(`return"(%10)`, `return"(%10, %6)`), true, false, noActivation, "%6"},
		"the product is":          {replaced(`return"(%10)`, `return"(%10, %3)`), false, false, 0, ""},
		"the convolution is":      {replaced(`return"(%10)`, `return"(%10, %0)`), false, false, 0, ""},
		"to itself":               {replaced("(%6, %r)", "(%6, %6)"), true, false, noActivation, "%6"},
		"at least 1":              {replaced("dense<0.0>", "dense<1.0>"), true, true, noActivation, "%7"},
		"another activation":      {replaced("stablehlo.maximum", "stablehlo.minimum"), true, true, noActivation, "%7"},
		"no scale":                {replaced("(%0, %2)", "(%0, %r)"), false, false, 0, ""},
		"no offset":               {replaced("(%3, %5)", "(%3, %r)"), false, false, 0, ""},
		"rounded to integers": {replaced(`    "stablehlo.return"(%10)`, `    %11 = "stablehlo.convert"(%10) : (tensor<4x8x8x16xf32>) -> tensor<4x8x8x16xi32>
    %12 = "stablehlo.convert"(%11) : (tensor<4x8x8x16xi32>) -> tensor<4x8x8x16xf32>
    "stablehlo.return"(%12)`), true, true, relu, "%10"},
		"divided":                  {replaced("stablehlo.multiply", "stablehlo.divide"), false, false, 0, ""},
		"channels of another axis": {replaced("1x1x1x16", "1x1x8x16"), false, false, 0, ""},
	} {
		var got convolution
		after, any := fuse([]byte(c.text), func(c convolution) (string, bool) {
			got = c
			return "42", true
		})
		if any != c.fused {
			t.Errorf("%s: fused: %v", name, any)
			continue
		}
		if !any {
			if string(after) != c.text {
				t.Errorf("%s: changed to\n%s", name, after)
			}
			continue
		}
		if !got.bias || got.sum != c.sum || got.activation != c.activation || got.outputs != 16 ||
			!strings.Contains(string(after), c.last+` = "stablehlo.custom_call"(%x, %fused_0_scaled, %4`) || strings.Contains(string(after), `"stablehlo.convolution"`) ||
			strings.Contains(string(after), "output_operand_alias<") != c.sum {
			t.Errorf("%s: %+v\n%s", name, got, after)
		}
	}
	if after, any := fuse([]byte(scored), func(convolution) (string, bool) { return "", false }); any || string(after) != scored {
		t.Errorf("fused although oneDNN cannot:\n%s", after)
	}
}

// FuzzFuse wants no panic, whatever the text.
func FuzzFuse(f *testing.F) {
	f.Add(scored)
	f.Add(strings.Replace(scored, "maximum", "logistic", 1))
	f.Add(strings.ReplaceAll(scored, "f32", "bf16"))
	f.Fuzz(func(t *testing.T, text string) {
		after, any := fuse([]byte(text), func(convolution) (string, bool) { return "42", true })
		if !any && string(after) != text {
			t.Error("changed though nothing was fused")
		}
	})
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
