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
	norm = regexp.MustCompile(`(?s)(` + ssa + `), (` + ssa + `), (` + ssa + `) = "stablehlo\.batch_norm_(training|grad)"\(([^()]*)\) \{\n([^{}]*?)\n\s*\} : \(([^\n()]+)\) -> \(([^\n()]+)\)`)
	// narrow is a map that is made float32 of bfloat16, which custom calls do themselves.
	narrow = regexp.MustCompile(`(` + ssa + `) = "stablehlo\.convert"\((` + ssa + `)\) : \((tensor<[0-9x]+xbf16>)\) -> tensor<[0-9x]+xf32>`)
	mapOf  = regexp.MustCompile(`^tensor<\d+x\d+x\d+x(\d+)xb?f(?:32|16)>$`)
	name   = regexp.MustCompile(ssa)
)

// normOp is a BatchNorm in training, or its gradient, as StableHLO states it.
type normOp struct {
	kind            string // training or grad
	results         [3]string
	operands, types []string
	epsilon         string
	sums            string // the type of what is summed over a map
}

// parseNorm reads the operation that norm has matched in a text. It is not ok for maps of another rank, type or place of the
// channels, which are left to XLA. why is not empty for a form that it does not know.
func parseNorm(text []byte, match []int) (n normOp, ok bool, why string) {
	group := func(i int) string { return string(text[match[2*i]:match[2*i+1]]) }
	n = normOp{kind: group(4), results: [3]string{group(1), group(2), group(3)}, operands: strings.Split(group(5), ", "), types: strings.Split(group(7), ", ")}
	results := strings.Split(group(8), ", ")
	want := map[string]int{"training": 3, "grad": 5}[n.kind] // scale and offset; scale, mean, variance and the output's gradient
	if len(n.operands) != want || len(n.types) != want || len(results) != 3 {
		return n, false, fmt.Sprintf("%d operands of %d types and %d results, want %d and 3", len(n.operands), len(n.types), len(results), want)
	}
	for _, t := range append(results, n.types...) {
		if _, _, known := tensorType(t); !known {
			return n, false, "the type " + t
		}
	}
	a, why := attributesOf(group(6), []string{"epsilon", "feature_index"})
	switch {
	case why != "":
		return n, false, why
	case !float.MatchString(a["epsilon"]):
		return n, false, "epsilon = " + a["epsilon"]
	case !integer.MatchString(a["feature_index"]):
		return n, false, "feature_index = " + a["feature_index"]
	}
	n.epsilon, n.sums = a["epsilon"], results[1]
	of := mapOf.FindStringSubmatch(n.types[0])
	return n, of != nil && a["feature_index"] == "3 : i64" && n.sums == "tensor<"+of[1]+"xf32>" && results[2] == n.sums, ""
}

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
		n, ok, _ := parseNorm(text, norm.FindSubmatchIndex(text))
		if !ok || uses[n.results[0]] > 1 {
			return text
		}
		var operands []value
		for i := range n.operands {
			v := value{n.operands[i], n.types[i]}
			if narrow, ok := narrows[v.name]; ok {
				v = narrow
			}
			operands = append(operands, v)
		}
		target, config := momentsTarget, "{}"
		if n.kind == "training" {
			operands = operands[:1]
		} else {
			// operand, scale, mean, variance, gradient of the output
			target, config = productsTarget, "{epsilon = "+n.epsilon+"}"
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
			n.results[1], n.results[2], strings.Join(operandNames, ", "), config, target, strings.Join(layouts, ", "), vector, vector,
			strings.Join(operandTypes, ", "), n.sums, n.sums)
	})
	return rewritten, any
}
