package onednn

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var (
	// mainHead is the head of a program's function, mainReturn its end, mainInput one of its inputs.
	mainHead   = regexp.MustCompile(`(?m)^ *func\.func @main\(([^\n]*)\) -> [^\n]* \{$`)
	mainReturn = regexp.MustCompile(`(?m)^ *"stablehlo\.return"\((` + ssa + `(?:, ` + ssa + `)*)\) : [^\n]*\n *\}\n\}\s*\z`)
	mainInput  = regexp.MustCompile(`(` + ssa + `): (` + typed + `)( \{)?`)
	// kept is a new value or, where a condition does not hold, the old one.
	kept = regexp.MustCompile(`(?m)^ *(` + ssa + `) = "stablehlo\.select"\(` + ssa + `, ` + ssa + `, (` + ssa + `)\) : \(` + typed + `, (` + typed + `), (` + typed + `)\) -> (` + typed + `)$`)
)

// inPlace lets an output lie in the memory of the input that it is chosen beside, as the variables of a training step are: the new
// value where the step is sound, else the old one. GoMLX donates the memory of variables that a program sets; XLA uses it for an
// output only where the program says for which, which go-xla has no way to say. Inputs that are not donated are copied first.
//
// It reports whether there are any, and returns a [*FormError] where the function is written in a form that it does not know.
func inPlace(program []byte) (rewritten []byte, any bool, err error) {
	old := map[string]string{} // by output
	for _, m := range kept.FindAllSubmatch(program, -1) {
		if bytes.Equal(m[3], m[4]) && bytes.Equal(m[4], m[5]) {
			old[string(m[1])] = string(m[2])
		}
	}
	main := bytes.Index(program, []byte("func.func @main"))
	if len(old) == 0 || main < 0 {
		return program, false, nil
	}
	head, end := mainHead.FindSubmatchIndex(program), mainReturn.FindSubmatch(program)
	switch {
	case head == nil:
		return nil, false, formError(program, main, "a function whose inputs and results are not on its first line")
	case end == nil:
		return nil, false, formError(program, main, "a function that does not end by returning values, on a line of its own")
	}
	output := map[string]int{} // by the input that it may replace
	for i, name := range strings.Split(string(end[1]), ", ") {
		if input, ok := old[name]; ok {
			if _, twice := output[input]; !twice {
				output[input] = i
			}
		}
	}
	inputs := mainInput.ReplaceAllFunc(program[head[2]:head[3]], func(text []byte) []byte {
		m := mainInput.FindSubmatch(text)
		i, ok := output[string(m[1])]
		if !ok || len(m[3]) > 0 {
			return text // one with attributes is shared among devices
		}
		any = true
		return fmt.Appendf(nil, "%s {tf.aliasing_output = %d : i32}", text, i)
	})
	if !any {
		return program, false, nil
	}
	return bytes.Join([][]byte{program[:head[2]], inputs, program[head[3]:]}, nil), true, nil
}
