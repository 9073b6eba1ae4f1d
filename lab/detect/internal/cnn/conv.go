package cnn

import (
	"fmt"
	"math"
)

// Pad is how many zeros stand around a picture.
type Pad struct{ Top, Left, Bottom, Right int }

// Window is what a convolution or pooling layer sees at once.
type Window struct {
	H, W   int // rows and columns
	Stride int // pixels from one window to the next, both ways
	Pad    Pad
}

// maxSide bounds windows, strides and paddings: far above any real one, far below overflow.
const maxSide = 64

func (w Window) check() error {
	for _, v := range []int{w.H, w.W, w.Stride} {
		if v < 1 || v > maxSide {
			return fmt.Errorf("window of %d×%d with stride %d; want 1 to %d", w.H, w.W, w.Stride, maxSide)
		}
	}
	if p := w.Pad; min(p.Top, p.Left, p.Bottom, p.Right) < 0 || max(p.Top, p.Bottom) >= w.H || max(p.Left, p.Right) >= w.W {
		return fmt.Errorf("padding %+v of a window of %d×%d; want 0 or more, and less than the window's side", p, w.H, w.W)
	}
	return nil
}

// shape is the number of windows over a picture.
func (w Window) shape(in Shape, channels int) (Shape, error) {
	h, b := in.H+w.Pad.Top+w.Pad.Bottom-w.H, in.W+w.Pad.Left+w.Pad.Right-w.W
	if h < 0 || b < 0 {
		return Shape{}, fmt.Errorf("a picture of %d×%d is smaller than the window %d×%d", in.H, in.W, w.H, w.W)
	}
	return Shape{h/w.Stride + 1, b/w.Stride + 1, channels}, nil
}

// floor is the smallest value that a layer lets through.
func floor(relu bool) float32 {
	if relu {
		return 0
	}
	return float32(math.Inf(-1))
}

// panel is the number of output channels that the inner loop makes at once.
const panel = 16

// Conv is a convolution over all channels, with bias, and with ReLU if asked for.
type Conv struct {
	window  Window
	in, out int
	weights []float32 // panels of 16 output channels: [panel][H·W·in][16], zeros beyond the last channel
	bias    []float32 // out, rounded up to whole panels
	floor   float32
}

// NewConv makes a convolution from weights[out][H][W][in] and bias[out]; a nil bias is all zeros.
func NewConv(window Window, in, out int, weights, bias []float32, relu bool) (*Conv, error) {
	if err := window.check(); err != nil {
		return nil, fmt.Errorf("cnn: convolution: %w", err)
	}
	if in < 1 || out < 1 || in > MaxValues/(window.H*window.W) || window.H*window.W*in > MaxValues/out {
		return nil, fmt.Errorf("cnn: convolution from %d to %d channels", in, out)
	}
	depth := window.H * window.W * in
	if len(weights) != out*depth || bias != nil && len(bias) != out {
		return nil, fmt.Errorf("cnn: convolution %d×%d from %d to %d channels has %d weights and %d biases", window.H, window.W, in, out, len(weights), len(bias))
	}
	panels := (out + panel - 1) / panel
	c := &Conv{window: window, in: in, out: out, floor: floor(relu)}
	c.weights, c.bias = make([]float32, panels*depth*panel), make([]float32, panels*panel)
	copy(c.bias, bias)
	for o := range out {
		base := o / panel * depth * panel
		for k, w := range weights[o*depth : (o+1)*depth] {
			c.weights[base+k*panel+o%panel] = w
		}
	}
	return c, nil
}

func (c *Conv) shape(in []Shape) (Shape, error) {
	s, err := one(in)
	if err != nil {
		return s, err
	}
	if s.C != c.in {
		return s, fmt.Errorf("%d channels, want %d", s.C, c.in)
	}
	return c.window.shape(s, c.out)
}

func (c *Conv) run(out Tensor, in []Tensor, w *workspace) {
	x := in[0]
	if c.window == (Window{H: 1, W: 1, Stride: 1}) {
		c.multiply(out.Data, x.Data, x.H*x.W)
		return
	}
	depth := c.window.H * c.window.W * c.in
	columns := w.take(out.W * depth)
	for y := range out.H {
		c.gather(columns, x, y, out.W)
		c.multiply(out.Data[y*out.W*c.out:(y+1)*out.W*c.out], columns, out.W)
	}
	w.put(columns)
}

// gather lays the windows of one row of results out one after the other, with zeros for what lies in the padding.
func (c *Conv) gather(columns []float32, x Tensor, y, width int) {
	win := c.window
	length := win.W * c.in
	for i := range width {
		left := i*win.Stride - win.Pad.Left
		for ky := range win.H {
			row := y*win.Stride - win.Pad.Top + ky
			dst := columns[(i*win.H+ky)*length:][:length]
			if row < 0 || row >= x.H {
				clear(dst)
				continue
			}
			first, last := max(left, 0), min(left+win.W, x.W)
			if first >= last {
				clear(dst)
				continue
			}
			clear(dst[:(first-left)*c.in])
			copy(dst[(first-left)*c.in:], x.Data[(row*x.W+first)*c.in:(row*x.W+last)*c.in])
			clear(dst[(last-left)*c.in:])
		}
	}
}

// block is how many rows are multiplied with all panels before the next ones are: what they take stays in the cache.
const block = 64

// multiply writes rows × out products: src holds rows vectors of the depth of the weights.
func (c *Conv) multiply(dst, src []float32, rows int) {
	depth := c.window.H * c.window.W * c.in
	for first := 0; first < rows; first += block {
		n := min(block, rows-first)
		for o := 0; o < c.out; o += panel {
			b := c.weights[o*depth : (o+panel)*depth]
			product(dst[first*c.out+o:], c.out, src[first*depth:], depth, n, b, c.bias[o:o+panel], min(panel, c.out-o), c.floor)
		}
	}
}

// product writes the rows × width products of src with one panel; rows of dst are stride values apart.
func product(dst []float32, stride int, src []float32, depth, rows int, weights, bias []float32, width int, floor float32) {
	var tile [4 * panel]float32
	for i := 0; i < rows; i += 4 {
		switch {
		case rows >= 4 && width == panel:
			// The last four rows may overlap those before: they come out the same.
			i := min(i, rows-4)
			multiply4x16(depth, src[i*depth:], depth, weights, bias, dst[i*stride:], stride, floor)
		case rows >= 4:
			i := min(i, rows-4)
			multiply4x16(depth, src[i*depth:], depth, weights, bias, tile[:], panel, floor)
			for r := range 4 {
				copy(dst[(i+r)*stride:][:width], tile[r*panel:])
			}
		default:
			// Fewer than four rows: the same one four times.
			for r := range rows {
				multiply4x16(depth, src[r*depth:], 0, weights, bias, tile[:], panel, floor)
				copy(dst[r*stride:][:width], tile[:])
			}
		}
	}
}

// multiply4x16Go is the inner loop in plain Go: c[r][j] = max(floor, bias[j] + Σ_k a[r][k]·b[k][j]) for four rows of a,
// lda values apart, and 16 columns of b; rows of c are ldc values apart.
func multiply4x16Go(depth int, a []float32, lda int, b, bias, c []float32, ldc int, floor float32) {
	for r := range 4 {
		row := a[r*lda:][:depth]
		var sum [panel]float32
		copy(sum[:], bias)
		for k, v := range row {
			w := (*[panel]float32)(b[k*panel:])
			for j := range sum {
				sum[j] += v * w[j]
			}
		}
		out := c[r*ldc:][:panel]
		for j, v := range sum {
			out[j] = max(v, floor)
		}
	}
}
