package curves

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/stream"
)

// The curve of the figure goes through the points of the data, in the coordinates in which chance goes from (0, 0) to
// (1, 1).
func TestROCGoesThroughItsPoints(t *testing.T) {
	// From the largest: fake, real, fake, fake, real, real.
	curve, err := NewCurve("x", []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, []bool{false, false, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	if want := 7. / 9; math.Abs(curve.AUC-want) > 1e-12 || curve.Real != 3 || curve.Fake != 3 {
		t.Errorf("AUC %g of %d real and %d fake, want %g of 3 and 3", curve.AUC, curve.Real, curve.Fake, want)
	}
	want := [][2]float64{{0, 0}, {0, 1. / 3}, {1. / 3, 1. / 3}, {1. / 3, 1}, {1, 1}}
	lines := strokes(t, ROC{Title: "x", Unit: "faces", Curves: []Curve{curve}})
	at := slices.IndexFunc(lines, func(line []vg.Point) bool { return len(line) == len(want) })
	if at < 0 {
		t.Fatal("no line of 5 points was drawn")
	}
	chance := lines[at+1]
	if len(chance) != 2 {
		t.Fatalf("chance has %d points, want 2", len(chance))
	}
	for i, p := range lines[at] {
		x := float64((p.X - chance[0].X) / (chance[1].X - chance[0].X))
		y := float64((p.Y - chance[0].Y) / (chance[1].Y - chance[0].Y))
		if math.Hypot(x-want[i][0], y-want[i][1]) > 1e-9 {
			t.Errorf("point %d at (%g, %g), want %g", i, x, y, want[i])
		}
	}
}

// strokes are the corners of each line that drawing the figure strokes.
func strokes(t *testing.T, f figure.Figure) [][]vg.Point {
	t.Helper()
	var canvas recorder.Canvas
	w, h := f.Size()
	if err := f.Draw(draw.NewCanvas(&canvas, w, h)); err != nil {
		t.Fatal(err)
	}
	var list [][]vg.Point
	for _, a := range canvas.Actions {
		if s, ok := a.(*recorder.Stroke); ok {
			var points []vg.Point
			for _, c := range s.Path {
				if c.Type == vg.MoveComp || c.Type == vg.LineComp {
					points = append(points, c.Pos)
				}
			}
			list = append(list, points)
		}
	}
	return list
}

func TestBandHoldsWhatItSays(t *testing.T) {
	rng := stream.New(1, "band")
	scores, fake := make([]float64, 120), make([]bool, 120)
	for i := range scores {
		fake[i] = i%2 == 0
		scores[i] = rng.NormFloat64()
		if fake[i] {
			scores[i]++
		}
	}
	curve, err := NewBandedCurve("x", scores, fake, 7)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewBandedCurve("x", scores, fake, 7)
	if err != nil || !reflect.DeepEqual(again, curve) {
		t.Errorf("error %v; the same seed gave another band", err)
	}
	if other, err := NewBandedCurve("x", scores, fake, 8); err != nil || reflect.DeepEqual(other.Band, curve.Band) {
		t.Errorf("error %v; another seed gave the same band", err)
	}
	ranking, err := metric.Rank(scores, fake)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range curve.Band {
		if i > 0 && (b.Low < curve.Band[i-1].Low || b.High < curve.Band[i-1].High) {
			t.Errorf("the band falls at %g", b.FPR)
		}
		// What was found lies inside of it, and it is about as wide as an interval of a share of 60 in the middle.
		if tpr := ranking.TPRAt(b.FPR); tpr < b.Low-1e-9 || tpr > b.High+1e-9 {
			t.Errorf("at %g the curve is at %g, outside of %g to %g", b.FPR, tpr, b.Low, b.High)
		}
	}
	if b := curve.Band[30]; b.High-b.Low < 0.1 || b.High-b.Low > 0.45 {
		t.Errorf("the band at 0.3 is from %g to %g: want some 0.25 wide", b.Low, b.High)
	}
	if _, err := NewBandedCurve("x", []float64{1, 2}, []bool{true, true}, 1); err == nil || !strings.HasPrefix(err.Error(), "curves: ") {
		t.Errorf("error %v of one class", err)
	}
	if _, err := NewCurve("x", []float64{1, math.NaN()}, []bool{true, false}); err == nil || !strings.HasPrefix(err.Error(), "curves: ROC of x") {
		t.Errorf("error %v of a NaN score", err)
	}
}
