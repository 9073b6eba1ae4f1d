package cnn

import (
	"fmt"
	"math"
)

// Deconv is a transposed convolution with a 2×2 window and stride 2: each pixel becomes four.
type Deconv struct{ corners [4]*Conv } // top left, top right, bottom left, bottom right

// NewDeconv makes a transposed convolution from weights[2][2][out][in]; it has no bias.
func NewDeconv(in, out int, weights []float32) (*Deconv, error) {
	if in < 1 || out < 1 || in > MaxValues/4/out || len(weights) != 4*in*out {
		return nil, fmt.Errorf("cnn: transposed convolution from %d to %d channels has %d weights; want 2×2×out×in", in, out, len(weights))
	}
	d := new(Deconv)
	for i := range d.corners {
		c, err := NewConv(Window{H: 1, W: 1, Stride: 1}, in, out, weights[i*in*out:(i+1)*in*out], nil, false)
		if err != nil {
			return nil, err
		}
		d.corners[i] = c
	}
	return d, nil
}

func (d *Deconv) shape(in []Shape) (Shape, error) {
	s, err := one(in)
	if err != nil {
		return s, err
	}
	if s.C != d.corners[0].in {
		return s, fmt.Errorf("%d channels, want %d", s.C, d.corners[0].in)
	}
	return Shape{2 * s.H, 2 * s.W, d.corners[0].out}, nil
}

func (d *Deconv) run(out Tensor, in []Tensor, w *workspace) {
	x := in[0]
	row := w.take(x.W * out.C)
	for y := range x.H {
		for i, corner := range d.corners {
			corner.multiply(row, x.Data[y*x.W*x.C:], x.W)
			to := out.Data[((2*y+i/2)*out.W+i%2)*out.C:]
			for k := range x.W {
				copy(to[2*k*out.C:][:out.C], row[k*out.C:])
			}
		}
	}
	w.put(row)
}

// Affine multiplies each channel and adds to it: a batch normalisation that no longer learns. With ReLU if asked for.
type Affine struct {
	scale, shift []float32
	floor        float32
}

// NewAffine makes a layer from one scale and one shift a channel.
func NewAffine(scale, shift []float32, relu bool) (*Affine, error) {
	if len(scale) == 0 || len(scale) != len(shift) {
		return nil, fmt.Errorf("cnn: %d scales and %d shifts; want one of each a channel", len(scale), len(shift))
	}
	return &Affine{scale, shift, floor(relu)}, nil
}

func (a *Affine) shape(in []Shape) (Shape, error) { return sameChannels(in, len(a.scale)) }

func (a *Affine) run(out Tensor, in []Tensor, _ *workspace) {
	n := len(a.scale)
	for i := 0; i < len(out.Data); i += n {
		x, y := in[0].Data[i:i+n], out.Data[i:i+n]
		for c, v := range x {
			y[c] = max(v*a.scale[c]+a.shift[c], a.floor)
		}
	}
}

// PReLU multiplies what is below zero by the slope of its channel.
type PReLU struct{ slope []float32 }

// NewPReLU makes a layer from one slope a channel.
func NewPReLU(slope []float32) (*PReLU, error) {
	if len(slope) == 0 {
		return nil, fmt.Errorf("cnn: a PReLU without slopes")
	}
	return &PReLU{slope}, nil
}

func (p *PReLU) shape(in []Shape) (Shape, error) { return sameChannels(in, len(p.slope)) }

func (p *PReLU) run(out Tensor, in []Tensor, _ *workspace) {
	n := len(p.slope)
	for i := 0; i < len(out.Data); i += n {
		x, y := in[0].Data[i:i+n], out.Data[i:i+n]
		for c, v := range x {
			if v < 0 {
				v *= p.slope[c]
			}
			y[c] = v
		}
	}
}

func sameChannels(in []Shape, channels int) (Shape, error) {
	s, err := one(in)
	if err == nil && s.C != channels {
		err = fmt.Errorf("%d channels, want %d", s.C, channels)
	}
	return s, err
}

// Add adds two tensors of the same rows and columns. Where one has fewer channels, those that it lacks are zeros.
type Add struct{}

func (Add) shape(in []Shape) (Shape, error) {
	if len(in) != 2 {
		return Shape{}, fmt.Errorf("%w: %d, want 2", errInputs, len(in))
	}
	if in[0].H != in[1].H || in[0].W != in[1].W {
		return Shape{}, fmt.Errorf("sum of %d×%d and %d×%d pixels", in[0].H, in[0].W, in[1].H, in[1].W)
	}
	return Shape{in[0].H, in[0].W, max(in[0].C, in[1].C)}, nil
}

func (Add) run(out Tensor, in []Tensor, _ *workspace) {
	a, b := in[0], in[1]
	if a.C < b.C {
		a, b = b, a
	}
	if a.C == b.C {
		y := out.Data[:len(a.Data)]
		for i, v := range a.Data {
			y[i] = v + b.Data[i]
		}
		return
	}
	copy(out.Data, a.Data)
	for p := range a.H * a.W {
		y := out.Data[p*a.C:]
		for c, v := range b.Data[p*b.C : (p+1)*b.C] {
			y[c] += v
		}
	}
}

// MaxPool keeps the largest of each 2×2 pixels; an odd last row or column is dropped.
type MaxPool struct{}

func (MaxPool) shape(in []Shape) (Shape, error) {
	s, err := one(in)
	if err != nil {
		return s, err
	}
	return Window{H: 2, W: 2, Stride: 2}.shape(s, s.C)
}

func (MaxPool) run(out Tensor, in []Tensor, _ *workspace) {
	x := in[0]
	row := x.W * x.C
	for y := range out.H {
		for i := range out.W {
			to := out.Data[(y*out.W+i)*out.C:][:out.C]
			a := x.Data[2*y*row+2*i*x.C:]
			b := x.Data[(2*y+1)*row+2*i*x.C:]
			for c := range to {
				to[c] = max(a[c], a[x.C+c], b[c], b[x.C+c])
			}
		}
	}
}

// ReLU lets through what is above zero.
type ReLU struct{}

func (ReLU) shape(in []Shape) (Shape, error) { return one(in) }

func (ReLU) run(out Tensor, in []Tensor, _ *workspace) {
	for i, v := range in[0].Data {
		out.Data[i] = max(v, 0)
	}
}

// Sigmoid is the logistic function.
type Sigmoid struct{}

func (Sigmoid) shape(in []Shape) (Shape, error) { return one(in) }

func (Sigmoid) run(out Tensor, in []Tensor, _ *workspace) {
	for i, v := range in[0].Data {
		out.Data[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}
