package look

import (
	"image/color"
	"testing"

	"gonum.org/v1/plot/vg/draw"
)

func TestScaleColour(t *testing.T) {
	for value, want := range map[float64]color.NRGBA{
		-7: viridis[0], 2: viridis[0], 3: viridis[1], 11: viridis[9], 12: viridis[9],
		2.5: {0x46, 0x15, 0x66, 0xff}, // half way from 440154 to 482878, halves up
	} {
		if got := ScaleColour(value, 2, 11); got != want {
			t.Errorf("%g on the scale from 2 to 11 is %v, want %v", value, got, want)
		}
	}
	// A quantity can be read off in grey as well.
	last := -1.0
	for i := range 101 {
		c := ScaleColour(float64(i), 0, 100)
		if light := 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B); light < last {
			t.Fatalf("the scale gets darker at %d", i)
		} else {
			last = light
		}
	}
}

func TestClassesCanBeToldApart(t *testing.T) {
	type look struct {
		colour color.NRGBA
		marker draw.GlyphDrawer
	}
	seen := map[look]int{}
	for k := range 32 {
		l := look{ClassColour(k), Markers[k/len(OkabeIto)%len(Markers)]}
		if other, twice := seen[l]; twice {
			t.Errorf("classes %d and %d look the same", other, k)
		}
		seen[l] = k
		for _, step := range []int{5, 8, 13, 21} {
			if k+step < 32 && ClassColour(k) == ClassColour(k+step) {
				t.Errorf("classes %d and %d, neighbours in the projection, have one colour", k, k+step)
			}
		}
	}
}
