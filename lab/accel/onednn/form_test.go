//go:build cgo

package onednn

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/go-xla/types"
	"github.com/gomlx/go-xla/types/shapes"
)

var update = flag.Bool("update", false, "write the golden programs")

// written is a program as the linked go-xla writes it, with each operation that this package reads: a convolution and what
// follows it when a network scores, one of bfloat16 with groups, strides and uneven padding, one with precision asked for, and
// BatchNorm in training with its gradient.
func written(t *testing.T) []byte {
	t.Helper()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	value := func(v *stablehlo.Value, err error) *stablehlo.Value {
		t.Helper()
		fail(err)
		return v
	}
	b := stablehlo.New("network")
	main := b.Main()
	input := func(name string, dtype dtypes.DType, dims ...int) *stablehlo.Value {
		t.Helper()
		return value(main.NamedInput(name, shapes.Make(dtype, dims...)))
	}
	convolution := func(x, k *stablehlo.Value, strides []int, padding [][2]int, groups int, precision types.DotGeneralPrecisionType) *stablehlo.Value {
		t.Helper()
		return value(stablehlo.Convolution(x, k, strides, padding, nil, []int{1, 1}, 0, 3, []int{1, 2}, 2, 3, []int{0, 1}, 0, 3, []int{1, 2}, groups, 1, precision, precision))
	}
	wide := shapes.Make(dtypes.Float32, 4, 8, 8, 16)
	along := func(v *stablehlo.Value) *stablehlo.Value {
		t.Helper()
		v = value(stablehlo.Reshape(v, shapes.Make(dtypes.Float32, 1, 1, 1, 16)))
		return value(stablehlo.BroadcastInDim(v, wide, []int{0, 1, 2, 3}))
	}
	x, k := input("x", dtypes.Float32, 4, 8, 8, 3), input("k", dtypes.Float32, 3, 3, 3, 16)
	scale, offset, other := input("scale", dtypes.Float32, 16), input("offset", dtypes.Float32, 16), input("other", dtypes.Float32, 4, 8, 8, 16)

	y := convolution(x, k, []int{1, 1}, [][2]int{{1, 1}, {1, 1}}, 1, types.DotGeneralPrecisionDefault)
	y = value(stablehlo.Add(value(stablehlo.Multiply(y, along(scale))), along(offset)))
	y = value(stablehlo.Add(y, other))
	zero := value(stablehlo.BroadcastInDim(value(main.ConstantFromScalar(float32(0))), wide, nil))
	y = value(stablehlo.Maximum(y, zero))

	narrow := value(stablehlo.Convert(y, dtypes.BFloat16))
	depthwise := convolution(narrow, input("d", dtypes.BFloat16, 3, 3, 1, 16), []int{2, 2}, [][2]int{{0, 1}, {0, 1}}, 16, types.DotGeneralPrecisionDefault)
	wideAgain := value(stablehlo.Convert(depthwise, dtypes.Float32))

	z := convolution(y, input("p", dtypes.Float32, 1, 1, 16, 16), nil, nil, 1, types.DotGeneralPrecisionHighest)
	_, mean, variance, err := stablehlo.BatchNormTraining(z, scale, offset, 1e-5, 3)
	fail(err)
	_, scales, offsets, err := stablehlo.BatchNormGradient(z, scale, mean, variance, y, 1e-5, 3)
	fail(err)
	fail(main.Return(y, wideAgain, mean, scales, offsets))
	text, err := b.Build()
	fail(err)
	return text
}

// The program text that the pinned go-xla writes, and what becomes of it, are those of the golden files. If this fails after
// go-xla was raised, read the difference before -update: the rewriters must still mean what they match.
func TestGolden(t *testing.T) {
	text := written(t)
	if err := check(text); err != nil {
		t.Error(err)
	}
	prepare := func(c convolution) (string, bool) { return "42", true }
	rewritten, fused := fuse(text, prepare)
	rewritten, convolutions := rewrite(rewritten, prepare)
	rewritten, norms := rewriteNorms(rewritten)
	if !fused || !convolutions || !norms {
		t.Errorf("fused %v, convolutions %v, norms %v: want all", fused, convolutions, norms)
	}
	for name, got := range map[string][]byte{"program.mlir": text, "rewritten.mlir": rewritten} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs; it is now\n%s", path, got)
		}
	}
}

