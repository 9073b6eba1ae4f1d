package safetensors

import (
	"math"
	"path/filepath"
	"reflect"
	"testing"
)

// The values are those of IEEE 754 binary16, as numpy's float16 has them.
func TestHalfIsBinary16(t *testing.T) {
	for h, want := range map[uint16]float32{
		0x0001: 0x1p-24, 0x03ff: 1023 * 0x1p-24, 0x0400: 0x1p-14, 0x3555: 0.333251953125, 0x3c00: 1, 0x3c01: 1 + 0x1p-10, 0xc000: -2, 0x7bff: 65504, 0xfbff: -65504,
	} {
		if got := fromHalf(h); got != want {
			t.Errorf("%#04x is %v, want %v", h, got, want)
		}
	}
	if !math.IsInf(float64(fromHalf(0xfc00)), -1) || !math.IsNaN(float64(fromHalf(0x7c01))) || !math.Signbit(float64(fromHalf(0x8000))) {
		t.Error("the infinities, NaN or −0 are others")
	}
}

// Every float16 comes back, and what lies between two goes to the nearer one, from the middle to the even one.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for h := range uint16(0x7c00) {
		here, next := fromHalf(h), float32(0x1p16)
		if h < 0x7bff {
			next = fromHalf(h + 1)
		}
		middle := here + (next-here)/2 // exact: one bit more than a float16 has
		even, last := h+h&1, math.Nextafter32(middle, next)
		for x, want := range map[float32]uint16{here: h, math.Nextafter32(middle, here): h, middle: even, last: h + 1} {
			if x >= halfLimit { // above the largest
				continue
			}
			if got := toHalf(x); got != want {
				t.Fatalf("%v is %#04x, want %#04x", x, got, want)
			}
			if got := toHalf(-x); got != want|0x8000 {
				t.Fatalf("%v is %#04x, want %#04x", -x, got, want|0x8000)
			}
		}
	}
}

// A file may hold tensors of both types; what float16 cannot hold is refused by name.
func TestHalfTensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	values := []float32{1, 1.0 / 3, -65504, 3e-6}
	f := File{Tensors: map[string]Tensor{"bias": {Shape: []int{4}, Data: values}, "kernel": {Shape: []int{2, 2}, Data: values, Half: true}}}
	if err := Write(path, f); err != nil {
		t.Fatal(err)
	}
	f.Tensors["kernel"] = Tensor{Shape: []int{2, 2}, Data: []float32{1, 0.333251953125, -65504, 50 * 0x1p-24}, Half: true}
	for range 2 {
		got, err := Read(path)
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Fatalf("got %v, %v\nwant %v", got, err, f)
		}
		if err := Write(path, got); err != nil {
			t.Fatal(err)
		}
	}
	f.Tensors["kernel"].Data[1] = -70000
	wantError(t, Write(path, f), `tensor "kernel": element 1 is -70000, too large for float16`)
}
