package curves

import (
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/metric"
)

func TestDeviates(t *testing.T) {
	for rate, want := range map[float64]float64{0.5: 0, 0.1: -1.2815515655446004, 0.9: 1.2815515655446004, 0: -2.575829303548901, 1: 1.6448536269514722} {
		if got := deviate(rate); math.Abs(got-want) > 1e-9 {
			t.Errorf("deviate of %g is %g, want %g", rate, got, want)
		}
	}
	// One straight piece of a ROC curve, chance, is straight here too.
	line, _ := Curve{Points: []metric.Point{{}, {FPR: 1, TPR: 1}}}.errors()
	if len(line) < 10 {
		t.Fatalf("%d points, want many", len(line))
	}
	for _, p := range line {
		if p.X > deviate(0.05) && p.X < deviate(0.95) && math.Abs(p.X+p.Y) > 1e-9 {
			t.Errorf("point (%g, %g) lies off the line of chance", p.X, p.Y)
		}
	}
}
