package metric

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
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

// What R's pROC says: intervals and paired tests with few and with many ties.
func TestDeLongAgainstPROC(t *testing.T) {
	data, err := os.ReadFile("testdata/proc.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			A, B     []float64
			Fake     []int
			AUC      [2]float64
			StdError float64 `json:"std_error"`
			Interval [2]float64
			Z, P     float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 15 {
		t.Fatalf("%d cases, want 15 or more", len(golden.Cases))
	}
	for i, c := range golden.Cases {
		name := fmt.Sprintf("case %d of %d items", i, len(c.A))
		fake := goldenCase{Fake: c.Fake}.fake()
		area, err := DeLongArea(c.A, fake)
		if err != nil {
			t.Fatal(name, err)
		}
		wantClose(t, name+": AUROC", area.AUROC, c.AUC[0], 1e-12)
		wantClose(t, name+": standard error", area.StdError, c.StdError, 1e-12)
		low, high := area.Interval(0.95)
		wantClose(t, name+": low", low, c.Interval[0], 1e-12)
		wantClose(t, name+": high", high, c.Interval[1], 1e-12)
		test, err := DeLong(c.A, c.B, fake)
		if err != nil {
			t.Fatal(name, err)
		}
		wantClose(t, name+": second AUROC", test.B, c.AUC[1], 1e-12)
		wantClose(t, name+": z", test.Z, c.Z, 1e-9)
		wantClose(t, name+": p", test.P, c.P, 1e-9)
	}
}

// naiveDeLong is the definition: every fake against every real item, covariances of the placements.
func naiveDeLong(scores [2][]float64, fake []bool) (auc [2]float64, cov [2][2]float64) {
	var placements [2][2][]float64 // of each detector's real and fake items
	for k, s := range scores {
		for class, isFake := range []bool{false, true} {
			for i := range s {
				if fake[i] != isFake {
					continue
				}
				sum, n := 0.0, 0.0
				for j := range s {
					if fake[j] == isFake {
						continue
					}
					up, down := s[i], s[j]
					if !isFake {
						up, down = down, up
					}
					n++
					switch {
					case up > down:
						sum++
					case up == down:
						sum += 0.5
					}
				}
				placements[k][class] = append(placements[k][class], sum/n)
			}
		}
		for _, v := range placements[k][0] {
			auc[k] += v / float64(len(placements[k][0]))
		}
	}
	for k := range 2 {
		for l := range 2 {
			for class := range 2 {
				n := float64(len(placements[k][class]))
				sum := 0.0
				for i := range placements[k][class] {
					sum += (placements[k][class][i] - auc[k]) * (placements[l][class][i] - auc[l])
				}
				cov[k][l] += sum / (n - 1) / n
			}
		}
	}
	return auc, cov
}

func TestDeLongAgainstPairs(t *testing.T) {
	rng := stream.New(11, "pairs")
	for range 200 {
		var a, b []float64
		var fake []bool
		for len(fake) < 4+rng.IntN(60) || !slices.Contains(fake[2:], true) || !slices.Contains(fake[2:], false) {
			// Small whole numbers make ties.
			a, b = append(a, float64(rng.IntN(9))), append(b, float64(rng.IntN(6)))
			fake = append(fake, len(fake)%2 == 0 || rng.IntN(3) == 0)
			if len(fake) > 1 && fake[1] {
				fake[1] = false
			}
		}
		area, err := DeLongArea(a, fake)
		if err != nil {
			t.Fatal(err)
		}
		c, err := DeLong(a, b, fake)
		if err != nil {
			t.Fatal(err)
		}
		auc, cov := naiveDeLong([2][]float64{a, b}, fake)
		wantClose(t, "AUROC", area.AUROC, auc[0], 1e-12)
		wantClose(t, "variance", area.StdError*area.StdError, cov[0][0], 1e-12)
		wantClose(t, "AUROC of the second", c.B, auc[1], 1e-12)
		wantClose(t, "variance of the difference", c.StdError*c.StdError, cov[0][0]+cov[1][1]-2*cov[0][1], 1e-12)
	}
}

// Nine intervals of ten hold the true area: Φ(1/√2) for normal scores one standard deviation apart.
func TestDeLongCoverage(t *testing.T) {
	truth := math.Erfc(-0.5) / 2
	const trials = 1000
	held := 0
	for trial := range trials {
		rng := stream.New(10, "delong", trial)
		scores, fake := make([]float64, 160), make([]bool, 160)
		for i := range scores {
			fake[i] = i%2 == 0
			scores[i] = rng.NormFloat64()
			if fake[i] {
				scores[i]++
			}
		}
		area, err := DeLongArea(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		if low, high := area.Interval(0.9); low <= truth && truth <= high {
			held++
		}
	}
	if held < 860 || held > 930 {
		t.Errorf("%d of %d intervals hold the true area %.4f, want about 900", held, trials, truth)
	}
}

func TestDeLongAreaEdges(t *testing.T) {
	area, err := DeLongArea([]float64{2, 2, 1, 1}, []bool{true, true, false, false})
	if low, high := area.Interval(0.95); err != nil || area != (Area{1, 0}) || low != 1 || high != 1 {
		t.Errorf("classes apart: %+v, [%v, %v], error %v", area, low, high, err)
	}
	if _, err := DeLongArea([]float64{1, 2, 3}, []bool{true, false, false}); err == nil {
		t.Error("a single fake item was accepted")
	}
	if _, err := DeLongArea(nil, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("no scores: error %v", err)
	}
}

func BenchmarkDeLong(b *testing.B) {
	rng := stream.New(12, "bench")
	const n = 100_000
	x, y, fake := make([]float64, n), make([]float64, n), make([]bool, n)
	for i := range x {
		x[i], y[i], fake[i] = rng.NormFloat64(), rng.NormFloat64(), rng.IntN(2) == 0
	}
	for b.Loop() {
		if _, err := DeLong(x, y, fake); err != nil {
			b.Fatal(err)
		}
	}
}
