package metric

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

type goldenCase struct {
	Name   string
	Scores []float64
	Fake   []int
	AUROC  float64
	AP     float64
	EER    float64
	TPRAt  []float64 `json:"tpr_at"`
	ROC    *struct{ FPR, TPR, Threshold []float64 }
	Other  []float64
	DeLong *struct {
		StdError float64 `json:"std_error"`
		Z, P     float64
	}
}

func (c goldenCase) fake() []bool {
	fake := make([]bool, len(c.Fake))
	for i, f := range c.Fake {
		fake[i] = f == 1
	}
	return fake
}

// readGoldens reads what scikit-learn computed; see testdata/make_goldens.py.
func readGoldens(t *testing.T) (fprs []float64, cases []goldenCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/goldens.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		FPRs  []float64
		Cases []goldenCase
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) < 50 || len(g.FPRs) < 5 {
		t.Fatalf("goldens hold %d cases, want 50 or more", len(g.Cases))
	}
	return g.FPRs, g.Cases
}

func mustRank(t testing.TB, scores []float64, fake []bool) *Ranking {
	t.Helper()
	r, err := Rank(scores, fake)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantClose(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.15g, want %.15g", name, got, want)
	}
}

func TestGoldens(t *testing.T) {
	fprs, cases := readGoldens(t)
	for _, c := range cases {
		r := mustRank(t, c.Scores, c.fake())
		wantClose(t, c.Name+": AUROC", r.AUROC(), c.AUROC, 1e-12)
		wantClose(t, c.Name+": AP", r.AP(), c.AP, 1e-12)
		wantClose(t, c.Name+": EER", r.EER(), c.EER, 1e-12)
		for i, fpr := range fprs {
			wantClose(t, c.Name+": TPR at FPR", r.TPRAt(fpr), c.TPRAt[i], 1e-12)
		}
		auroc, err := AUROC(c.Scores, c.fake())
		if err != nil || auroc != r.AUROC() {
			t.Errorf("%s: AUROC %v, error %v; the ranking has %v", c.Name, auroc, err, r.AUROC())
		}
	}
}

// Each corner must be one of scikit-learn's points, and each of those must lie on the line between
// corners.
func TestROCGoldens(t *testing.T) {
	_, cases := readGoldens(t)
	dropped, checked := 0, 0
	for _, c := range cases {
		if c.ROC == nil {
			continue
		}
		corners := mustRank(t, c.Scores, c.fake()).ROC()
		if first := corners[0]; first.FPR != 0 || first.TPR != 0 || !math.IsInf(first.Threshold, 1) {
			t.Fatalf("%s: first point %v, want (0, 0) at +Inf", c.Name, first)
		}
		if last := corners[len(corners)-1]; last.FPR != 1 || last.TPR != 1 {
			t.Fatalf("%s: last point %v, want (1, 1)", c.Name, last)
		}
		at := 1
		for i, threshold := range c.ROC.Threshold {
			checked++
			corner, before := corners[at], corners[at-1]
			if threshold == corner.Threshold {
				wantClose(t, c.Name+": FPR", corner.FPR, c.ROC.FPR[i], 1e-12)
				wantClose(t, c.Name+": TPR", corner.TPR, c.ROC.TPR[i], 1e-12)
				at++
				continue
			}
			dropped++
			x, y := c.ROC.FPR[i]-before.FPR, c.ROC.TPR[i]-before.TPR
			wantClose(t, c.Name+": distance from the line", x*(corner.TPR-before.TPR)-y*(corner.FPR-before.FPR), 0, 1e-12)
		}
		if at != len(corners) {
			t.Errorf("%s: %d corners that scikit-learn does not have", c.Name, len(corners)-at)
		}
	}
	if dropped == 0 || checked == dropped {
		t.Errorf("%d of %d points were left out, want some", dropped, checked)
	}
}

// sample draws n items of both classes whose scores take about the given number of values.
func sample(rng *rand.Rand, n, values int) (scores []float64, fake []bool) {
	scores, fake = make([]float64, n), make([]bool, n)
	for i := range scores {
		fake[i] = rng.Float64() < 0.4
		scores[i] = math.Floor(rng.NormFloat64() * float64(values) / 4)
		if fake[i] {
			scores[i] += float64(values) / 8
		}
	}
	fake[0], fake[1] = true, false
	return scores, fake
}

