package metric

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

func mustBootstrap(t testing.TB, scores []float64, fake []bool, how Resampling) Interval {
	t.Helper()
	interval, err := Bootstrap(scores, fake, (*Ranking).AUROC, how)
	if err != nil {
		t.Fatal(err)
	}
	return interval
}

// A resample must be what one gets by writing the drawn groups' items out and ranking them anew.
func TestDrawAgainstWritingOut(t *testing.T) {
	rng := stream.New(3, "draw")
	for trial := range 100 {
		scores, fake := sample(rng, 30, 12)
		how := Resampling{Scheme: Clustered, Groups: make([]string, len(scores))}
		if trial%2 == 0 {
			how.Scheme = Stratified
		}
		for i := range scores {
			how.Groups[i] = fmt.Sprint(rng.IntN(7))
			if how.Scheme == Stratified {
				how.Groups[i] += fmt.Sprint(fake[i])
			}
		}
		ranking, place, err := rank(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cluster(fake, place, how)
		if err != nil {
			t.Fatal(err)
		}
		times := make([]int32, c.groups)
		drawn := &Ranking{scores: ranking.scores, fake: make([]int, len(ranking.scores)), real: make([]int, len(ranking.scores))}
		for range 5 {
			c.draw(rng, times, drawn)
			total := 0
			for _, n := range times {
				total += int(n)
			}
			if total != c.groups {
				t.Fatalf("%d groups drawn of %d", total, c.groups)
			}
			var written []float64
			var writtenFake []bool
			numbers := map[string]int{} // in the order of first appearance
			for i, name := range how.Groups {
				if _, known := numbers[name]; !known {
					numbers[name] = len(numbers)
				}
				for range times[numbers[name]] {
					written, writtenFake = append(written, scores[i]), append(writtenFake, fake[i])
				}
			}
			want, err := Rank(written, writtenFake)
			if err != nil {
				if how.Scheme == Stratified || (drawn.fakes != 0 && drawn.reals != 0) {
					t.Fatal(err)
				}
				continue
			}
			if drawn.AUROC() != want.AUROC() || drawn.AP() != want.AP() || drawn.TPRAt(0.2) != want.TPRAt(0.2) {
				t.Fatalf("resample has AUROC %g, AP %g; written out %g, %g", drawn.AUROC(), drawn.AP(), want.AUROC(), want.AP())
			}
			wantClose(t, "EER", drawn.EER(), want.EER(), 1e-15)
			if got, points := drawn.ROC(), want.ROC(); !slices.Equal(got, points) {
				t.Fatalf("ROC %v, written out %v", got, points)
			}
		}
	}
}

// With two videos a class there are 16 equally likely resamples; the percentiles must be theirs.
func TestBootstrapAgainstEnumeration(t *testing.T) {
	scores := []float64{1, 3, 2, 4}
	fake := []bool{false, false, true, true}
	var all []float64
	for _, r1 := range []float64{1, 3} {
		for _, r2 := range []float64{1, 3} {
			for _, f1 := range []float64{2, 4} {
				for _, f2 := range []float64{2, 4} {
					auroc, err := AUROC([]float64{r1, r2, f1, f2}, fake)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, auroc)
				}
			}
		}
	}
	slices.Sort(all) // 0 once, 0.5 four times, 0.75 four times, 1 seven times
	for _, confidence := range []float64{0.95, 0.8, 0.6, 0.4, 0.2} {
		got := mustBootstrap(t, scores, fake, Resampling{Samples: 20000, Confidence: confidence})
		tail := (1 - confidence) / 2
		low, high := all[int(tail*16)], all[int((1-tail)*16)]
		if got.Low != low || got.High != high || got.Value != 0.75 || got.Confidence != confidence {
			t.Errorf("%g interval %v, want 0.75 [%g, %g]", confidence, got, low, high)
		}
	}
}

