package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/onednn"
)

// The mobile networks keep their maps as XLA or oneDNN computes them best. XLA has no fast CPU kernel for grouped
// convolutions, and its fused loops over the k² taps are not vectorised. With channels first, [C, B, H, W], a 1×1
// convolution is one matrix product without a transposition, and a depthwise one is a batch of C products with banded
// matrices: k to k·W times more arithmetic, and still up to 13 times faster (BenchmarkDepthwise). oneDNN has kernels for
// all of them, with channels last, [B, H, W, C].

// mobileAxes are the axes of batch, rows, columns and channels of a mobile network's maps.
type mobileAxes struct{ batch, height, width, channels int }

// axesOf are the best axes for maps of the type of x where its graph runs.
func axesOf(x *Node) mobileAxes {
	if onednn.Computes(x) {
		return mobileAxes{0, 1, 2, 3}
	}
	return mobileAxes{1, 2, 3, 0}
}

func (a mobileAxes) last() bool { return a.channels == 3 }

// enter brings x [B, H, W, C] into these axes, leave back.
func (a mobileAxes) enter(x *Node) *Node {
	if a.last() {
		return x
	}
	return TransposeAllAxes(x, 3, 0, 1, 2)
}

func (a mobileAxes) leave(x *Node) *Node {
	if a.last() {
		return x
	}
	return TransposeAllAxes(x, 1, 2, 3, 0)
}

// pointwise is a 1×1 convolution of the maps x without a bias.
func pointwise(scope *model.Scope, x *Node, channels int) *Node {
	dims, axes := x.Shape().Dimensions, axesOf(x)
	in := dims[axes.channels]
	kernel := Variable(scope, x, "kernel", heNormal(in), channels, in)
	if axes.last() && dims[1]*dims[2] == 1 {
		// Squeeze-and-excitation has single places, for which a call of oneDNN would take longer than the product.
		return Reshape(DotGeneral(Reshape(x, -1, in), []int{1}, nil, kernel, []int{1}, nil), dims[0], 1, 1, channels)
	}
	if axes.last() {
		return Convolve(x, Reshape(Transpose(kernel, 0, 1), 1, 1, in, channels)).Done()
	}
	return Reshape(MatMul(kernel, Reshape(x, in, -1)), channels, dims[1], dims[2], dims[3])
}

// stemConv is a k×k convolution of stride 2 of the maps x, where channels come first as one matrix product over the
// gathered taps.
func stemConv(scope *model.Scope, x *Node, k, channels int) *Node {
	dims, axes := x.Shape().Dimensions, axesOf(x)
	c, h, w := dims[axes.channels], dims[axes.height], dims[axes.width]
	kernel := Variable(scope, x, "kernel", heNormal(k*k*c), k, k, c, channels)
	top, left := samePad(h, k, 2), samePad(w, k, 2)
	if axes.last() {
		return Convolve(x, kernel).Strides(2).PaddingPerDim([][2]int{top, left}).Done()
	}
	outH, outW := (h+1)/2, (w+1)/2
	x = padZero(padZero(x, 2, top), 3, left)
	var taps []*Node
	for i := range k {
		for j := range k {
			taps = append(taps, Slice(x, AxisRange(), AxisRange(),
				AxisRange(i, i+2*outH-1).Stride(2), AxisRange(j, j+2*outW-1).Stride(2)))
		}
	}
	gathered := Reshape(Concatenate(taps, 0), k*k*c, -1)
	y := DotGeneral(Reshape(kernel, -1, channels), []int{0}, nil, gathered, []int{0}, nil)
	return Reshape(y, channels, dims[axes.batch], outH, outW)
}

// depthwise convolves every channel of the maps x with its own k×k kernel.
func depthwise(scope *model.Scope, x *Node, k, stride int) *Node {
	axes := axesOf(x)
	c := x.Shape().Dimensions[axes.channels]
	kernel := Variable(scope, x, "kernel", heNormal(k*k), c, k, k)
	if axes.last() {
		return grouped(x, kernel, stride)
	}
	return banded(x, kernel, k, stride)
}

// grouped is the depthwise convolution of x [B, H, W, C] with kernel [C, k, k] as XLA states it. The gradients are ours
// because GoMLX's are C convolutions each.
func grouped(x, kernel *Node, stride int) *Node {
	dims, k := x.Shape().Dimensions, kernel.Shape().Dimensions[1]
	c := dims[3]
	taps := Reshape(TransposeAllAxes(kernel, 1, 2, 0), k, k, 1, c)
	pads := [][2]int{samePad(dims[1], k, stride), samePad(dims[2], k, stride)}
	return withGradients(
		func(x, taps *Node) *Node {
			return Convolve(x, taps).Strides(stride).PaddingPerDim(pads).ChannelGroupCount(c).Done()
		},
		func(adjoint *Node) *Node { // of x
			// The window over the adjoint, with zeros between its places, ends where the map ends.
			reach := make([][2]int, 2)
			for i := range reach {
				n, out := dims[1+i], adjoint.Shape().Dimensions[1+i]
				low := k - 1 - pads[i][0]
				reach[i] = [2]int{low, n + k - 2 - (out-1)*stride - low}
			}
			return Convolve(adjoint, Reverse(taps, 0, 1)).InputDilationPerAxis(stride, stride).PaddingPerDim(reach).ChannelGroupCount(c).Done()
		},
		func(adjoint *Node) *Node { // of taps
			// Channels take the place of the batch, and each goes with its own channel of the adjoint.
			ends := make([][2]int, 2)
			for i := range ends {
				n, out := dims[1+i], adjoint.Shape().Dimensions[1+i]
				ends[i] = [2]int{pads[i][0], (out-1)*stride + k - n - pads[i][0]}
			}
			return Convolve(x, adjoint).DilationPerAxis(stride, stride).PaddingPerDim(ends).BatchGroupCount(c).AxesConfig(ConvolveAxesConfig{
				InputBatch: 3, InputChannels: 0, InputSpatial: []int{1, 2},
				KernelInputChannels: 0, KernelOutputChannels: 3, KernelSpatial: []int{1, 2},
				OutputBatch: 2, OutputChannels: 3, OutputSpatial: []int{0, 1},
			}).Done()
		}, x, taps)
}

