package cnn

import "fmt"

// lane is the number of channels that the inner loop of a depthwise convolution makes at once.
const lane = 8

// Depthwise is a 3×3 convolution of each channel with weights of its own, with bias, and with ReLU if asked for.
type Depthwise struct {
	window   Window
	channels int
	weights  []float32 // [channels/8][9][8]
	bias     []float32
	floor    float32
}

// NewDepthwise makes a depthwise convolution from weights[3][3][channels] and bias[channels]; a nil bias is all zeros.
// The window must be 3×3 and the channels a multiple of 8, as they are in the nets that are run here.
func NewDepthwise(window Window, channels int, weights, bias []float32, relu bool) (*Depthwise, error) {
	if err := window.check(); err != nil {
		return nil, fmt.Errorf("cnn: depthwise convolution: %w", err)
	}
	if window.H != 3 || window.W != 3 || channels < 1 || channels%lane != 0 || channels > MaxValues/9 {
		return nil, fmt.Errorf("cnn: depthwise convolution %d×%d of %d channels; want 3×3 and a multiple of %d channels", window.H, window.W, channels, lane)
	}
	if len(weights) != 9*channels || bias != nil && len(bias) != channels {
		return nil, fmt.Errorf("cnn: depthwise convolution of %d channels has %d weights and %d biases", channels, len(weights), len(bias))
	}
	d := &Depthwise{window: window, channels: channels, floor: floor(relu)}
	d.weights, d.bias = make([]float32, 9*channels), make([]float32, channels)
	copy(d.bias, bias)
	for i, w := range weights {
		tap, c := i/channels, i%channels
		d.weights[(c/lane*9+tap)*lane+c%lane] = w
	}
	return d, nil
}

func (d *Depthwise) shape(in []Shape) (Shape, error) {
	s, err := one(in)
	if err != nil {
		return s, err
	}
	if s.C != d.channels {
		return s, fmt.Errorf("%d channels, want %d", s.C, d.channels)
	}
	return d.window.shape(s, d.channels)
}

// strip is how many rows of results are made at once: what they take stays in the cache.
const strip = 8

func (d *Depthwise) run(out Tensor, in []Tensor, w *workspace) {
	// With the zeros written out, the inner loop has no borders.
	x, win := in[0], d.window
	width := (x.W + win.Pad.Left + win.Pad.Right) * x.C
	padded := w.take(((strip-1)*win.Stride + win.H) * width)
	for first := 0; first < out.H; first += strip {
		n := min(strip, out.H-first)
		for i := range (n-1)*win.Stride + win.H {
			row := padded[i*width:][:width]
			y := first*win.Stride - win.Pad.Top + i
			if y < 0 || y >= x.H {
				clear(row)
				continue
			}
			clear(row[:win.Pad.Left*x.C])
			copy(row[win.Pad.Left*x.C:], x.Data[y*x.W*x.C:(y+1)*x.W*x.C])
			clear(row[(win.Pad.Left+x.W)*x.C:])
		}
		for i := range n {
			depthwise3x3(out.W, d.channels, padded[i*win.Stride*width:], width, win.Stride*d.channels, d.weights, d.bias, out.Data[(first+i)*out.W*out.C:], d.floor)
		}
	}
	w.put(padded)
}

// depthwise3x3Go is the inner loop in plain Go: n results of all channels. x is the top left tap of the first one; rows
// lie row values apart, results step values.
func depthwise3x3Go(n, channels int, x []float32, row, step int, weights, bias, out []float32, floor float32) {
	for i := range n {
		for c := 0; c < channels; c += lane {
			var sum [lane]float32
			copy(sum[:], bias[c:])
			for tap := range 9 {
				v := (*[lane]float32)(x[i*step+tap/3*row+tap%3*channels+c:])
				w := (*[lane]float32)(weights[(c/lane*9+tap)*lane:])
				for j := range sum {
					sum[j] += v[j] * w[j]
				}
			}
			y := (*[lane]float32)(out[i*channels+c:])
			for j, v := range sum {
				y[j] = max(v, floor)
			}
		}
	}
}
