//go:build cgo

package onednn

import (
	"errors"
	"strings"
	"testing"
)

// updated is a step that sets two variables, one of them twice, beside a value that is none.
const updated = `module @step {
  func.func @main(%ok: tensor<i1>, %x: tensor<4xf32>, %_net_w: tensor<4xf32>, %_net_b: tensor<2x3xf32>, %n: tensor<i32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>, tensor<2x3xf32>) {
    %0 = "stablehlo.add"(%x, %_net_w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %1 = "stablehlo.select"(%ok, %0, %_net_w) : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "stablehlo.select"(%ok, %x, %_net_w) : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %3 = "stablehlo.select"(%ok, %_net_b, %_net_b) : (tensor<i1>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    "stablehlo.return"(%loss, %1, %2, %3) : (tensor<f32>, tensor<4xf32>, tensor<4xf32>, tensor<2x3xf32>) -> ()
  }
}
`

func TestInPlace(t *testing.T) {
	const w, b = "%_net_w: tensor<4xf32>", "%_net_b: tensor<2x3xf32>"
	for name, c := range map[string]struct {
		old, new string   // in updated
		want     []string // inputs with an output
		refused  string
	}{
		"as it is":                      {"", "", []string{w + " {tf.aliasing_output = 1 : i32}", b + " {tf.aliasing_output = 3 : i32}"}, ""},
		"the first is not returned":     {"(%loss, %1, %2, %3)", "(%loss, %x, %2, %3)", []string{w + " {tf.aliasing_output = 2 : i32}", b + " {tf.aliasing_output = 3 : i32}"}, ""},
		"the old value comes first":     {"%ok, %_net_b, %_net_b", "%ok, %_net_b, %loss", []string{w + " {tf.aliasing_output = 1 : i32}"}, ""},
		"an input shared among devices": {w + ",", w + " {sdy.sharding = #sdy.sharding<@mesh, [{\"x\"}]>},", []string{b + " {tf.aliasing_output = 3 : i32}"}, ""},
		"nothing is returned of inputs": {"(%loss, %1, %2, %3)", "(%loss, %x, %0, %x)", nil, ""},
		"another head":                  {") -> (tensor<f32>", ")\n -> (tensor<f32>", nil, "inputs and results"},
		"the pretty form":               {`"stablehlo.return"(%loss, %1, %2, %3)`, "return %loss, %1, %2, %3", nil, "returning"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(updated, c.old, c.new, 1)
			got, any, err := inPlace([]byte(text))
			if c.refused != "" {
				form, ok := errors.AsType[*FormError](err)
				if !ok || form.Line != 2 || !strings.Contains(form.Why, c.refused) {
					t.Fatalf("%v, want one of line 2 with %q", err, c.refused)
				}
				return
			}
			if err != nil || any != (c.want != nil) {
				t.Fatalf("%t, %v", any, err)
			}
			for _, want := range c.want {
				if !strings.Contains(string(got), want) {
					t.Errorf("lacks %q:\n%s", want, got)
				}
				got = []byte(strings.Replace(string(got), want, want[:strings.Index(want, " {")], 1))
			}
			if string(got) != text {
				t.Errorf("something else was changed:\n%s", got)
			}
		})
	}
}

// FuzzInPlace wants no panic, whatever the text.
func FuzzInPlace(f *testing.F) {
	f.Add(updated)
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, err := inPlace([]byte(text)); err != nil && !errors.As(err, new(*FormError)) {
			t.Error(err)
		}
	})
}
