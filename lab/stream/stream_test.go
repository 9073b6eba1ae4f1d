package stream

import (
	"fmt"
	"math"
	"testing"
)

func TestSameKeySameStream(t *testing.T) {
	a, b := New(7, "train", 3, uint64(9)), New(7, "train", 3, uint64(9))
	for i := range 100 {
		if x, y := a.Uint64(), b.Uint64(); x != y {
			t.Fatalf("draw %d: %d and %d", i, x, y)
		}
	}
}

func TestKeysAreUnambiguous(t *testing.T) {
	seen := map[uint64][]any{}
	for _, keys := range [][]any{
		{}, {""}, {"", ""}, {"a", "bc"}, {"ab", "c"}, {"abc"}, {1}, {uint64(1)}, {"1"}, {1, 2}, {2, 1}, {12}, {-1},
	} {
		h := Hash(keys...)
		if other, dup := seen[h]; dup {
			t.Errorf("%#v and %#v share the hash %x", keys, other, h)
		}
		seen[h] = keys
	}
}

// Neighbouring steps must not give correlated first draws: that is how the lab uses streams.
func TestNeighbouringKeysAreUncorrelated(t *testing.T) {
	const n = 20000
	var sx, sy, sxx, syy, sxy float64
	for i := range n {
		x, y := New(1, "step", i).Float64(), New(1, "step", i+1).Float64()
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	r := (sxy - sx*sy/n) / math.Sqrt((sxx-sx*sx/n)*(syy-sy*sy/n))
	if math.Abs(r) > 4/math.Sqrt(n) {
		t.Errorf("correlation of neighbouring streams %.4f, want 0 within 4 standard errors", r)
	}
	if mean := sx / n; math.Abs(mean-0.5) > 4/math.Sqrt(12*n) {
		t.Errorf("mean of first draws %.4f, want 0.5", mean)
	}
}

func ExampleNew() {
	a, b := New(42, "demo", 0), New(42, "demo", 0)
	fmt.Println(a.IntN(1000) == b.IntN(1000), New(42, "demo", 1).IntN(1000) == New(42, "demo", 2).IntN(1000))
	// Output: true false
}
