package onednn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What follows a convolution when a network scores, BatchNorm with its running averages, perhaps a sum with another map, and an
// activation, oneDNN does while it writes the convolution's result: the scale goes into the kernel, the rest into what oneDNN
// calls bias and post-operations. XLA would go over the map once more.

// What comes after the bias and the sum.
const (
	noActivation = iota
	relu
	relu6
	silu
)

var (
	simple  = regexp.MustCompile(`(?m)^    (` + ssa + `) = "stablehlo\.(\w+)"\(([^()\n]*)\)(?: \{ ?([^\n]*?) ?\})? : \(([^()\n]*)\) -> (tensor<[^>\n]*>)$`)
	named   = regexp.MustCompile(`(?m)^    (` + ssa + `) = ` + statement.String() + `$`)
	zero    = regexp.MustCompile(`dense<0\.0> `)
	six     = regexp.MustCompile(`dense<6\.0> `)
	vector4 = regexp.MustCompile(`^tensor<1x1x1x\d+xf32>$`)
)

// value is a result of a program, and the operation that it comes from.
type value struct {
	name, kind  string
	operands    []string
	attributes  string
	from, typed string // types of the operands and of the result
	start, end  int    // of the text of the operation
}

// values are what a program computes by operations of one line, and who uses what.
type values struct {
	by    map[string]*value
	users map[string][]*value
	count map[string]int  // how often a name stands in the text
	taken map[*value]bool // by a convolution
}

func read(program []byte) *values {
	v := &values{map[string]*value{}, map[string][]*value{}, map[string]int{}, map[*value]bool{}}
	for _, n := range name.FindAll(program, -1) {
		v.count[string(n)]++
	}
	for _, m := range simple.FindAllSubmatchIndex(program, -1) {
		text := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return string(program[m[2*i]:m[2*i+1]])
		}
		op := &value{text(1), text(2), strings.Split(text(3), ", "), text(4), text(5), text(6), m[0], m[1]}
		if v.by[op.name] != nil {
			continue // of another function; it has too many uses for all that follows
		}
		v.by[op.name] = op
		for _, o := range op.operands {
			v.users[o] = append(v.users[o], op)
		}
	}
	return v
}

// only are the operations that use a value, if they are n and nobody else does.
func (v *values) only(name string, n int) []*value {
	if users := v.users[name]; len(users) == n && v.count[name] == n+1 {
		return users
	}
	return nil
}

// isConstant tells whether a value is a constant in every place.
func (v *values) isConstant(name string, constant *regexp.Regexp) bool {
	spread := v.by[name]
	if spread == nil || spread.kind != "broadcast_in_dim" || spread.attributes != "broadcast_dimensions = array<i64>" {
		return false
	}
	of := v.by[spread.operands[0]]
	return of != nil && of.kind == "constant" && constant.MatchString(of.attributes)
}

// vector is what a value spreads over the places of a map: the name of a tensor<1x1x1xC>.
func (v *values) vector(name string) (of string, ok bool) {
	spread := v.by[name]
	if spread == nil || spread.kind != "broadcast_in_dim" || spread.attributes != "broadcast_dimensions = array<i64: 0, 1, 2, 3>" {
		return "", false
	}
	source := v.by[spread.operands[0]]
	return spread.operands[0], source != nil && vector4.MatchString(source.typed)
}

// chain is what follows a convolution.
type chain struct {
	factor, bias, other string // a map to add, if any
	activation          int
	ops                 []*value // the last one's result is that of the chain
}

// follow reads what follows a convolution's result of the type typed, as far as oneDNN can do it.
func (v *values) follow(result, typed string) (best chain, ok bool) {
	var c chain
	at := result
	step := func(op *value) {
		c.ops = append(c.ops, op)
		at = op.name
		// The chain may end wherever the result has the convolution's type.
		if c.bias != "" && op.typed == typed {
			best, ok = c, true
			best.ops = slices.Clone(c.ops)
		}
	}
	// Maps of bfloat16 are made float32 and back between operations, which changes nothing here. Other conversions do.
	next := func(kind string) *value {
		for {
			users := v.only(at, 1)
			if users == nil || v.taken[users[0]] || len(c.ops) > 0 && users[0].start <= c.ops[len(c.ops)-1].start {
				return nil // the last is not so in a program, where values come before their users
			}
			if users[0].kind == kind {
				return users[0]
			}
			if users[0].kind != "convert" || !mapOf.MatchString(users[0].typed) {
				return nil
			}
			step(users[0])
		}
	}
	operand := func(op *value) string { // the other one
		for _, o := range op.operands {
			if o != at {
				return o
			}
		}
		return at
	}
	scaled := next("multiply")
	if scaled == nil {
		return
	}
	var vector bool
	if c.factor, vector = v.vector(operand(scaled)); !vector {
		return
	}
	step(scaled)
	moved := next("add")
	if moved == nil {
		return
	}
	bias, vector := v.vector(operand(moved))
	if !vector {
		return
	}
	c.bias = bias
	step(moved)
	if op := next("add"); op != nil && op.typed == typed && operand(op) != at {
		c.other = operand(op)
		step(op)
	}
	if op := next("maximum"); op != nil && v.isConstant(operand(op), zero) {
		c.activation = relu
		step(op)
		if op := next("minimum"); op != nil && v.isConstant(operand(op), six) {
			c.activation = relu6
			step(op)
		}
	} else if logistic, product := v.silu(at); product != nil && !v.taken[product] {
		c.activation = silu
		c.ops = append(c.ops, logistic)
		step(product)
	}
	next("") // a last conversion
	return
}