// Copies of a video's frame add no information: the interval over videos must not move.
func TestCopiesOfFramesDoNotNarrow(t *testing.T) {
	scores, fake := sample(stream.New(4, "copies"), 40, 20)
	var many []float64
	var manyFake []bool
	var groups []string
	for i := range scores {
		for range 25 {
			many, manyFake, groups = append(many, scores[i]), append(manyFake, fake[i]), append(groups, fmt.Sprint(i))
		}
	}
	single := mustBootstrap(t, scores, fake, Resampling{Seed: 5})
	grouped := mustBootstrap(t, many, manyFake, Resampling{Seed: 5, Groups: groups})
	if grouped.Value != single.Value || grouped.Low != single.Low || grouped.High != single.High {
		t.Errorf("25 copies of each frame: %v, want %v", grouped, single)
	}
	if grouped.RealGroups != single.Reals || grouped.FakeGroups != single.Fakes || grouped.Reals != 25*single.Reals {
		t.Errorf("counts %+v of copies, %+v of singles", grouped, single)
	}
	naive := mustBootstrap(t, many, manyFake, Resampling{Seed: 5})
	if width := (naive.High - naive.Low) / (single.High - single.Low); width > 0.3 {
		t.Errorf("drawing copies singly gives %.2f of the width, want about 1/5", width)
	}
}

// The interval must hold the true AUROC as often as it says. Frames drawn singly, as if they were
// independent, must not.
func TestIntervalCoverage(t *testing.T) {
	const trials, videos, frames = 300, 40, 8
	const shift = 1.0
	truth := 0.5 * math.Erfc(-shift/2) // Φ(shift/√2), for unit variance in each class
	grouped, single := 0, 0
	for trial := range trials {
		rng := stream.New(6, "coverage", trial)
		var scores []float64
		var fake []bool
		var groups []string
		for v := range videos {
			effect := rng.NormFloat64() * math.Sqrt(0.8)
			for range frames {
				s := effect + rng.NormFloat64()*math.Sqrt(0.2)
				if v%2 == 0 {
					s += shift
				}
				scores, fake, groups = append(scores, s), append(fake, v%2 == 0), append(groups, fmt.Sprint(v))
			}
		}
		holds := func(how Resampling) bool {
			how.Samples, how.Seed = 200, uint64(trial)
			i := mustBootstrap(t, scores, fake, how)
			return i.Low <= truth && truth <= i.High
		}
		if holds(Resampling{Groups: groups}) {
			grouped++
		}
		if holds(Resampling{}) {
			single++
		}
	}
	t.Logf("95 %% intervals hold the truth: by video %d, by frame %d of %d", grouped, single, trials)
	if grouped < trials*89/100 || grouped > trials*99/100 {
		t.Errorf("intervals by video hold the truth %d times of %d, want about 95 %%", grouped, trials)
	}
	if single > trials*75/100 {
		t.Errorf("intervals by frame hold the truth %d times of %d: the test does not tell the two apart", single, trials)
	}
}

func TestClusteredRedraws(t *testing.T) {
	// Two identities of one class each: half of all draws lack a class.
	scores := []float64{1, 2, 3, 4}
	fake := []bool{false, false, true, true}
	how := Resampling{Scheme: Clustered, Groups: []string{"a", "a", "b", "b"}, Samples: 4000}
	got := mustBootstrap(t, scores, fake, how)
	if got.Value != 1 || got.Low != 1 || got.High != 1 {
		t.Errorf("interval %v, want 1 [1, 1]", got)
	}
	// Redraws are geometric with mean 1 and variance 2.
	if mean := float64(got.Redrawn) / 4000; math.Abs(mean-1) > 4*math.Sqrt(2./4000) {
		t.Errorf("%.3f redraws a sample, want 1", mean)
	}

	// An identity with both classes stays whole: every resample has the same order.
	mixed := mustBootstrap(t, []float64{1, 2, 1, 2}, []bool{false, true, false, true},
		Resampling{Scheme: Clustered, Groups: []string{"a", "a", "b", "b"}})
	if mixed.Low != 1 || mixed.High != 1 || mixed.Redrawn != 0 {
		t.Errorf("interval %v, want 1 [1, 1] and no redraw", mixed)
	}
	if mixed.RealGroups != 2 || mixed.FakeGroups != 2 || mixed.Reals != 2 || mixed.Fakes != 2 || mixed.Samples != 2000 {
		t.Errorf("counts of %+v, want 2 each and 2000 samples", mixed)
	}
}