// The definitions, as loops over pairs and over thresholds.
func TestAgainstLoops(t *testing.T) {
	rng := stream.New(1, "loops")
	for range 200 {
		scores, fake := sample(rng, 2+rng.IntN(60), 1+rng.IntN(40))
		r := mustRank(t, scores, fake)

		var wins, pairs float64
		for i := range scores {
			for j := range scores {
				if !fake[i] || fake[j] {
					continue
				}
				pairs++
				if scores[i] > scores[j] {
					wins++
				} else if scores[i] == scores[j] {
					wins += 0.5
				}
			}
		}
		wantClose(t, "AUROC", r.AUROC(), wins/pairs, 1e-14)

		// Precision at each fake item's own score, averaged, is AP.
		rates := func(threshold float64) (tp, fp, fakes, reals float64) {
			for i, s := range scores {
				hit := 0.0
				if s >= threshold {
					hit = 1
				}
				if fake[i] {
					tp, fakes = tp+hit, fakes+1
				} else {
					fp, reals = fp+hit, reals+1
				}
			}
			return tp, fp, fakes, reals
		}
		var ap, fakes float64
		best := map[float64]float64{0: 0, 0.1: 0, 0.5: 0}
		for i, s := range scores {
			tp, fp, p, n := rates(s)
			if fake[i] {
				ap, fakes = ap+tp/(tp+fp), fakes+1
			}
			for fpr, tpr := range best {
				if fp/n <= fpr {
					best[fpr] = max(tpr, tp/p)
				}
			}
		}
		wantClose(t, "AP", r.AP(), ap/fakes, 1e-12)
		for fpr, tpr := range best {
			wantClose(t, "TPR at FPR", r.TPRAt(fpr), tpr, 1e-12)
		}

		// The area under the corners is the AUROC, and the EER is on the curve.
		var area float64
		eer, crosses := r.EER(), false
		corners := r.ROC()
		for i := 1; i < len(corners); i++ {
			a, b := corners[i-1], corners[i]
			area += (b.FPR - a.FPR) * (a.TPR + b.TPR) / 2
			if a.FPR <= eer+1e-12 && eer <= b.FPR+1e-12 && a.TPR <= 1-eer+1e-12 && 1-eer <= b.TPR+1e-12 {
				cross := (eer-a.FPR)*(b.TPR-a.TPR) - (1-eer-a.TPR)*(b.FPR-a.FPR)
				crosses = crosses || math.Abs(cross) < 1e-12
			}
			if b.Threshold >= a.Threshold {
				t.Fatalf("thresholds %g, %g do not fall", a.Threshold, b.Threshold)
			}
		}
		wantClose(t, "area under the corners", area, r.AUROC(), 1e-12)
		if !crosses {
			t.Errorf("EER %g is not on the curve %v", eer, corners)
		}
	}
}

func TestRankProperties(t *testing.T) {
	rng := stream.New(2, "properties")
	for range 100 {
		scores, fake := sample(rng, 2+rng.IntN(300), 1+rng.IntN(100))
		r := mustRank(t, scores, fake)
		all := func(r *Ranking) [4]float64 { return [4]float64{r.AUROC(), r.AP(), r.EER(), r.TPRAt(0.1)} }

		rising := make([]float64, len(scores))
		for i, s := range scores {
			rising[i] = 1e6 + 3*math.Atan(s/50)
		}
		if got := all(mustRank(t, rising, fake)); got != all(r) {
			t.Fatalf("a rising transform changes %v to %v", all(r), got)
		}

		shuffled, shuffledFake := make([]float64, len(scores)), make([]bool, len(scores))
		for to, from := range rng.Perm(len(scores)) {
			shuffled[to], shuffledFake[to] = scores[from], fake[from]
		}
		if got := all(mustRank(t, shuffled, shuffledFake)); got != all(r) {
			t.Fatalf("a permutation changes %v to %v", all(r), got)
		}

		swapped, negative := make([]bool, len(scores)), make([]float64, len(scores))
		for i := range scores {
			swapped[i], negative[i] = !fake[i], -scores[i]
		}
		wantClose(t, "AUROC with labels swapped", mustRank(t, scores, swapped).AUROC(), 1-r.AUROC(), 1e-15)
		both := mustRank(t, negative, swapped)
		wantClose(t, "AUROC of the mirrored problem", both.AUROC(), r.AUROC(), 0)
		wantClose(t, "EER of the mirrored problem", both.EER(), r.EER(), 1e-12)
	}
}