// silu are the operations that make x·sigmoid(x) of a value, if nobody else uses it.
func (v *values) silu(x string) (logistic, product *value) {
	users := v.only(x, 2)
	if users == nil {
		return nil, nil
	}
	logistic, product = users[0], users[1]
	if logistic.kind == "multiply" {
		logistic, product = product, logistic
	}
	if logistic.kind != "logistic" || product.kind != "multiply" || v.only(logistic.name, 1) == nil || !slices.Contains(product.operands, logistic.name) {
		return nil, nil
	}
	return logistic, product
}

// call is the custom call for a convolution of operands, an input and a kernel, and what follows it. types are those of the
// operands and of the result; names of its own begin with prefix.
func (v *values) call(c chain, prefix string, operands, types []string, config string) string {
	var s strings.Builder
	write := func(name, op, typed string) string {
		fmt.Fprintf(&s, "    %s%s = \"stablehlo.%s -> %s\n", prefix, name, op, typed)
		return prefix + name
	}
	kernel, narrow, bias := operands[1], types[1], v.by[c.bias].typed
	wide := strings.Replace(narrow, "bf16", "f32", 1)
	if narrowed := v.by[kernel]; narrowed != nil && narrowed.kind == "convert" && narrowed.from == wide {
		kernel = narrowed.operands[0] // so that the scaled kernel is rounded once
	} else if wide != narrow {
		kernel = write("wide", fmt.Sprintf(`convert"(%s) : (%s)`, kernel, narrow), wide)
	}
	factor := write("factor", fmt.Sprintf(`broadcast_in_dim"(%s) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (%s)`, c.factor, bias), wide)
	kernel = write("scaled", fmt.Sprintf(`multiply"(%s, %s) : (%s, %s)`, kernel, factor, wide, wide), wide)
	if wide != narrow {
		kernel = write("kernel", fmt.Sprintf(`convert"(%s) : (%s)`, kernel, wide), narrow)
	}
	operands, types, result := []string{operands[0], kernel, c.bias}, []string{types[0], narrow, bias}, types[2]
	layouts, alias := []string{rowMajor, rowMajor, rowMajor}, ""
	if c.other != "" {
		// The result takes the place of what is added.
		operands, types, layouts = append(operands, c.other), append(types, result), append(layouts, rowMajor)
		alias = "output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 3, operand_tuple_indices = []>], "
	}
	fmt.Fprintf(&s, `    %s = "stablehlo.custom_call"(%s) {api_version = 4 : i32, backend_config = {prepared = %s : i64}, call_target_name = %q, operand_layouts = [%s], %sresult_layouts = [%s]} : (%s) -> %s`,
		c.ops[len(c.ops)-1].name, strings.Join(operands, ", "), config, target, strings.Join(layouts, ", "), alias, rowMajor, strings.Join(types, ", "), result)
	return s.String()
}

// fuse puts a custom call in place of each convolution with what follows it, where prepare has a configuration for both
// together. It reports whether there are any.
func fuse(program []byte, prepare func(convolution) (config string, ok bool)) (fused []byte, any bool) {
	if !named.Match(program) {
		return program, false
	}
	v := read(program)
	type edit struct {
		from, to int
		text     string
	}
	var edits []edit
	// Of two convolutions that are added, the later one adds.
	found := named.FindAllSubmatchIndex(program, -1)
	slices.Reverse(found)
	for i, m := range found {
		text := func(i int) string { return string(program[m[2*i]:m[2*i+1]]) }
		o, ok, _ := parse(text(3), text(4))
		if !ok || o.rhsAxes != (axes{3, 2, 0, 1}) || o.outAxes != (axes{0, 3, 1, 2}) {
			continue
		}
		types := threeOf.FindStringSubmatch(text(4))[1:]
		c, ok := o.convolution()
		if !ok || c.kind != forward {
			continue
		}
		follows, ok := v.follow(text(1), types[2])
		if !ok {
			continue
		}
		c.bias, c.sum, c.activation = true, follows.other != "", follows.activation
		config, ok := prepare(c)
		if !ok {
			continue
		}
		any = true
		last := follows.ops[len(follows.ops)-1]
		for _, op := range follows.ops {
			v.taken[op] = true
			e := edit{op.start, op.end, ""}
			if op == last {
				e.text = v.call(follows, fmt.Sprintf("%%fused_%d_", i), strings.Split(text(2), ", "), types, config)
			}
			edits = append(edits, e)
		}
		edits = append(edits, edit{m[0], m[1], ""})
	}
	if !any {
		return program, false
	}
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	at := 0
	for _, e := range edits {
		fused = append(append(fused, program[at:e.from]...), e.text...)
		at = e.to
	}
	return append(fused, program[at:]...), true
}