func TestBootstrapIsDetermined(t *testing.T) {
	scores, fake := sample(stream.New(7, "seed"), 60, 1000)
	first := mustBootstrap(t, scores, fake, Resampling{Seed: 1})
	if other := mustBootstrap(t, scores, fake, Resampling{Seed: 2}); other == first {
		t.Error("seeds 1 and 2 give the same interval")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, procs := range []int{1, 3} {
		runtime.GOMAXPROCS(procs)
		if again := mustBootstrap(t, scores, fake, Resampling{Seed: 1}); again != first {
			t.Errorf("on %d threads %v, before %v", procs, again, first)
		}
	}
}

func TestBootstrapOfOtherStatistics(t *testing.T) {
	scores, fake := sample(stream.New(8, "statistics"), 80, 30)
	r := mustRank(t, scores, fake)
	for name, statistic := range map[string]func(*Ranking) float64{
		"AP":        (*Ranking).AP,
		"EER":       (*Ranking).EER,
		"TPR at .1": func(r *Ranking) float64 { return r.TPRAt(0.1) },
	} {
		got, err := Bootstrap(scores, fake, statistic, Resampling{Samples: 500})
		if err != nil {
			t.Fatal(err)
		}
		if got.Value != statistic(r) || !(got.Low < got.Value && got.Value < got.High) {
			t.Errorf("%s: %v, the ranking has %g", name, got, statistic(r))
		}
	}
}

func TestBootstrapErrors(t *testing.T) {
	scores, fake := []float64{1, 2, 3}, []bool{true, false, true}
	var length *LengthError
	_, err := Bootstrap(scores, fake, (*Ranking).AUROC, Resampling{Groups: []string{"a"}})
	if !errors.As(err, &length) || length.List != "groups" {
		t.Errorf("one group for three scores: error %v", err)
	}
	for text, how := range map[string]Resampling{
		`group "000_003"`:     {Groups: []string{"000_003", "000_003", "b"}},
		"-1 bootstrap":        {Samples: -1},
		"confidence 95":       {Confidence: 95},
		"confidence NaN":      {Confidence: math.NaN()},
		"resampling scheme 7": {Scheme: 7},
	} {
		if _, err := Bootstrap(scores, fake, (*Ranking).AUROC, how); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want one with %q", err, text)
		}
	}
	if _, err := Bootstrap(scores, fake, func(r *Ranking) float64 { return r.TPRAt(5) }, Resampling{}); err == nil {
		t.Error("a statistic of NaN was accepted")
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{1, 2, 4, 8}
	// numpy.quantile([1, 2, 4, 8], q)
	for q, want := range map[float64]float64{0: 1, 0.025: 1.075, 0.25: 1.75, 0.5: 3, 0.9: 6.8, 1: 8} {
		wantClose(t, fmt.Sprintf("quantile %g", q), quantile(values, q), want, 1e-12)
	}
	wantClose(t, "quantile of one", quantile([]float64{5}, 0.975), 5, 0)
}

func BenchmarkBootstrap(b *testing.B) {
	scores, fake := sample(stream.New(1, "bench"), 100_000, 1<<40)
	videos := make([]string, len(scores))
	for i := range videos {
		videos[i] = fmt.Sprint(i/32, fake[i])
	}
	for name, groups := range map[string][]string{"items": nil, "videos": videos} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mustBootstrap(b, scores, fake, Resampling{Groups: groups})
			}
		})
	}
}
