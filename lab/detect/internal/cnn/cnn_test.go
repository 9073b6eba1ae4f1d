package cnn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

func picture(rng *rand.Rand, s Shape) Tensor { return Tensor{s, random(rng, s.values())} }

// at reads a pixel, or zero outside the picture.
func at(t Tensor, y, x, c int) float64 {
	if y < 0 || x < 0 || y >= t.H || x >= t.W {
		return 0
	}
	return float64(t.Data[(y*t.W+x)*t.C+c])
}

func alone(t testing.TB, op Op) *Network {
	t.Helper()
	n, err := New([]Node{{op, []int{0}}}, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func run(t testing.TB, n *Network, in Tensor) Tensor {
	t.Helper()
	out, err := n.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// bothLoops runs f with the assembly, where there is one, and with the plain loops.
func bothLoops(t *testing.T, f func(t *testing.T)) {
	t.Run("fast", f)
	t.Run("plain", func(t *testing.T) {
		defer usePlain()()
		f(t)
	})
}

// The convolution against its definition in float64, over sizes with and without remainders of every inner loop.
func TestConv(t *testing.T) {
	bothLoops(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, c := range []struct {
			window  Window
			in, out int
			h, w    int
			relu    bool
		}{
			{Window{1, 1, 1, Pad{}}, 24, 96, 7, 5, true},
			{Window{1, 1, 1, Pad{}}, 5, 3, 1, 1, false},
			{Window{1, 1, 1, Pad{}}, 5, 33, 1, 3, false},
			{Window{1, 1, 1, Pad{}}, 17, 16, 13, 21, false},
			{Window{3, 3, 2, Pad{1, 1, 1, 1}}, 3, 32, 16, 18, true},
			{Window{3, 3, 2, Pad{0, 0, 1, 1}}, 3, 16, 12, 12, false},
			{Window{3, 3, 1, Pad{1, 1, 1, 1}}, 24, 24, 6, 9, true},
			{Window{3, 3, 3, Pad{}}, 32, 40, 3, 3, false},
			{Window{3, 3, 1, Pad{2, 2, 2, 2}}, 4, 20, 1, 1, false},
			{Window{2, 3, 1, Pad{1, 0, 0, 2}}, 4, 20, 5, 4, false},
		} {
			depth := c.window.H * c.window.W * c.in
			weights, bias := random(rng, c.out*depth), random(rng, c.out)
			op, err := NewConv(c.window, c.in, c.out, weights, bias, c.relu)
			if err != nil {
				t.Fatal(err)
			}
			x := picture(rng, Shape{c.h, c.w, c.in})
			got := run(t, alone(t, op), x)
			p := c.window.Pad
			if want := (Shape{(c.h+p.Top+p.Bottom-c.window.H)/c.window.Stride + 1, (c.w+p.Left+p.Right-c.window.W)/c.window.Stride + 1, c.out}); got.Shape != want {
				t.Fatalf("%+v: shape %v, want %v", c, got.Shape, want)
			}
			for y := range got.H {
				for i := range got.W {
					for o := range c.out {
						sum := float64(bias[o])
						for k := range depth {
							ky, kx, ch := k/c.in/c.window.W, k/c.in%c.window.W, k%c.in
							sum += float64(weights[o*depth+k]) * at(x, y*c.window.Stride-p.Top+ky, i*c.window.Stride-p.Left+kx, ch)
						}
						if c.relu {
							sum = max(sum, 0)
						}
						if v := at(got, y, i, o); math.Abs(v-sum) > 1e-4 {
							t.Fatalf("%+v: (%d, %d) channel %d is %v, want %v", c, y, i, o, v, sum)
						}
					}
				}
			}
		}
	})
}

func TestDepthwise(t *testing.T) {
	bothLoops(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(2, 2))
		for _, c := range []struct {
			window         Window
			channels, h, w int
			relu           bool
		}{
			{Window{3, 3, 1, Pad{1, 1, 1, 1}}, 24, 5, 7, true},
			{Window{3, 3, 2, Pad{0, 0, 1, 1}}, 8, 6, 6, false},
			{Window{3, 3, 2, Pad{1, 1, 1, 1}}, 40, 9, 4, false},
			{Window{3, 3, 1, Pad{}}, 16, 3, 3, false},
			{Window{3, 3, 1, Pad{1, 1, 1, 1}}, 16, 1, 1, false},
			{Window{3, 3, 1, Pad{1, 1, 1, 1}}, 8, 2*strip + 3, 4, false},
			{Window{3, 3, 2, Pad{1, 1, 1, 1}}, 8, 4 * strip, 5, true},
		} {
			weights, bias := random(rng, 9*c.channels), random(rng, c.channels)
			op, err := NewDepthwise(c.window, c.channels, weights, bias, c.relu)
			if err != nil {
				t.Fatal(err)
			}
			x := picture(rng, Shape{c.h, c.w, c.channels})
			got := run(t, alone(t, op), x)
			for y := range got.H {
				for i := range got.W {
					for ch := range c.channels {
						sum := float64(bias[ch])
						for tap := range 9 {
							sum += float64(weights[tap*c.channels+ch]) * at(x, y*c.window.Stride-c.window.Pad.Top+tap/3, i*c.window.Stride-c.window.Pad.Left+tap%3, ch)
						}
						if c.relu {
							sum = max(sum, 0)
						}
						if v := at(got, y, i, ch); math.Abs(v-sum) > 1e-5 {
							t.Fatalf("%+v: (%d, %d) channel %d is %v, want %v", c, y, i, ch, v, sum)
						}
					}
				}
			}
		}
	})
}

