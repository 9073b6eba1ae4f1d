package look

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

func TestWrap(t *testing.T) {
	font := Sans(10)
	if got := Wrap("one", font, 1); got != "one" {
		t.Errorf("a word was broken: %q", got)
	}
	text := strings.Repeat("word ", 30)
	lines := strings.Split(Wrap(text, font, 100), "\n")
	if strings.Join(lines, " ") != strings.TrimSpace(text) || len(lines) < 5 || len(lines) > 15 {
		t.Errorf("lines %q", lines)
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []string
	}{
		{0, 1500, []string{"0", "500", "1000", "1500"}},
		{-0.2, 1, []string{"-0.2", "0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{2.1, 5.04, []string{"2.5", "3", "3.5", "4", "4.5", "5"}},
		{0, 61, []string{"0", "20", "40", "60"}},
	} {
		var got []string
		for _, tick := range (round{}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("from %g to %g: %q, want %q", c.low, c.high, got, c.want)
		}
	}
	rng := stream.New(1, "ticks")
	for range 1000 {
		low := rng.NormFloat64() * math.Pow(10, float64(rng.IntN(9)-4))
		high := low + math.Pow(10, 8*rng.Float64()-4)
		ticks := round{}.Ticks(low, high)
		if n := len(ticks); n < 2 || n > 7 {
			t.Errorf("%d ticks from %g to %g", n, low, high)
		}
		for _, tick := range ticks {
			if tick.Value < low-1e-9*math.Abs(low) || tick.Value > high+1e-9*math.Abs(high) {
				t.Errorf("tick %g outside of %g to %g", tick.Value, low, high)
			}
		}
	}
}
