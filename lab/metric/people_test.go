package metric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// crossing draws items of videos with one to three frames, of people who are targets and sources of several.
func crossing(rng *rand.Rand, videos, people int) (scores []float64, fake []bool, who Shown) {
	for v := range videos {
		p := [2]int32{rng.Int32N(int32(people)), -1}
		isFake := v%2 == 1
		if isFake && rng.IntN(4) > 0 {
			p[1] = rng.Int32N(int32(people)) // the target itself, sometimes
		}
		who.People = append(who.People, p)
		for range 1 + rng.IntN(3) {
			scores = append(scores, float64(rng.IntN(15)))
			if isFake {
				scores[len(scores)-1] += 4
			}
			fake, who.Video = append(fake, isFake), append(who.Video, int32(v))
		}
	}
	return scores, fake, who
}

// The sums over people must be those over all pairs of videos with a common person.
func TestMomentsAgainstPairs(t *testing.T) {
	for trial := range 100 {
		rng := stream.New(1, "moments", trial)
		scores, fake, who := crossing(rng, 2+rng.IntN(40), 1+rng.IntN(12))
		r, place, err := rank(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		d, n := r.deviations(place, fake), r.classes()
		got := who.moments(d, fake, n)

		sums, frames, class := make([]float64, len(who.People)), make([]float64, len(who.People)), make([]bool, len(who.People))
		for i, v := range who.Video {
			class[v] = fake[i]
			frames[v]++
			if fake[i] {
				sums[v] += d[i] / n.fake
			} else {
				sums[v] += d[i] / n.real
			}
		}
		share := func(a, b [2]int32) bool {
			for _, p := range a {
				if p >= 0 && (p == b[0] || p == b[1]) {
					return true
				}
			}
			return false
		}
		var want moments
		var pairs perClass
		targets := map[int32]bool{}
		for v, p := range who.People {
			if class[v] {
				want.own.fake += sums[v] * sums[v]
				want.videos.fake++
			} else {
				want.own.real += sums[v] * sums[v]
				want.videos.real++
			}
			key := 2 * p[0]
			if class[v] {
				key++
			}
			if !targets[key] {
				targets[key] = true
				if class[v] {
					want.people.fake++
				} else {
					want.people.real++
				}
			}
			for w, q := range who.People {
				switch {
				case !share(p, q):
				case class[v] && class[w]:
					want.between.fake += sums[v] * sums[w]
					pairs.fake += frames[v] * frames[w]
				case !class[v] && !class[w]:
					want.between.real += sums[v] * sums[w]
					pairs.real += frames[v] * frames[w]
				case class[v]:
					want.across += sums[v] * sums[w]
				}
			}
		}
		want.effective = perClass{n.real * n.real / pairs.real, n.fake * n.fake / pairs.fake}
		ofPeople := map[bool]map[int32]float64{false: {}, true: {}}
		for v, p := range who.People {
			ofPeople[class[v]][p[0]] += sums[v]
			if p[1] >= 0 && p[1] != p[0] {
				ofPeople[class[v]][p[1]] += sums[v]
			}
		}
		kurtosis := func(sums map[int32]float64) float64 {
			var n, squares, fourths float64
			for _, x := range sums {
				n, squares, fourths = n+1, squares+math.Pow(x, 2), fourths+math.Pow(x, 4)
			}
			if squares == 0 {
				return 1
			}
			return n * fourths / (squares * squares)
		}
		want.kurtosis = perClass{kurtosis(ofPeople[false]), kurtosis(ofPeople[true])}
		for name, c := range map[string][2]float64{
			"real": {got.between.real, want.between.real}, "fake": {got.between.fake, want.between.fake}, "across": {got.across, want.across},
			"own real": {got.own.real, want.own.real}, "own fake": {got.own.fake, want.own.fake},
			"effective real": {got.effective.real, want.effective.real}, "effective fake": {got.effective.fake, want.effective.fake},
			"kurtosis real": {got.kurtosis.real, want.kurtosis.real}, "kurtosis fake": {got.kurtosis.fake, want.kurtosis.fake},
		} {
			wantClose(t, fmt.Sprintf("trial %d: %s", trial, name), c[0], c[1], 1e-12)
		}
		if got.people != want.people || got.videos != want.videos {
			t.Errorf("trial %d: %+v people in %+v videos, want %+v in %+v", trial, got.people, got.videos, want.people, want.videos)
		}
	}
}

func mustAUC(t testing.TB, scores []float64, fake []bool, who Shown) Interval {
	t.Helper()
	i, err := AUC(scores, fake, who)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// alone makes a video and a person of each item.
func alone(n int) (who Shown) {
	for i := range n {
		who.People = append(who.People, [2]int32{int32(i), -1})
	}
	return who
}

// separated are n real items below n fakes, of which so many pairs are then exchanged.
func separated(n, exchanged int) (scores []float64, fake []bool) {
	for i := range 2 * n {
		scores, fake = append(scores, float64(i)), append(fake, i >= n)
	}
	for i := range exchanged {
		scores[n-1-i], scores[n+i] = scores[n+i], scores[n-1-i]
	}
	return scores, fake
}

// Perfect separation has a lower end below 1 that grows with the people, and no other ranking has a higher one.
func TestPerfectSeparation(t *testing.T) {
	last := 0.
	for _, n := range []int{5, 6, 10, 11, 15, 20, 40, 100, 1000} {
		scores, fake := separated(n, 0)
		perfect := mustAUC(t, scores, fake, alone(2*n))
		if perfect.Value != 1 || perfect.High != 1 || !(perfect.Low > last && perfect.Low < 1) || perfect.TooFew != "" {
			t.Errorf("%d people: %+v after a lower end of %v", n, perfect, last)
		}
		// So many disjoint pairs are all in order in 4 to 7 % of draws at the lower end.
		if low, high := math.Pow(0.04, 1/float64(n)), math.Pow(0.07, 1/float64(n)); !(low < perfect.Low && perfect.Low < high) {
			t.Errorf("%d people: lower end %v, want one in (%v, %v)", n, perfect.Low, low, high)
		}
		last = perfect.Low
		for exchanged := 1; exchanged <= n/2; exchanged++ {
			scores, fake := separated(n, exchanged)
			i := mustAUC(t, scores, fake, alone(2*n))
			if i.Low > perfect.Low || !(i.Low < i.Value && i.Value < i.High && i.High <= 1) {
				t.Errorf("%d people, %d exchanged: %+v, perfect %+v", n, exchanged, i, perfect)
			}
		}
		for k := range 40 {
			rng := stream.New(2, "nearly", n, k)
			scores, fake := separated(n, 0)
			// One real item anywhere: from the next to perfect to the worst that one item does.
			scores[rng.IntN(n)] = float64(n) + rng.Float64()*float64(n)
			if i := mustAUC(t, scores, fake, alone(2*n)); i.Low > perfect.Low {
				t.Errorf("%d people: %+v, perfect %+v", n, i, perfect)
			}
		}
	}
	// Videos of the same people are fewer than so many videos of others.
	scores, fake := separated(40, 0)
	who := alone(80)
	for i := range who.People {
		who.People[i][0] /= 4
	}
	few, many := mustAUC(t, scores, fake, who), mustAUC(t, scores, fake, alone(80))
	if few.RealPeople != 10 || few.FakePeople != 10 || !(few.Low < many.Low-0.02) {
		t.Errorf("10 people in 40 videos %+v, 40 people %+v", few, many)
	}
}

// The ends at an area of 0 are those at 1, turned round.
func TestPerfectInversion(t *testing.T) {
	for _, n := range []int{5, 20, 100} {
		scores, fake := separated(n, 0)
		inverted := make([]bool, len(fake))
		for i, f := range fake {
			inverted[i] = !f
		}
		up, down := mustAUC(t, scores, fake, alone(2*n)), mustAUC(t, scores, inverted, alone(2*n))
		if down.Value != 0 || down.Low != 0 || math.Abs(down.High-(1-up.Low)) > 1e-12 {
			t.Errorf("%d people: %+v, turned round %+v", n, up, down)
		}
	}
}

// Of items that share nobody the variance is DeLong's, that of few items too.
func TestVarianceOfIndependentItems(t *testing.T) {
	for trial := range 30 {
		rng := stream.New(11, "independent", trial)
		n := 6 + rng.IntN(20)
		scores, fake := make([]float64, n), make([]bool, n)
		for i := range scores {
			fake[i] = i%3 == 0
			scores[i] = rng.NormFloat64()
		}
		area, err := DeLongArea(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		r, place, err := rank(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		of := newSpread(r.AUROC(), alone(n).moments(r.deviations(place, fake), fake, r.classes()))
		wantClose(t, "variance", of.measured(), area.StdError*area.StdError, 1e-12)
	}
}

// The variance that is used is the measured one, as a multiple of the model's, mixed with the prior one: what is measured weighs as
// many people as there are at an area of a half, and fewer towards the ends.
func TestSettled(t *testing.T) {
	for _, exchanged := range []int{1, 4, 10} {
		const n = 20
		scores, fake := separated(n, exchanged)
		r, place, err := rank(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		s := newSpread(r.AUROC(), alone(2*n).moments(r.deviations(place, fake), fake, r.classes()))
		area := (r.AUROC()*n + 0.5) / (n + 1)
		// Hanley and McNeil (1982) with n items in both classes, as they print it.
		q1, q2 := area/(2-area), 2*area*area/(1+area)
		model := (area*(1-area) + (n-1)*(q1-area*area) + (n-1)*(q2-area*area)) / (n * n)
		most := area * (1 - area) / n
		weight := n * 4 * area * (1 - area)
		measured, prior := weight*s.measured()/model, 1.5*math.Sqrt(most/model)
		_, scale, share := s.settled()
		wantClose(t, fmt.Sprintf("%d exchanged", exchanged), scale, (measured+prior)/(weight+1.5), 1e-9)
		wantClose(t, fmt.Sprintf("%d exchanged: share that is measured", exchanged), share, measured/(measured+prior), 1e-9)
	}
}

// A class counts for fewer people where their sums have more than the fourth moments of normal numbers, and never for more.
func TestFreedom(t *testing.T) {
	for _, c := range []struct {
		kurtosis     perClass
		of           perClass
		want, fourth float64
	}{
		{perClass{3, 3}, perClass{1, 0}, 10, 14},
		{perClass{3, 3}, perClass{0, 2}, 40, 44},
		{perClass{9, 3}, perClass{1, 0}, 10, 2.5 + 4},
		{perClass{1, 1.5}, perClass{0, 1}, 40, 44},
		{perClass{3, 11}, perClass{1, 1}, 4 / (1/10. + 1/40.), 4/(1/10.+1/8.) + 4},
		{perClass{3, 11}, perClass{}, 10, 8 + 4},
		{perClass{11, 11}, perClass{1, 0}, 10, 2 + 4},
	} {
		m := moments{effective: perClass{11, 41}, kurtosis: c.kurtosis}
		wantClose(t, fmt.Sprintf("%+v: freedom", c), m.freedom(c.of), c.want, 1e-12)
		wantClose(t, fmt.Sprintf("%+v: by fourth moments", c), m.fourths(c.of), c.fourth, 1e-12)
	}
}

// The end nearer to 0 or 1 has t of the people, the other that of the fourth moments where few people deviate much.
func TestEnds(t *testing.T) {
	const n = 60
	scores, fake := separated(n, 0)
	scores[2*n-1], scores[2*n-2] = -1, 20.5 // two fakes among the reals
	r, place, err := rank(scores, fake)
	if err != nil {
		t.Fatal(err)
	}
	s := newSpread(r.AUROC(), alone(2*n).moments(r.deviations(place, fake), fake, r.classes()))
	low, high := s.interval()
	_, scale, measured := s.settled()
	_, of := s.variance()
	reach := func(end float64) float64 { return math.Abs(s.area-end) / math.Sqrt(scale*s.model(end)) }
	if !(s.fourths(of) < s.freedom(of)/2) {
		t.Fatalf("%v degrees of freedom by fourth moments, %v by people", s.fourths(of), s.freedom(of))
	}
	wantClose(t, "low", reach(low), quantileT(s.fourths(of)), 1e-6)
	wantClose(t, "high", reach(high), quantileT(s.freedom(of)/(measured*measured)), 1e-6)
}

// Where nothing varies between 0 and 1, the interval is the prior one.
func TestAllTied(t *testing.T) {
	scores, fake := separated(20, 0)
	i := mustAUC(t, make([]float64, len(scores)), fake, alone(40))
	if i.Value != 0.5 || !(i.Low > 0.3 && i.Low < 0.48 && i.High > 0.52 && i.High < 0.7) {
		t.Errorf("%+v", i)
	}
}

// Fakes for reals, scores turned round, order, monotone transforms: the interval goes with them.
func TestAreaIntervalProperties(t *testing.T) {
	for trial := range 60 {
		rng := stream.New(3, "properties", trial)
		scores, fake, who := crossing(rng, 80, 40)
		got := mustAUC(t, scores, fake, who)
		if got.TooFew != "" || !(got.Low < got.Value && got.Value < got.High) {
			t.Fatalf("%+v", got)
		}
		negative, swapped := make([]float64, len(scores)), make([]bool, len(scores))
		for i := range scores {
			negative[i], swapped[i] = -scores[i], !fake[i]
		}
		down := mustAUC(t, negative, fake, who)
		wantClose(t, "turned round: low", down.Low, 1-got.High, 1e-9)
		wantClose(t, "turned round: high", down.High, 1-got.Low, 1e-9)
		other := mustAUC(t, negative, swapped, who)
		wantClose(t, "exchanged: low", other.Low, got.Low, 1e-9)
		wantClose(t, "exchanged: high", other.High, got.High, 1e-9)

		// Each frame several times is no news.
		var many []float64
		var manyFake []bool
		var manyWho Shown
		manyWho.People = who.People
		for i := range scores {
			for range 7 {
				many, manyFake, manyWho.Video = append(many, scores[i]), append(manyFake, fake[i]), append(manyWho.Video, who.Video[i])
			}
		}
		copies := mustAUC(t, many, manyFake, manyWho)
		wantClose(t, "copies: low", copies.Low, got.Low, 1e-9)
		wantClose(t, "copies: high", copies.High, got.High, 1e-9)
		if copies.RealPeople != got.RealPeople || copies.Reals != 7*got.Reals {
			t.Errorf("copies %+v of %+v", copies, got)
		}
		// Of several alike the mean is one.
		mean, err := AUCOverSeeds([][]float64{scores, scores, scores}, fake, who)
		if err != nil || mean.RealPeople != got.RealPeople {
			t.Fatal(mean, err)
		}
		wantClose(t, "mean: low", mean.Low, got.Low, 1e-9)
		wantClose(t, "mean: value", mean.Value, got.Value, 1e-12)
	}
}

// With one video of each person in the middle of the range the interval is about DeLong's.
func TestAreaIntervalAgainstDeLong(t *testing.T) {
	for trial := range 20 {
		rng := stream.New(4, "delong", trial)
		scores, fake := make([]float64, 1200), make([]bool, 1200)
		for i := range scores {
			fake[i] = i%3 == 0
			scores[i] = rng.NormFloat64()
			if fake[i] {
				scores[i] += 0.8
			}
		}
		got := mustAUC(t, scores, fake, alone(len(scores)))
		area, err := DeLongArea(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		low, high := area.Interval(0.95)
		wantClose(t, "width of DeLong's", (got.High-got.Low)/(high-low), 1, 0.03)
		wantClose(t, "middle", got.Low+got.High, low+high, 0.01)
	}
}

// Seeds whose errors are their own make a mean that varies less than one of them.
func TestAUCOverSeeds(t *testing.T) {
	rng := stream.New(5, "seeds")
	const n = 400
	fake, who := make([]bool, n), alone(n)
	scores := make([][]float64, 4)
	for s := range scores {
		scores[s] = make([]float64, n)
		for i := range n {
			fake[i] = i%2 == 0
			scores[s][i] = rng.NormFloat64()
			if fake[i] {
				scores[s][i]++
			}
		}
	}
	mean, err := AUCOverSeeds(scores, fake, who)
	if err != nil {
		t.Fatal(err)
	}
	want, width := 0., 0.
	for _, s := range scores {
		i := mustAUC(t, s, fake, who)
		want, width = want+i.Value/4, width+(i.High-i.Low)/4
	}
	wantClose(t, "mean", mean.Value, want, 1e-12)
	wantClose(t, "width of the mean of four", (mean.High-mean.Low)/width, 0.5, 0.06)
	var length *LengthError
	if _, err := AUCOverSeeds([][]float64{scores[0], scores[1][1:]}, fake, who); !errors.As(err, &length) {
		t.Errorf("error %v of scores of two lengths", err)
	}
	if _, err := AUCOverSeeds(nil, fake, who); !errors.Is(err, ErrEmpty) {
		t.Errorf("error %v of no scores", err)
	}
}

// On independent items the test is DeLong's, and its interval that of a bootstrap that draws the pairs.
func TestCompareAgainstDeLongAndBootstrap(t *testing.T) {
	for trial := range 10 {
		rng := stream.New(6, "paired", trial)
		const n = 300
		a, b, fake := make([]float64, n), make([]float64, n), make([]bool, n)
		for i := range n {
			fake[i] = i%2 == 0
			common := rng.NormFloat64()
			if fake[i] {
				common += 1.2
			}
			a[i], b[i] = common+rng.NormFloat64()*0.7, common+rng.NormFloat64()
		}
		got, err := Compare(a, b, fake, alone(n))
		if err != nil {
			t.Fatal(err)
		}
		want, err := DeLong(a, b, fake)
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, "difference", got.Diff, want.A-want.B, 1e-12)
		wantClose(t, "p", got.P, want.P, 0.02)
		wantClose(t, "width over DeLong's", (got.High-got.Low)/(2*1.96*want.StdError), 1, 0.04)
		if got.NReal != n/2 || got.NFake != n/2 || got.RealPeople != n/2 {
			t.Errorf("%+v", got)
		}

		var differences []float64
		for range 2000 {
			var x, y []float64
			var drawn []bool
			for class := range 2 {
				for range n / 2 {
					i := 2*rng.IntN(n/2) + class
					x, y, drawn = append(x, a[i]), append(y, b[i]), append(drawn, fake[i])
				}
			}
			of, err := AUROC(x, drawn)
			if err != nil {
				t.Fatal(err)
			}
			other, err := AUROC(y, drawn)
			if err != nil {
				t.Fatal(err)
			}
			differences = append(differences, of-other)
		}
		slices.Sort(differences)
		low, high := quantile(differences, 0.025), quantile(differences, 0.975)
		wantClose(t, "low over the bootstrap's", got.Low, low, 0.08*(high-low))
		wantClose(t, "high over the bootstrap's", got.High, high, 0.08*(high-low))
	}
}

func TestCompareEdges(t *testing.T) {
	scores, fake := separated(20, 3)
	who := alone(40)
	doubled := make([]float64, len(scores))
	for i, s := range scores {
		doubled[i] = 2*s + 1
	}
	if d, err := Compare(scores, doubled, fake, who); err != nil || d.Diff != 0 || d.Low != 0 || d.High != 0 || d.P != 1 {
		t.Errorf("the same ranking: %+v, error %v", d, err)
	}
	// Both wholly apart, in another order: nothing varies, and yet they may differ on other people.
	best, _ := separated(20, 0)
	other := slices.Clone(best)
	other[0], other[1] = other[1], other[0]
	if d, err := Compare(best, other, fake, who); err != nil || d.Diff != 0 || d.P != 1 || !(d.Low < -0.02 && d.High > 0.02) {
		t.Errorf("both perfect: %+v, error %v", d, err)
	}
	worst := make([]float64, len(best))
	for i, s := range best {
		worst[i] = -s
	}
	if d, err := Compare(best, worst, fake, who); err != nil || d.Diff != 1 || d.High != 1 || !(d.Low < 0.95 && d.Low > 0.5) || !(d.P > 0 && d.P < 1e-3) {
		t.Errorf("perfect against inverted: %+v, error %v", d, err)
	}
	d, err := Compare(scores, best, fake, who)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Compare(best, scores, fake, who)
	if err != nil || back.Diff != -d.Diff || math.Abs(back.Low+d.High) > 1e-12 || math.Abs(back.P-d.P) > 1e-12 || back.A != d.B {
		t.Errorf("%+v turned round is %+v, error %v", d, back, err)
	}
	// Near 1 the difference varies at least as much as the two together are taken to, as their own intervals have it.
	nearly, order := slices.Clone(best), slices.Clone(best)
	nearly[19], nearly[20] = nearly[20], nearly[19]
	order[18], order[21] = order[21], order[18]
	if d, err := Compare(nearly, order, fake, who); err != nil || !(d.High-d.Low > mustAUC(t, nearly, fake, who).High-mustAUC(t, nearly, fake, who).Low-0.1) || !(d.High-d.Low > 0.05) {
		t.Errorf("both nearly perfect: %+v, error %v; alone %+v", d, err, mustAUC(t, nearly, fake, who))
	}
	var length *LengthError
	if _, err := Compare(scores, best[1:], fake, who); !errors.As(err, &length) {
		t.Errorf("short second scores: error %v", err)
	}
	few, fewFake := separated(LeastPeople-1, 0)
	if d, err := Compare(few, few, fewFake, alone(len(few))); err != nil || d.TooFew == "" || !math.IsNaN(d.P) || !math.IsNaN(d.Low) || d.A != 1 {
		t.Errorf("few people: %+v, error %v", d, err)
	}
}

func TestTooFew(t *testing.T) {
	for name, c := range map[string]struct {
		who  func(i int) [2]int32 // of 20 real and 20 fake items
		want string
	}{
		"enough":            {func(i int) [2]int32 { return [2]int32{int32(i), -1} }, ""},
		"five people":       {func(i int) [2]int32 { return [2]int32{int32(i % 20 / 4), -1} }, ""},
		"few real people":   {func(i int) [2]int32 { return [2]int32{int32(max(i, 16)), -1} }, "too few people: 4 real, 20 fake, want 5 each"},
		"few fake people":   {func(i int) [2]int32 { return [2]int32{int32(min(i, 23)), -1} }, "too few people: 20 real, 4 fake, want 5 each"},
		"one source of all": {func(i int) [2]int32 { return [2]int32{int32(i), map[bool]int32{true: 40, false: -1}[i >= 20]} }, "too few people: one is in most of the fake videos"},
	} {
		scores, fake := separated(20, 5)
		var who Shown
		for i := range scores {
			who.People = append(who.People, c.who(i))
		}
		i := mustAUC(t, scores, fake, who)
		if i.TooFew != c.want || (c.want == "") == math.IsNaN(i.Low) || math.IsNaN(i.Low) != math.IsNaN(i.High) || math.IsNaN(i.Value) {
			t.Errorf("%s: %+v, want %q", name, i, c.want)
		}
	}
}

func TestShownErrors(t *testing.T) {
	scores, fake := separated(2, 0)
	for name, c := range map[string]struct {
		who  Shown
		want string
	}{
		"too few people": {alone(3), "3 videos' people for 4 scores"},
		"too few videos": {Shown{Video: []int32{0, 1}, People: alone(4).People}, "2 videos for 4 scores"},
		"no such video":  {Shown{Video: []int32{0, 1, 2, 4}, People: alone(4).People}, "score 3 is of video 4"},
		"two classes":    {Shown{Video: []int32{0, 1, 1, 2}, People: alone(3).People}, "video 1 has real and fake"},
		"nobody":         {Shown{People: [][2]int32{{0, -1}, {-1, 0}, {1, -1}, {2, -1}}}, "video 1 shows people -1 and 0"},
	} {
		for _, err := range []error{
			func() error { _, err := AUC(scores, fake, c.who); return err }(),
			func() error { _, err := Compare(scores, scores, fake, c.who); return err }(),
		} {
			if err == nil || !strings.HasPrefix(err.Error(), "metric: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.want)
			}
		}
	}
}

// Some rows of the simulation hold; with videos taken to be independent, or with those that a class has left alone, they do not.
func TestCoverageOfSomeRows(t *testing.T) {
	independent := method{"videos as independent", func(s sampled) (float64, float64) {
		s.moments = alone(len(s.scores)).moments(s.deviations, s.fake, s.n)
		return ours(s)
	}}
	const draws = 1500
	for _, c := range []struct {
		row
		fails bool // with independent videos
	}{
		{row{Design: "independent", Shape: "equal variances", People: 20, AUC: 0.75}, false},
		{row{Design: "independent", Shape: "tied", People: 20, AUC: 0.9}, false},
		{row{Design: "FF++, four manipulations", Persons: 0.3, Shape: "fakes twice as wide", People: 20, AUC: 0.9}, false},
		{row{Design: "FF++, four manipulations", Persons: 0.6, Shape: "fakes twice as wide", People: 50, AUC: 0.9}, true},
		{row{Design: "Celeb-DF", Persons: 0.6, Shape: "fakes twice as wide", People: 50, AUC: 0.9}, true},
		{row{Design: "Celeb-DF", Persons: 0.3, Shape: "equal variances", People: 20, AUC: 0.97}, false},
	} {
		r := c.row
		r.simulate(draws, draws, []method{{"ours", ours}, independent})
		t.Logf("%+v", r)
		// Three standard errors of 0.95 are 0.017.
		if got := r.Coverage[0]; got < 0.92 || got > 0.995 {
			t.Errorf("%s, %s, %d people, AUC %v: held %.3f", r.Design, r.Shape, r.People, r.AUC, got)
		}
		if c.fails && r.Coverage[1] > 0.9 {
			t.Errorf("%s, %s: independent videos hold %.3f: the row does not tell", r.Design, r.Shape, r.Coverage[1])
		}
	}
}
