package onednn

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// op is a convolution as StableHLO states it (openxla.org/stablehlo/spec#convolution), of two spatial axes.
type op struct {
	bfloat16                      bool
	lhs, rhs, out                 []int64 // dimensions
	lhsAxes, rhsAxes, outAxes     axes
	stride, lhsDilation, dilation []int64
	padding                       [][2]int64
	featureGroups, batchGroups    int64
}

// axes are the places of batch or output channel, channel or input channel, rows and columns.
type axes [4]int

// kinds of convolution, as onednn.h numbers them.
const (
	forward = iota
	dataGradient
	kernelGradient
)

// convolution is what oneDNN computes, as onednn.h states it. It can be a key.
type convolution struct {
	kind                            int
	bfloat16                        bool // or float32
	batch, groups, inputs, outputs  int64
	input, kernel, output           [2]int64
	stride, dilation, before, after [2]int64
	inputStrides                    [4]int64
	kernelStrides                   [5]int64
	outputStrides                   [4]int64
	// What follows a forward convolution: outputs plus a bias each, plus what the output held before, through an activation.
	bias, sum  bool
	activation int
}

// convolution says what oneDNN is to compute for the operation. It is not ok where oneDNN cannot.
//
// A gradient is a convolution too. With respect to the input it is one over a dilated left side, and with respect to the
// kernel one whose window is the map and whose batch are the channels. Any convolution can be read in the latter way, which
// is as exact; it is meant where the batch then comes before the channels, as oneDNN wants it.
func (o op) convolution() (c convolution, ok bool) {
	lhs, rhs, out := o.lhsAxes, o.rhsAxes, o.outAxes
	window := [2]int64{o.rhs[rhs[2]], o.rhs[rhs[3]]}
	result := [2]int64{o.out[out[2]], o.out[out[3]]}
	source := [2]int64{o.lhs[lhs[2]], o.lhs[lhs[3]]}
	switch {
	case o.lhsDilation[0] > 1 || o.lhsDilation[1] > 1:
		// out = conv(lhs dilated, rhs): lhs is the gradient of the output, out that of the input.
		if o.stride[0] != 1 || o.stride[1] != 1 || o.batchGroups != 1 || rhs[2] != 0 || rhs[3] != 1 {
			return c, false
		}
		c = convolution{kind: dataGradient, batch: o.lhs[lhs[0]], groups: o.featureGroups, inputs: o.out[out[1]], outputs: o.lhs[lhs[1]],
			input: result, kernel: window, output: source,
			stride: [2]int64(o.lhsDilation), dilation: [2]int64(o.dilation),
			inputStrides: strides(o.out, out), outputStrides: strides(o.lhs, lhs),
		}
		s := strides(o.rhs, rhs)
		c.kernelStrides = [5]int64{o.out[out[1]] / o.featureGroups * s[0], s[1], s[0], s[2], s[3]}
	case o.batchGroups > 1 || lhs[0] > lhs[1]:
		// out[i, o] = Σ over batch and places of lhs[batch, i] and rhs[batch, o]: rhs is the gradient of the output.
		if o.featureGroups != 1 {
			return c, false
		}
		c = convolution{kind: kernelGradient, batch: o.lhs[lhs[1]], groups: o.batchGroups, inputs: o.lhs[lhs[0]], outputs: o.rhs[rhs[0]],
			input: source, kernel: result, output: window,
			stride: [2]int64(o.dilation), dilation: [2]int64(o.stride),
			inputStrides: strides(o.lhs, axes{lhs[1], lhs[0], lhs[2], lhs[3]}), outputStrides: strides(o.rhs, axes{rhs[1], rhs[0], rhs[2], rhs[3]}),
			kernelStrides: kernelStrides(o.out, axes{out[1], out[0], out[2], out[3]}, o.rhs[rhs[0]]/o.batchGroups)}
	default:
		c = convolution{kind: forward, batch: o.lhs[lhs[0]], groups: o.featureGroups, inputs: o.lhs[lhs[1]], outputs: o.rhs[rhs[0]],
			input: source, kernel: window, output: result,
			stride: [2]int64(o.stride), dilation: [2]int64(o.dilation),
			inputStrides: strides(o.lhs, lhs), outputStrides: strides(o.out, out),
			kernelStrides: kernelStrides(o.rhs, rhs, o.rhs[rhs[0]]/o.featureGroups)}
	}
	c.bfloat16 = o.bfloat16
	for i := range 2 {
		c.before[i] = o.padding[i][0]
		if c.kind == dataGradient {
			c.before[i] = (window[i]-1)*c.dilation[i] - o.padding[i][0]
		}
		// oneDNN wants the padding behind that just holds the last window.
		c.after[i] = (c.output[i]-1)*c.stride[i] + (c.kernel[i]-1)*c.dilation[i] + 1 - c.input[i] - c.before[i]
		if o.padding[i][0] < 0 || c.before[i] < 0 || c.after[i]+c.stride[i] <= 0 {
			return c, false
		}
	}
	return c, true
}