// The version whose text is known is the one that go.mod pins.
func TestPinned(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := goXLA + " " + goXLAVersion + "\n"; !strings.Contains(string(mod), want) {
		t.Errorf("go.mod does not pin %s: see TestGolden, then change goXLAVersion", strings.TrimSpace(want))
	}
}

// A form that isn't known is refused by line and reason; what is left to XLA by design is not.
func TestCheck(t *testing.T) {
	plain := program(nil, forwardTypes)
	with := func(name, value string) string { return program(map[string]string{name: value}, forwardTypes) }
	replaced := func(text string, pairs ...string) string {
		t.Helper()
		out := strings.NewReplacer(pairs...).Replace(text)
		if out == text {
			t.Fatalf("%q is not in the text", pairs)
		}
		return out
	}
	for name, c := range map[string]struct {
		text string
		line int // 0 for no error
		why  string
	}{
		"a convolution":          {plain, 0, ""},
		"scored":                 {scored, 0, ""},
		"trained":                {trained, 0, ""},
		"no operation of ours":   {"module @m {}\n", 0, ""},
		"float64":                {program(nil, strings.ReplaceAll(forwardTypes, "f32", "f64")), 0, ""},
		"complex":                {program(nil, strings.ReplaceAll(forwardTypes, "f32", "complex<f32>")), 0, ""},
		"one dimension":          {program(nil, "(tensor<4x8x3xf32>, tensor<3x3x16xf32>) -> tensor<4x8x16xf32>"), 0, ""},
		"dynamic":                {program(nil, strings.ReplaceAll(forwardTypes, "4x8", "?x8")), 0, ""},
		"reversed":               {with("window_reversal", "array<i1: true, false>"), 0, ""},
		"highest precision":      {with("precision_config", "[#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]"), 0, ""},
		"channels first":         {replaced(trained, "feature_index = 3", "feature_index = 1"), 0, ""},
		"of other operations":    {replaced(trained, "stablehlo.batch_norm", "stablehlo.batch_nor"), 0, ""},
		"pretty":                 {"module @m {\n  %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]\n}\n", 2, "two operands and attributes"},
		"three operands":         {replaced(plain, "(%x, %k)", "(%x, %k, %b)"), 3, "two operands and attributes"},
		"attributes of one line": {replaced(plain, ",\n", ","), 3, "no attribute dimension_numbers"},
		"properties":             {replaced(plain, "(%x, %k) {", "(%x, %k) <{", "    } :", "    }> :"), 3, "two operands"},
		"another attribute":      {replaced(plain, "      lhs_dilation", "      frontend = \"x\",\n      lhs_dilation"), 3, "an attribute frontend"},
		"an attribute twice":     {replaced(plain, "      lhs_dilation", "      padding = 1,\n      lhs_dilation"), 3, "a second attribute padding"},
		"no strides":             {replaced(plain, ",\n      window_strides = array<i64: 1, 1>", ""), 3, "no attribute window_strides"},
		"splat of padding":       {with("padding", "dense<1> : tensor<2x2xi64>"), 3, "padding = dense<1>"},
		"strides of 32 bits":     {with("window_strides", "array<i32: 1, 1>"), 3, "window_strides = array<i32"},
		"three strides":          {with("window_strides", "array<i64: 1, 1, 1>"), 3, "window_strides = array<i64: 1, 1, 1>"},
		"hexadecimal groups":     {with("feature_group_count", "0x1 : i64"), 3, "feature_group_count = 0x1"},
		"no groups":              {with("batch_group_count", "0 : i64"), 3, "batch_group_count = 0"},
		"flags as numbers":       {with("window_reversal", "array<i1: 0, 0>"), 3, "window_reversal = array<i1: 0, 0>"},
		"precision as text":      {with("precision_config", "\"highest\""), 3, "precision_config"},
		"layout of letters":      {with("dimension_numbers", "#stablehlo.conv<[b, h, w, f]x[0, 1, i, o]->[b, 0, 1, f]>"), 3, "dimension_numbers"},
		"layout in words":        {with("dimension_numbers", "#stablehlo.conv<raw input_batch_dimension = 0>"), 3, "dimension_numbers"},
		"types with a layout":    {program(nil, strings.Replace(forwardTypes, "3xf32>", "3xf32, #layout>", 1)), 3, "the type tensor<4x8x8x3xf32, #layout>"},
		"types of a tuple":       {program(nil, "(tuple<tensor<4xf32>>, tensor<4xf32>) -> tensor<4xf32>"), 3, "types other than"},
		"pretty light":           {replaced(scored, `%6 = "stablehlo.add"(%3, %5) :`, `%6 = stablehlo.add %3, %5 :`), 18, "add that isn't"},
		"light of two results":   {replaced(scored, "%6 = ", "%6:2 = ", `%6)`, `%6#0)`, "(%6,", "(%6#0,"), 18, "add that isn't"},
		"attribute of a sum":     {replaced(scored, `(%3, %5) :`, `(%3, %5) { fast = true } :`), 18, "add with the attributes"},
		"spread over names":      {replaced(scored, "array<i64: 0, 1, 2, 3>", `"NHWC"`), 14, "broadcast_in_dim with the attributes"},
		"two results of a norm":  {replaced(trained, "%1, %2, %3 =", "%1, %2 ="), 4, "batch_norm_training that isn't"},
		"results as one name":    {replaced(trained, "%1, %2, %3 =", "%1:3 ="), 4, "batch_norm_training that isn't"},
		"operands of a norm":     {replaced(trained, "(%0, %s, %s)", "(%0, %s)"), 4, "2 operands of 3 types"},
		"epsilon of 64 bits":     {replaced(trained, "e-05 : f32", "e-05 : f64"), 4, "epsilon = 1.000000e-05 : f64"},
		"the index of 32 bits":   {replaced(trained, "3 : i64", "3 : i32"), 4, "feature_index = 3 : i32"},
		"another of a norm":      {replaced(trained, "      epsilon", "      axis = 1 : i64,\n      epsilon"), 4, "an attribute axis"},
		"types of a norm":        {replaced(trained, "(tensor<4x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>) ->", "(tensor<4x8x8x16xf32>, !token, tensor<16xf32>) ->"), 4, "the type !token"},
	} {
		t.Run(name, func(t *testing.T) {
			err := check([]byte(c.text))
			if c.line == 0 {
				if err != nil {
					t.Errorf("%v\n%s", err, c.text)
				}
				return
			}
			form, ok := errors.AsType[*FormError](err)
			if !ok || form.Line != c.line || !strings.Contains(form.Why, c.why) {
				t.Fatalf("%v, want one of line %d with %q:\n%s", err, c.line, c.why, c.text)
			}
			text := strings.Split(c.text, "\n")[c.line-1]
			for _, want := range []string{"onednn: line ", strings.TrimSpace(text)[:20], form.Why, goXLAVersion} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if _, err := Rewrite([]byte(c.text)); !errors.As(err, new(*FormError)) {
				t.Errorf("Rewrite: %v, want the same error", err)
			}
		})
	}
}

// FuzzCheck wants no panic, whatever the text, and that a convolution which is neither refused nor left by design is rewritten.
func FuzzCheck(f *testing.F) {
	f.Add(program(nil, forwardTypes))
	f.Add(scored)
	f.Add(trained)
	f.Fuzz(func(t *testing.T, text string) {
		if check([]byte(text)) != nil {
			return
		}
		if n := strings.Count(text, `"stablehlo.convolution"(`); n != len(statement.FindAllString(text, -1)) {
			t.Errorf("%d convolutions, not all of them read", n)
		}
	})
}
