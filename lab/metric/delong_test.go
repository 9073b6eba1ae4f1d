package metric

import (
	"errors"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

func TestDeLongGoldens(t *testing.T) {
	_, cases := readGoldens(t)
	checked := 0
	for _, c := range cases {
		if c.DeLong == nil {
			continue
		}
		checked++
		got, err := DeLong(c.Scores, c.Other, c.fake())
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, c.Name+": AUROC", got.A, c.AUROC, 1e-12)
		wantClose(t, c.Name+": standard error", got.StdError, c.DeLong.StdError, 1e-12)
		wantClose(t, c.Name+": z", got.Z, c.DeLong.Z, 1e-9)
		wantClose(t, c.Name+": p", got.P, c.DeLong.P, 1e-9)
	}
	if checked < 10 {
		t.Errorf("%d cases checked, want 10 or more", checked)
	}
}

// Of two detectors that are equally good, one in twenty must come out at p < 0.05.
func TestDeLongLevel(t *testing.T) {
	const trials = 1000
	rejected := 0
	for trial := range trials {
		rng := stream.New(9, "delong", trial)
		a, b, fake := make([]float64, 120), make([]float64, 120), make([]bool, 120)
		for i := range a {
			fake[i] = i%2 == 0
			common := rng.NormFloat64()
			if fake[i] {
				common++
			}
			a[i], b[i] = common+rng.NormFloat64(), common+rng.NormFloat64()
		}
		c, err := DeLong(a, b, fake)
		if err != nil {
			t.Fatal(err)
		}
		if c.P < 0.05 {
			rejected++
		}
	}
	if rejected < 25 || rejected > 80 {
		t.Errorf("%d of %d tests reject, want about 50", rejected, trials)
	}
}

func TestDeLongEdges(t *testing.T) {
	scores, fake := []float64{4, 2, 3, 1}, []bool{true, true, false, false}
	if c, err := DeLong(scores, scores, fake); err != nil || c.Z != 0 || c.P != 1 || c.StdError != 0 {
		t.Errorf("same detector twice: %+v, error %v", c, err)
	}
	best, worst := []float64{2, 2, 1, 1}, []float64{1, 1, 2, 2}
	if c, err := DeLong(best, worst, fake); err != nil || !math.IsInf(c.Z, 1) || c.P != 0 {
		t.Errorf("perfect against inverted: %+v, error %v", c, err)
	}
	if _, err := DeLong([]float64{1, 2, 3}, []float64{1, 2, 3}, []bool{true, false, false}); err == nil {
		t.Error("a single fake item was accepted")
	}
	var length *LengthError
	if _, err := DeLong(scores, scores[:2], fake); !errors.As(err, &length) {
		t.Errorf("short second scores: error %v", err)
	}
	var score *ScoreError
	if _, err := DeLong(scores, []float64{1, math.NaN(), 2, 3}, fake); !errors.As(err, &score) || score.Index != 1 {
		t.Errorf("NaN in second scores: error %v", err)
	}
}