// strides are how far apart neighbours lie along the axes of a row-major tensor.
func strides(dims []int64, a axes) (s [4]int64) {
	for i, axis := range a {
		s[i] = 1
		for _, d := range dims[axis+1:] {
			s[i] *= d
		}
	}
	return s
}

// kernelStrides are strides of groups, outputs of a group, inputs of a group, rows and columns, for axes of outputs of all
// groups, inputs of a group, rows and columns.
func kernelStrides(dims []int64, a axes, outputsOfGroup int64) [5]int64 {
	s := strides(dims, a)
	return [5]int64{outputsOfGroup * s[0], s[0], s[1], s[2], s[3]}
}

// convolutionAttributes are those that a convolution has; it may have a precision_config, which asks for no less than float32
// arithmetic of float32 maps, and that is what oneDNN computes in.
var convolutionAttributes = []string{"batch_group_count", "dimension_numbers", "feature_group_count", "lhs_dilation", "padding",
	"rhs_dilation", "window_reversal", "window_strides"}

// parse reads the attributes of a convolution and the types of its operands and result, as go-xla writes them. It is not ok
// for convolutions of another rank or type, and those over reversed windows, which are left to XLA. why is not empty for a form that
// it does not know.
func parse(attributes, types string) (o op, ok bool, why string) {
	m := threeOf.FindStringSubmatch(types)
	if m == nil {
		return o, false, "types other than (tensor, tensor) -> tensor"
	}
	ok = true
	var elements [3]string
	for i, dims := range []*[]int64{&o.lhs, &o.rhs, &o.out} {
		var known bool
		if *dims, elements[i], known = tensorType(m[1+i]); !known {
			return o, false, "the type " + m[1+i]
		}
		if len(*dims) != 4 || slices.Min(*dims) < 1 || slices.Max(*dims) >= math.MaxInt32 {
			ok = false
		}
	}
	o.bfloat16 = elements[0] == "bf16"
	if !ok || elements != [3]string{elements[0], elements[0], elements[0]} || !o.bfloat16 && elements[0] != "f32" {
		return o, false, ""
	}
	a, why := attributesOf(attributes, convolutionAttributes, "precision_config")
	if why != "" {
		return o, false, why
	}
	unknown := func(name string) (op, bool, string) { return op{}, false, fmt.Sprintf("%s = %s", name, a[name]) }
	if !flags.MatchString(a["window_reversal"]) {
		return unknown("window_reversal")
	}
	if precision, given := a["precision_config"]; given && !precisions.MatchString(precision) {
		return unknown("precision_config")
	}
	for _, list := range []struct {
		name string
		to   *[]int64
	}{{"window_strides", &o.stride}, {"lhs_dilation", &o.lhsDilation}, {"rhs_dilation", &o.dilation}} {
		m := array.FindStringSubmatch(a[list.name])
		if m == nil {
			return unknown(list.name)
		}
		if *list.to = numbers(m[1]); len(*list.to) != 2 || slices.Min(*list.to) < 1 {
			return unknown(list.name)
		}
	}
	padding := paddings.FindStringSubmatch(a["padding"])
	if padding == nil {
		return unknown("padding")
	}
	sides := numbers(padding[1])
	if len(sides) != 4 {
		return unknown("padding")
	}
	o.padding = [][2]int64{{sides[0], sides[1]}, {sides[2], sides[3]}}
	for _, group := range []struct {
		name string
		to   *int64
	}{{"feature_group_count", &o.featureGroups}, {"batch_group_count", &o.batchGroups}} {
		m := integer.FindStringSubmatch(a[group.name])
		if m == nil {
			return unknown(group.name)
		}
		if *group.to = number(m[1]); *group.to < 1 {
			return unknown(group.name)
		}
	}
	layouts := orders.FindStringSubmatch(a["dimension_numbers"])
	if layouts == nil {
		return unknown("dimension_numbers")
	}
	for i, names := range []string{"bf01", "oi01", "bf01"} {
		order := strings.Split(layouts[1+i], ", ")
		at := [...]*axes{&o.lhsAxes, &o.rhsAxes, &o.outAxes}[i]
		for j, name := range names {
			if at[j] = slices.Index(order, string(name)); at[j] < 0 || len(order) != len(names) {
				return unknown("dimension_numbers")
			}
		}
	}
	return o, !strings.Contains(a["window_reversal"], "true"), ""
}

var digits = regexp.MustCompile(`-?\d+`)

// numbers are the integers in a text.
func numbers(text string) (list []int64) {
	for _, digits := range digits.FindAllString(text, -1) {
		list = append(list, number(digits))
	}
	return list
}

// number is an integer, or the nearest that an int32 holds, so that products of two do not overflow.
func number(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 32)
	return n
}
