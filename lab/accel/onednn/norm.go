package onednn

import (
	"fmt"
	"regexp"
	"strings"
)

// Of StableHLO's BatchNorm in training and its gradient, graphs here use what is summed over a map: mean and variance, and
// the gradients of scale and offset. Those become custom calls (norm.h). A result that is the size of a map keeps the
// operation as it is.

var (
	norm = regexp.MustCompile(`(?s)(%[^ ,()=]+), (%[^ ,()=]+), (%[^ ,()=]+) = "stablehlo\.batch_norm_(training|grad)"\(([^()]*)\) \{\n([^{}]*?)\n\s*\} : \(([^\n()]+)\) -> \(([^\n()]+)\)`)
	// narrow is a map that is made float32 of bfloat16, which custom calls do themselves.
	narrow = regexp.MustCompile(`(%[^ ,()=]+) = "stablehlo\.convert"\((%[^ ,()=]+)\) : \((tensor<[0-9x]+xbf16>)\) -> tensor<[0-9x]+xf32>`)
	mapOf  = regexp.MustCompile(`^tensor<\d+x\d+x\d+x(\d+)xb?f(?:32|16)>$`)
	name   = regexp.MustCompile(`%[\w.$-]+`)
)

// rewriteNorms puts custom calls in place of the BatchNorms of a StableHLO program whose maps [B, H, W, C] nobody uses.
func rewriteNorms(program []byte) (rewritten []byte, any bool) {
	if !norm.Match(program) {
		return program, false
	}
	uses := map[string]int{}
	for _, n := range name.FindAll(program, -1) {
		uses[string(n)]++
	}
	type value struct{ name, typed string }
	narrows := map[string]value{}
	for _, m := range narrow.FindAllSubmatch(program, -1) {
		narrows[string(m[1])] = value{string(m[2]), string(m[3])}
	}
	rewritten = norm.ReplaceAllFunc(program, func(text []byte) []byte {
		m := norm.FindSubmatch(text)
		names, types, results := strings.Split(string(m[5]), ", "), strings.Split(string(m[7]), ", "), strings.Split(string(m[8]), ", ")
		attributes := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(string(m[6]), -1) {
			attributes[a[1]] = a[2]
		}
		of := mapOf.FindStringSubmatch(types[0])
		if uses[string(m[1])] > 1 || of == nil || len(names) != len(types) || len(results) != 3 || attributes["feature_index"] != "3 : i64" ||
			results[1] != "tensor<"+of[1]+"xf32>" || results[2] != results[1] {
			return text
		}
		var operands []value
		for i := range names {
			v := value{names[i], types[i]}
			if narrow, ok := narrows[v.name]; ok {
				v = narrow
			}
			operands = append(operands, v)
		}
		target, config := momentsTarget, "{}"
		if string(m[4]) == "training" {
			operands = operands[:1]
		} else {
			// operand, scale, mean, variance, gradient of the output
			target, config = productsTarget, "{epsilon = "+attributes["epsilon"]+"}"
			operands = append(operands[:1], operands[2:]...)
		}
		var operandNames, operandTypes, layouts []string
		for _, v := range operands {
			operandNames, operandTypes = append(operandNames, v.name), append(operandTypes, v.typed)
			if mapOf.MatchString(v.typed) {
				layouts = append(layouts, rowMajor)
			} else {
				layouts = append(layouts, vector)
			}
		}
		any = true
		return fmt.Appendf(nil, `%s, %s = "stablehlo.custom_call"(%s) {api_version = 4 : i32, backend_config = %s, call_target_name = %q, operand_layouts = [%s], result_layouts = [%s, %s]} : (%s) -> (%s, %s)`,
			m[2], m[3], strings.Join(operandNames, ", "), config, target, strings.Join(layouts, ", "), vector, vector,
			strings.Join(operandTypes, ", "), results[1], results[2])
	})
	return rewritten, any
}