func TestDeconv(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	const in, out = 5, 18
	weights := random(rng, 4*in*out)
	op, err := NewDeconv(in, out, weights)
	if err != nil {
		t.Fatal(err)
	}
	x := picture(rng, Shape{3, 4, in})
	got := run(t, alone(t, op), x)
	if got.Shape != (Shape{6, 8, out}) {
		t.Fatalf("shape %v", got.Shape)
	}
	for y := range 6 {
		for i := range 8 {
			for o := range out {
				var sum float64
				for c := range in {
					sum += float64(weights[((y%2*2+i%2)*out+o)*in+c]) * at(x, y/2, i/2, c)
				}
				if v := at(got, y, i, o); math.Abs(v-sum) > 1e-5 {
					t.Fatalf("(%d, %d) channel %d is %v, want %v", y, i, o, v, sum)
				}
			}
		}
	}
}

func TestPointLayers(t *testing.T) {
	affine, err := NewAffine([]float32{2, -1}, []float32{1, 0.5}, true)
	if err != nil {
		t.Fatal(err)
	}
	prelu, err := NewPReLU([]float32{0.5, -1})
	if err != nil {
		t.Fatal(err)
	}
	x := Tensor{Shape{1, 2, 2}, []float32{1, -2, -3, 4}}
	for _, c := range []struct {
		op   Op
		want []float32
	}{
		{affine, []float32{3, 2.5, 0, 0}},
		{prelu, []float32{1, 2, -1.5, 4}},
		{ReLU{}, []float32{1, 0, 0, 4}},
	} {
		if got := run(t, alone(t, c.op), x); !slices.Equal(got.Data, c.want) {
			t.Errorf("%T: %v, want %v", c.op, got.Data, c.want)
		}
	}
	for i, v := range run(t, alone(t, Sigmoid{}), x).Data {
		if want := 1 / (1 + math.Exp(-float64(x.Data[i]))); math.Abs(float64(v)-want) > 1e-6 {
			t.Errorf("sigmoid of %v is %v, want %v", x.Data[i], v, want)
		}
	}
	rows := Tensor{Shape{3, 5, 1}, []float32{
		1, 2, 3, 4, 9,
		5, 6, 7, 1, 9,
		9, 9, 9, 9, 9,
	}}
	if got := run(t, alone(t, MaxPool{}), rows); got.Shape != (Shape{1, 2, 1}) || !slices.Equal(got.Data, []float32{6, 7}) {
		t.Errorf("largest of 2×2: %v %v", got.Shape, got.Data)
	}
}

// Add takes missing channels as zeros, whichever side lacks them.
func TestAdd(t *testing.T) {
	wide, err := NewConv(Window{H: 1, W: 1, Stride: 1}, 1, 2, []float32{10, 100}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	x := Tensor{Shape{1, 2, 1}, []float32{1, 2}}
	for _, in := range [][]int{{0, 1}, {1, 0}} {
		n, err := New([]Node{{wide, []int{0}}, {Add{}, in}, {Add{}, []int{2, 1}}}, []int{2, 3, 0})
		if err != nil {
			t.Fatal(err)
		}
		out, err := n.Run(x)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out[0].Data, []float32{11, 100, 22, 200}) || !slices.Equal(out[1].Data, []float32{21, 200, 42, 400}) || !slices.Equal(out[2].Data, x.Data) {
			t.Errorf("inputs %v: sums %v and %v, input %v", in, out[0].Data, out[1].Data, out[2].Data)
		}
	}
}