// banded is the depthwise convolution of x [C, B, H, W] with kernel [C, k, k] as matrix products.
//
// Output rows are taken in blocks of r. A block is a product of the (r−1)·stride+k input rows that it sees, laid out
// as one vector, with a banded matrix made from the kernel: [C, B·H/r, rows·W] × [C, rows·W, r·W'].
func banded(x, kernel *Node, k, stride int) *Node {
	dims := x.Shape().Dimensions
	c, b, h, w := dims[0], dims[1], dims[2], dims[3]
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	r, n := rowBlocking(outH, outW)
	rows := (r-1)*stride + k
	top, left := samePad(h, k, stride), samePad(w, k, stride)
	rowStart, blocks := 0, x
	if n == 1 {
		// One block sees the whole map; padding rows would only multiply zeros.
		rows, rowStart = h, top[0]
	} else {
		bottom := (n*r-1)*stride + k - top[0] - h // the last block may reach below the map
		blocks = rowBlocks(padZero(x, 2, [2]int{top[0], max(bottom, 0)}), r*stride, rows, n)
	}
	matrix := bandedMatrix(kernel, rows, r, rowStart, w, outW, left[0], stride)
	y := DotGeneral(Reshape(blocks, c, -1, rows*w), []int{2}, []int{0}, matrix, []int{1}, []int{0})
	y = Reshape(y, c, b, n*r, outW)
	if n*r > outH {
		y = Slice(y, AxisRange(), AxisRange(), AxisRange(0, outH), AxisRange())
	}
	return y
}

// rowBlocking cuts outH rows into n blocks of r: small blocks copy the rows at their borders more often, large ones
// multiply more zeros.
func rowBlocking(outH, outW int) (r, n int) {
	r = min((63+outW)/outW, outH)
	n = (outH + r - 1) / r
	return (outH + n - 1) / n, n
}

// rowBlocks cuts n overlapping blocks of rows, step apart, from x [C, B, H, W]: [C, B, n, rows, W].
func rowBlocks(x *Node, step, rows, n int) *Node {
	dims := x.Shape().Dimensions
	c, b, w := dims[0], dims[1], dims[3]
	var parts []*Node
	for from := 0; from < rows; from += step {
		height := min(step, rows-from)
		part := Slice(x, AxisRange(), AxisRange(), AxisRange(from, min(from+n*step, dims[2])), AxisRange())
		if missing := n*step - part.Shape().Dimensions[2]; missing > 0 {
			// The last block ends before a full step: those rows are cut off again below.
			part = padZero(part, 2, [2]int{0, missing})
		}
		part = Reshape(part, c, b, n, step, w)
		if height < step {
			part = Slice(part, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, height), AxisRange())
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return Concatenate(parts, 3)
}

// bandedMatrix turns kernels [C, k, k] into [C, rows·w, r·outW]: entry ((y, x), (v, u)) is the weight with which input
// (y, x) of a block enters its output (v, u).
func bandedMatrix(kernel *Node, rows, r, rowStart, w, outW, colStart, stride int) *Node {
	mark := func(m *tensors.Tensor) *Node { return ConvertDType(ConstTensor(kernel.Graph(), m), kernel.DType()) }
	c, k := kernel.Shape().Dimensions[0], kernel.Shape().Dimensions[1]
	vertical := mark(band(k, rows, r, rowStart, stride))                             // [k, rows·r]
	horizontal := mark(band(k, w, outW, colStart, stride))                           // [k, w·outW]
	m := MatMul(Reshape(kernel, c*k, k), horizontal)                                 // [C·k, w·outW]
	m = DotGeneral(vertical, []int{0}, nil, Reshape(m, c, k, w*outW), []int{1}, nil) // [rows·r, C, w·outW]
	m = Reshape(m, rows, r, c, w, outW)
	return Reshape(TransposeAllAxes(m, 2, 0, 3, 1, 4), c, rows*w, r*outW)
}

// band marks which tap t of a kernel links input place i to output place o: i = o·stride + t − start.
func band(k, in, out, start, stride int) *tensors.Tensor {
	mark := make([]float32, k*in*out)
	for t := range k {
		for o := range out {
			if i := o*stride + t - start; i >= 0 && i < in {
				mark[(t*in+i)*out+o] = 1
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(mark, k, in*out)
}

// samePad is TensorFlow's SAME padding of n places: an odd remainder goes to the end.
func samePad(n, k, stride int) [2]int {
	out := (n + stride - 1) / stride
	total := max((out-1)*stride+k-n, 0)
	return [2]int{total / 2, total - total/2}
}
