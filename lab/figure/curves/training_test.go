package curves

import (
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/store"
)

func TestTrainingIsAveraged(t *testing.T) {
	var tr Training
	for i := range 601 { // windows of 3, a last one of 1
		tr.Steps = append(tr.Steps, store.Step{Step: i + 1, Loss: float64(i), HeldOut: -1})
	}
	tr.Steps[4].HeldOut, tr.Steps[9].HeldOut = 0, 0.5
	line, window := tr.smooth(func(s store.Step) float64 { return s.Loss })
	if window != 3 || len(line) != 201 {
		t.Fatalf("%d points of %d steps, want 201 of 3", len(line), window)
	}
	if first, last := line[0], line[200]; math.Abs(first.X-2)+math.Abs(first.Y-1) > 1e-12 || last.X != 601 || last.Y != 600 {
		t.Errorf("first %v, last %v, want {2 1} and {601 600}", first, last)
	}
	held := tr.heldOut()
	if len(held) != 2 || held[0].X != 5 || held[0].Y != 0 || held[1].X != 10 || held[1].Y != 0.5 {
		t.Errorf("held-out %v, want (5, 0) and (10, 0.5): a measured 0 counts", held)
	}
}

// What stands for the accuracy of a method that classifies nothing has axes of its own, but for the loss.
func TestTrainingShowsWhatWasMeasured(t *testing.T) {
	for measured, want := range map[string]struct {
		axes   int
		series string
	}{"": {2, "loss on 9 held-out faces, official strength"}, "error of a test": {3, "error of a test on 9 held-out faces, official strength"}} {
		tr := Training{Measured: measured, HeldOut: 9}
		for i := range 3 {
			tr.Steps = append(tr.Steps, store.Step{Step: i + 1, Loss: 100, Accuracy: -1, HeldOut: 0.5, Strength: 1})
		}
		c, err := tr.Chart()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range c.MultiSeries {
			names = append(names, s.Name)
		}
		if !slices.Contains(names, want.series) || len(c.GridList) != want.axes {
			t.Errorf("%q: %d axes with %q, want %d with %q", measured, len(c.GridList), names, want.axes, want.series)
		}
	}
}