// Runs of several sizes at once share memory without mixing their values.
func TestRunIsSafeForSeveralGoroutines(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	conv, err := NewConv(Window{3, 3, 1, Pad{1, 1, 1, 1}}, 8, 8, random(rng, 9*8*8), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	deep, err := NewDepthwise(Window{3, 3, 1, Pad{1, 1, 1, 1}}, 8, random(rng, 72), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New([]Node{{conv, []int{0}}, {deep, []int{1}}, {Add{}, []int{1, 2}}, {conv, []int{3}}}, []int{4, 2})
	if err != nil {
		t.Fatal(err)
	}
	pictures := make([]Tensor, 6)
	want := make([][]Tensor, len(pictures))
	for i := range pictures {
		pictures[i] = picture(rng, Shape{4 + 3*i, 9 - i, 8})
		fresh, err := New(n.nodes, n.outputs)
		if err != nil {
			t.Fatal(err)
		}
		if want[i], err = fresh.Run(pictures[i]); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range 30 {
				i := (g + k) % len(pictures)
				got, err := n.Run(pictures[i])
				if err != nil {
					t.Error(err)
					return
				}
				for j := range got {
					if !slices.Equal(got[j].Data, want[i][j].Data) {
						t.Errorf("picture %d: output %d differs", i, j)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestErrors(t *testing.T) {
	point := Window{H: 1, W: 1, Stride: 1}
	conv, err := NewConv(point, 3, 2, make([]float32, 6), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"window of 0 rows": func() error { _, err := NewConv(Window{0, 1, 1, Pad{}}, 1, 1, nil, nil, false); return err },
		"stride of 0": func() error {
			_, err := NewConv(Window{1, 1, 0, Pad{}}, 1, 1, []float32{1}, nil, false)
			return err
		},
		"padding as large as the window": func() error {
			_, err := NewConv(Window{3, 3, 1, Pad{3, 0, 0, 0}}, 1, 1, make([]float32, 9), nil, false)
			return err
		},
		"too few weights": func() error { _, err := NewConv(point, 3, 2, make([]float32, 5), nil, false); return err },
		"channels that overflow": func() error {
			_, err := NewConv(Window{8, 8, 1, Pad{}}, math.MaxInt/2, math.MaxInt/2, nil, nil, false)
			return err
		},
		"12 depthwise channels": func() error {
			_, err := NewDepthwise(Window{3, 3, 1, Pad{}}, 12, make([]float32, 108), nil, false)
			return err
		},
		"no slopes":                func() error { _, err := NewPReLU(nil); return err },
		"unequal scale":            func() error { _, err := NewAffine([]float32{1}, nil, false); return err },
		"deconvolution weights":    func() error { _, err := NewDeconv(2, 2, make([]float32, 15)); return err },
		"no nodes":                 func() error { _, err := New(nil, []int{0}); return err },
		"a value from the future":  func() error { _, err := New([]Node{{conv, []int{1}}}, []int{1}); return err },
		"an output that is absent": func() error { _, err := New([]Node{{conv, []int{0}}}, []int{2}); return err },
		"wrong channels": func() error {
			_, err := alone(t, conv).Run(picture(rand.New(rand.NewPCG(1, 1)), Shape{2, 2, 4}))
			return err
		},
		"short input": func() error { _, err := alone(t, conv).Run(Tensor{Shape{2, 2, 3}, make([]float32, 11)}); return err },
		"huge input": func() error {
			_, err := alone(t, conv).Run(Tensor{Shape{math.MaxInt32, math.MaxInt32, 3}, nil})
			return err
		},
		"one input to a sum": func() error { _, err := alone(t, Add{}).Run(Tensor{Shape{1, 1, 1}, []float32{1}}); return err },
	} {
		if err := f(); err == nil || !strings.HasPrefix(err.Error(), "cnn: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ pixels, in, out int }{{15360, 16, 96}, {3840, 144, 24}, {960, 192, 32}, {240, 64, 384}, {60, 960, 160}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s.pixels, s.in, s.out), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			op, err := NewConv(Window{H: 1, W: 1, Stride: 1}, s.in, s.out, random(rng, s.in*s.out), nil, true)
			if err != nil {
				b.Fatal(err)
			}
			x, y := picture(rng, Shape{1, s.pixels, s.in}), Tensor{Shape{1, s.pixels, s.out}, make([]float32, s.pixels*s.out)}
			for b.Loop() {
				op.run(y, []Tensor{x}, nil)
			}
			b.ReportMetric(2*float64(s.pixels*s.in*s.out)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkDepthwise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	op, err := NewDepthwise(Window{3, 3, 1, Pad{1, 1, 1, 1}}, 144, random(rng, 9*144), nil, true)
	if err != nil {
		b.Fatal(err)
	}
	x, y := picture(rng, Shape{48, 80, 144}), Tensor{Shape{48, 80, 144}, make([]float32, 48*80*144)}
	var w workspace
	for b.Loop() {
		op.run(y, []Tensor{x}, &w)
	}
	b.ReportMetric(2*9*float64(len(y.Data))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
