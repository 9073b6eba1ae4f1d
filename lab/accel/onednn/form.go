package onednn

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// The programs that this package reads are text. Before it changes one, check reads every operation that it could replace, to the
// last attribute, and refuses the program if one is written in a form that it doesn't know: a form of another version might
// mean something else. The rewriters then leave alone what they don't replace by design, other types and ranks above all.

// goXLA is the module that writes the programs, and the version whose text this package knows; a test compares it with go.mod.
const goXLA, goXLAVersion = "github.com/gomlx/go-xla", "v0.4.1"

// FormError reports an operation that this package replaces, written in a form that it does not know.
type FormError struct {
	Line int    // of the program, from 1
	Text string // of the line
	Why  string // what is not known
}

func (e *FormError) Error() string {
	const most = 200
	text := strings.TrimSpace(e.Text)
	if len(text) > most {
		text = text[:most] + " …"
	}
	return fmt.Sprintf("onednn: line %d of the StableHLO program, `%s`: unknown form: %s; known is what go-xla %s writes, and this process has %s",
		e.Line, text, e.Why, goXLAVersion, linkedVersion())
}

// linkedVersion is the version of go-xla in this process.
func linkedVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == goXLA {
				return m.Version
			}
		}
	}
	return "a version that its build doesn't record"
}

var (
	// heavy are the operations that become custom calls, light those that may go with them.
	heavy = regexp.MustCompile(`\bstablehlo\.(convolution|batch_norm_training|batch_norm_grad)\b`)
	light = regexp.MustCompile(`\bstablehlo\.(multiply|add|maximum|minimum|logistic|convert|broadcast_in_dim)\b`)
	// oneLine is an operation without regions, of one result.
	oneLine = regexp.MustCompile(`^ *` + ssa + ` = "stablehlo\.\w+"\((?:` + ssa + `(?:, ` + ssa + `)*)?\)( \{ \w+ = [^\n{}]+ \})? : \([^()\n]*\) -> (?:tensor|tuple)<[^\n]*>$`)
	spread  = regexp.MustCompile(`^ \{ broadcast_dimensions = array<i64(?:: \d+(?:, \d+)*)?> \}$`)
)

// check reads the operations of a program that this package replaces. It returns a [*FormError] where it can't.
func check(program []byte) error {
	mentions := heavy.FindAllSubmatchIndex(program, -1)
	if mentions == nil {
		return nil
	}
	wrong := func(at int, why string) error {
		from := bytes.LastIndexByte(program[:at], '\n') + 1
		text, _, _ := bytes.Cut(program[from:], []byte("\n"))
		return &FormError{1 + bytes.Count(program[:at], []byte("\n")), string(text), why}
	}
	// The operations that are read, by where they begin.
	convolutions, norms := starts(statement.FindAllSubmatchIndex(program, -1)), starts(norm.FindAllSubmatchIndex(program, -1))
	for _, m := range mentions {
		at := m[0]
		switch kind := string(program[m[2]:m[3]]); kind {
		case "convolution":
			found, ok := convolutions[at-1] // with the quote
			if !ok {
				return wrong(at, "a convolution that isn't of two operands and attributes, one a line")
			}
			if _, _, why := parse(string(program[found[4]:found[5]]), string(program[found[6]:found[7]])); why != "" {
				return wrong(at, why)
			}
		default:
			// The match begins with the results, on the same line.
			from := bytes.LastIndexByte(program[:at], '\n') + 1
			from += len(program[from:at]) - len(bytes.TrimLeft(program[from:at], " "))
			found, ok := norms[from]
			if !ok {
				return wrong(at, kind+" that isn't of three results and attributes, one a line")
			}
			if _, _, why := parseNorm(program, found); why != "" {
				return wrong(at, why)
			}
		}
	}
	for _, m := range light.FindAllSubmatchIndex(program, -1) {
		from := bytes.LastIndexByte(program[:m[0]], '\n') + 1
		text, _, _ := bytes.Cut(program[from:], []byte("\n"))
		kind, found := string(program[m[2]:m[3]]), oneLine.FindSubmatch(text)
		switch {
		case found == nil:
			return wrong(m[0], kind+" that isn't an operation of one line")
		case kind == "broadcast_in_dim" && !spread.Match(found[1]), kind != "broadcast_in_dim" && len(found[1]) > 0:
			return wrong(m[0], fmt.Sprintf("%s with the attributes %q", kind, found[1]))
		}
	}
	return nil
}

// starts are matches by where they begin.
func starts(matches [][]int) map[int][]int {
	by := map[int][]int{}
	for _, m := range matches {
		by[m[0]] = m
	}
	return by
}

var (
	attribute  = regexp.MustCompile(`^\s*(\w+) = (.+?),?$`)
	array      = regexp.MustCompile(`^array<i64: (-?\d+(?:, -?\d+)*)>$`)
	flags      = regexp.MustCompile(`^array<i1: (?:true|false)(?:, (?:true|false))*>$`)
	paddings   = regexp.MustCompile(`^dense<\[(\[-?\d+, -?\d+\](?:, \[-?\d+, -?\d+\])*)\]> : tensor<\d+x2xi64>$`)
	precisions = regexp.MustCompile(`^\[#stablehlo<precision [A-Z]+>, #stablehlo<precision [A-Z]+>\]$`)
	orders     = regexp.MustCompile(`^#stablehlo\.conv<\[([^\[\]]+)\]x\[([^\[\]]+)\]->\[([^\[\]]+)\]>$`)
	integer    = regexp.MustCompile(`^(\d+) : i64$`)
	float      = regexp.MustCompile(`^[-+.e\d]+ : f32$`)
	// typed matches a tensor's type; typeParts takes its dimensions and its element type apart.
	typed     = `tensor<(?:[^<>]|<[^<>]*>)*>`
	typeParts = regexp.MustCompile(`^tensor<((?:(?:\d+|\?)x)*)(\w+|complex<\w+>)>$`)
	threeOf   = regexp.MustCompile(`^\((` + typed + `), (` + typed + `)\) -> (` + typed + `)$`)
)

// attributesOf reads attributes, one a line: those required and perhaps the optional ones, no others.
func attributesOf(text string, required []string, optional ...string) (a map[string]string, why string) {
	a = map[string]string{}
	for line := range strings.Lines(text) {
		m := attribute.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			return nil, fmt.Sprintf("an attribute `%s`", strings.TrimSpace(line))
		}
		if !slices.Contains(required, m[1]) && !slices.Contains(optional, m[1]) {
			return nil, "an attribute " + m[1]
		}
		if _, twice := a[m[1]]; twice {
			return nil, "a second attribute " + m[1]
		}
		a[m[1]] = m[2]
	}
	for _, name := range required {
		if _, ok := a[name]; !ok {
			return nil, "no attribute " + name
		}
	}
	return a, ""
}

// tensorType takes the type of a tensor apart. A dimension that isn't known is -1.
func tensorType(text string) (dims []int64, element string, ok bool) {
	m := typeParts.FindStringSubmatch(text)
	if m == nil {
		return nil, "", false
	}
	for d := range strings.SplitSeq(strings.TrimSuffix(m[1], "x"), "x") {
		switch d {
		case "":
		case "?":
			dims = append(dims, -1)
		default:
			dims = append(dims, number(d))
		}
	}
	return dims, m[2], true
}
