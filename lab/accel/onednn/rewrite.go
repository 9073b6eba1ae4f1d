package onednn

import (
	"fmt"
	"regexp"
)

// ssa is the name of a value.
const ssa = `%[\w.$-]+`

// statement is a convolution as go-xla's package stablehlo writes it.
var statement = regexp.MustCompile(`(?s)"stablehlo\.convolution"\((` + ssa + `, ` + ssa + `)\) \{\n([^{}]*?)\n\s*\} : ([^\n]+)`)

// The layouts of maps and kernels, and of vectors, in custom calls.
const rowMajor, vector = "dense<[3, 2, 1, 0]> : tensor<4xindex>", "dense<0> : tensor<1xindex>"

// rewrite puts custom calls in place of the convolutions of a StableHLO program for which prepare returns a configuration.
// It reports whether there are any.
func rewrite(program []byte, prepare func(convolution) (config string, ok bool)) (rewritten []byte, any bool) {
	rewritten = statement.ReplaceAllFunc(program, func(text []byte) []byte {
		m := statement.FindSubmatch(text)
		o, ok, _ := parse(string(m[2]), string(m[3]))
		if !ok {
			return text
		}
		c, ok := o.convolution()
		if !ok {
			return text
		}
		config, ok := prepare(c)
		if !ok {
			return text
		}
		any = true
		// Version 4 of custom calls hands attributes to a C function of XLA's foreign function interface.
		return fmt.Appendf(nil, `"stablehlo.custom_call"(%s) {api_version = 4 : i32, backend_config = {prepared = %s : i64}, call_target_name = %q, operand_layouts = [%s, %s], result_layouts = [%s]} : %s`,
			m[1], config, target, rowMajor, rowMajor, rowMajor, m[3])
	})
	return rewritten, any
}