func TestKnownValues(t *testing.T) {
	for _, c := range []struct {
		name                 string
		scores               []float64
		fake                 []bool
		auroc, ap, eer, zero float64 // zero is the TPR at FPR 0
	}{
		{"perfect", []float64{4, 3, 2, 1}, []bool{true, true, false, false}, 1, 1, 0, 1},
		{"inverted", []float64{4, 3, 2, 1}, []bool{false, false, true, true}, 0, (1./3 + 2./4) / 2, 1, 0},
		{"constant", []float64{7, 7, 7, 7}, []bool{true, false, false, false}, 0.5, 0.25, 0.5, 0},
		{"signed zeros tie", []float64{0, math.Copysign(0, -1)}, []bool{true, false}, 0.5, 0.5, 0.5, 0},
		{"extremes", []float64{math.MaxFloat64, -math.MaxFloat64}, []bool{true, false}, 1, 1, 0, 1},
		{"neighbouring floats", []float64{math.Nextafter(1, 2), 1}, []bool{true, false}, 1, 1, 0, 1},
	} {
		r := mustRank(t, c.scores, c.fake)
		wantClose(t, c.name+": AUROC", r.AUROC(), c.auroc, 0)
		wantClose(t, c.name+": AP", r.AP(), c.ap, 1e-15)
		wantClose(t, c.name+": EER", r.EER(), c.eer, 1e-15)
		wantClose(t, c.name+": TPR at 0", r.TPRAt(0), c.zero, 0)
		wantClose(t, c.name+": TPR at 1", r.TPRAt(1), 1, 0)
	}
	r := mustRank(t, []float64{1, 0}, []bool{true, false})
	for _, fpr := range []float64{-0.1, 1.1, math.NaN()} {
		if got := r.TPRAt(fpr); !math.IsNaN(got) {
			t.Errorf("TPR at FPR %v is %v, want NaN", fpr, got)
		}
	}
	if reals, fakes := mustRank(t, []float64{1, 2, 3}, []bool{true, false, true}).Counts(); reals != 1 || fakes != 2 {
		t.Errorf("counts %d real and %d fake, want 1 and 2", reals, fakes)
	}
}

func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	for _, c := range []struct {
		name   string
		scores []float64
		fake   []bool
		is     func(error) bool
		text   string
	}{
		{"empty", nil, nil, func(err error) bool { return errors.Is(err, ErrEmpty) }, "no scores"},
		{"labels short", []float64{1, 2}, []bool{true}, func(err error) bool {
			var e *LengthError
			return errors.As(err, &e) && e.Length == 1 && e.Scores == 2
		}, "1 labels for 2 scores"},
		{"no scores for labels", nil, []bool{true}, func(err error) bool {
			var e *LengthError
			return errors.As(err, &e)
		}, "1 labels for 0 scores"},
		{"NaN", []float64{1, 2, nan, nan}, []bool{true, false, true, false}, func(err error) bool {
			var e *ScoreError
			return errors.As(err, &e) && e.Index == 2
		}, "score 2 is NaN"},
		{"Inf", []float64{inf, 2}, []bool{true, false}, func(err error) bool {
			var e *ScoreError
			return errors.As(err, &e) && e.Index == 0 && e.Score == inf
		}, "score 0 is -Inf"},
		{"only real", []float64{1, 2, 3}, make([]bool, 3), func(err error) bool {
			var e *OneClassError
			return errors.As(err, &e) && !e.Fake && e.Items == 3
		}, "all 3 items are real"},
		{"only fake", []float64{1}, []bool{true}, func(err error) bool {
			var e *OneClassError
			return errors.As(err, &e) && e.Fake
		}, "all 1 items are fake"},
	} {
		_, rankErr := Rank(c.scores, c.fake)
		_, aurocErr := AUROC(c.scores, c.fake)
		_, bootErr := Bootstrap(c.scores, c.fake, (*Ranking).AUROC, Resampling{})
		_, delongErr := DeLong(c.scores, c.scores, c.fake)
		for _, err := range []error{rankErr, aurocErr, bootErr, delongErr} {
			if err == nil || !c.is(err) || !strings.HasPrefix(err.Error(), "metric: ") || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: error %v, want one with %q", c.name, err, c.text)
			}
		}
	}
}

func BenchmarkAUROC(b *testing.B) {
	scores, fake := sample(stream.New(1, "bench"), 100_000, 1<<40)
	for b.Loop() {
		if _, err := AUROC(scores, fake); err != nil {
			b.Fatal(err)
		}
	}
}
