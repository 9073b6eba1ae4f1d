package operating

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"gonum.org/v1/gonum/stat/distuv"
)

// rising are n numbers from a on.
func rising(a float64, n int) (x []float64) {
	for i := range n {
		x = append(x, a+float64(i))
	}
	return x
}

func points(real, fake []float64) *Points {
	return &Points{Score: "s", Level: Level, Real: real, Fake: fake}
}

// The thresholds are the order statistics of split conformal prediction: of 99 real faces the 95th, of 39 pseudo-fakes the second.
func TestLimits(t *testing.T) {
	l := points(rising(1, 99), rising(51, 39)).Limits(Default)
	if l.Alarm == nil || *l.Alarm != 95 || l.Miss == nil || *l.Miss != 52 || l.NoAlarm != "" || l.NoMiss != "" {
		t.Fatalf("%+v", l)
	}
	for _, c := range []struct {
		n    int
		rate float64
		want float64 // 0 for none
	}{{19, 0.05, 19}, {18, 0.05, 0}, {20, 0.05, 20}, {38, 0.05, 38}, {39, 0.05, 38}, {99, 0.01, 99}, {98, 0.01, 0}, {9, 0.1, 9}, {9, 0.3, 7}, {1, 0.5, 1}} {
		l := points(rising(1, c.n), nil).Limits(Rates{c.rate, 0.05})
		switch {
		case c.want == 0:
			if l.Alarm != nil || !strings.Contains(l.NoAlarm, fmt.Sprintf("too few people for %.3g %%: %d, want %.0f", 100*c.rate, c.n, 1/c.rate-1)) {
				t.Errorf("%d people for %g: %+v", c.n, c.rate, l)
			}
		case l.Alarm == nil || *l.Alarm != c.want:
			t.Errorf("%d people for %g: %+v, want %g", c.n, c.rate, l, c.want)
		}
		if l.Miss != nil || !strings.Contains(l.NoMiss, "too few people for 5 %: 0, want 19") {
			t.Errorf("misses without pseudo-fakes: %+v", l)
		}
	}
}

// Over calibrations and new people the rates are those of the theory, 3 of 60 (false alarms) and 4 of 80 (misses), within what a
// binomial draw of the trials may be off in one of 100,000.
func TestConformalRates(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const trials, nReal, nFake = 20000, 59, 79
	alarms, misses := 0, 0
	for range trials {
		var real, fake []float64
		for range nReal {
			real = append(real, math.Exp(2*rng.NormFloat64()))
		}
		for range nFake {
			fake = append(fake, 1+rng.ExpFloat64())
		}
		slices.Sort(real)
		slices.Sort(fake)
		l := points(real, fake).Limits(Default)
		if l.Flags(math.Exp(2 * rng.NormFloat64())) {
			alarms++
		}
		if 1+rng.ExpFloat64() < *l.Miss {
			misses++
		}
	}
	draw := distuv.Binomial{N: trials, P: 0.05}
	for name, n := range map[string]int{"false alarms": alarms, "misses": misses} {
		if tail := min(draw.CDF(float64(n)), 1-draw.CDF(float64(n-1))); tail < 1e-5 {
			t.Errorf("%d %s in %d trials, want about %d", n, name, trials, trials/20)
		}
	}
}

func TestMeaning(t *testing.T) {
	p := points(rising(1, 99), rising(51, 39)) // flagged above 95, real-looking below 52
	for _, c := range []struct {
		score float64
		word  string
		above int
	}{{0, Real, 99}, {51.5, Real, 48}, {52, CannotSay, 48}, {95, CannotSay, 5}, {95.1, Flagged, 4}, {1e9, Flagged, 0}} {
		m := p.Meaning(c.score, Default)
		if m.Word != c.word || m.Share == nil || m.Share.Share != float64(c.above)/99 || m.Share.N != 99 || m.None != "" || m.Level != "face" {
			t.Errorf("%g: %+v, share %+v, want %s and %d", c.score, m, m.Share, c.word, c.above)
		}
	}
	if m := p.Meaning(95.1, Default); math.Abs(m.Share.Low-0.01112) > 1e-4 || math.Abs(m.Share.High-0.10018) > 1e-4 { // R: binom.test(4, 99)
		t.Errorf("%+v", m.Share)
	}
	// Equal scores count as as high, and are not flagged: ties keep the rate.
	if m := points(slices.Repeat([]float64{2}, 99), nil).Meaning(2, Default); m.Word != CannotSay || m.Share.Share != 1 {
		t.Errorf("%+v", m)
	}
	// Where thresholds overlap nothing is both, and what is flagged stays so.
	good := points(rising(1, 99), rising(1000, 39))
	if good.Meaning(500, Default).Word != Flagged || good.Meaning(90, Default).Word != Real {
		t.Error("a good detector has no gap")
	}
	for name, m := range map[string]Meaning{"video": NotOf("video"), "old": Missing().Meaning(1, Default), "no score": p.Meaning(math.NaN(), Default)} {
		if m.None == "" || m.Word != "" || m.Share != nil || m.Limits != nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
	few := points(rising(1, 10), nil).Meaning(1000, Default)
	if few.Word != CannotSay || few.Limits.NoAlarm == "" || few.Share.N != 10 {
		t.Errorf("10 people: %+v", few)
	}
}

// A higher score never has a larger share or bound, nor a milder word.
func TestMonotonicity(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var real, fake []float64
	for range 150 {
		real, fake = append(real, math.Round(10*rng.NormFloat64())/10), append(fake, 1+rng.NormFloat64())
	}
	slices.Sort(real)
	slices.Sort(fake)
	p := points(real, fake)
	grade := map[string]int{Real: 0, CannotSay: 1, Flagged: 2}
	last := p.Meaning(-10, Default)
	for x := -10.; x < 10; x += 0.05 {
		m := p.Meaning(x, Default)
		if m.Share.Share > last.Share.Share || m.Share.Low > last.Share.Low || m.Share.High > last.Share.High || grade[m.Word] < grade[last.Word] {
			t.Fatalf("at %g %+v %+v after %+v %+v", x, m, m.Share, last, last.Share)
		}
		last = m
	}
	alarm := math.Inf(1)
	for rate := 0.01; rate < 1; rate += 0.01 {
		l := p.Limits(Rates{rate, 0.05})
		if *l.Alarm > alarm {
			t.Fatalf("the threshold for %g is above that for less", rate)
		}
		alarm = *l.Alarm
	}
}

func TestRead(t *testing.T) {
	p := points([]float64{-1, 0.1, 3}, []float64{2})
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(fstest.MapFS{File: {Data: text}})
	if err != nil || fmt.Sprint(back) != fmt.Sprint(p) {
		t.Errorf("%v, error %v, want %v", back, err, p)
	}
	if old, err := Read(fstest.MapFS{}); err != nil || !strings.Contains(old.None, "no calibration") {
		t.Errorf("%+v, error %v", old, err)
	}
	for _, bad := range []string{"", "{}", `{"level":"video","real":[1]}`, `{"level":"face"}`, `{"level":"face","real":[2,1]}`} {
		if _, err := Read(fstest.MapFS{File: {Data: []byte(bad)}}); err == nil || !strings.Contains(err.Error(), File) {
			t.Errorf("%s: error %v", bad, err)
		}
	}
	for _, r := range []Rates{{0, 0.05}, {1, 0.05}, {math.NaN(), 0.05}, {0.05, -1}} {
		if r.Check() == nil {
			t.Errorf("%+v is not refused", r)
		}
	}
}

func TestNewAlarms(t *testing.T) {
	// 120 people with two faces each: the first has an odd column and scores 100 in every tenth, the second none.
	var scores []float64
	var people, kind, size, age, name []string
	for i := range 120 {
		high := 1.
		if i%10 == 0 {
			high = 100
		}
		scores = append(scores, high, 1)
		people = append(people, fmt.Sprint(i), fmt.Sprint(i))
		kind = append(kind, "first", "second")
		size = append(size, fmt.Sprint(i), "")
		age = append(age, fmt.Sprint(i), fmt.Sprint(i))
		name = append(name, fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i))
	}
	scores = append(scores, math.NaN())
	people, kind, size, age, name = append(people, "x"), append(kind, "first"), append(size, "1"), append(age, "1"), append(name, "x")
	columns := []Column{{"kind", kind}, {"size", size}, {"age", age}, {"name", name}, {"rare", slices.Concat([]string{"rare"}, make([]string, 240))}}
	a, err := NewAlarms(scores, people, columns, points(rising(-98, 100), nil), 0.05)
	if err != nil {
		t.Fatal(err)
	}
	if a.Threshold != -3 {
		t.Fatalf("threshold %g", a.Threshold)
	}
	a, err = NewAlarms(scores, people, columns, points(rising(-97, 100), nil), 0.01) // above 2
	if err != nil || a.Threshold != 2 || a.Calibrated != 100 || a.Unscored != 1 || a.All.Share != 0.05 || a.All.N != 240 || a.All.People != 120 {
		t.Fatalf("%+v, error %v", a, err)
	}
	want := "kind first 0.1 of 120, kind second 0 of 120, size lowest third, below 40 0.1 of 40, size middle third 0.1 of 40, size highest third, from 80 0.1 of 40, " +
		"age 60 and over 0.05 of 120"
	var got []string
	for _, g := range a.Groups {
		got = append(got, fmt.Sprintf("%s %s %.3g of %d", g.By, g.Value, g.Share, g.N))
	}
	// under 18 and 18 to 29 are of 18 and 12 people, 30 to 44 and 45 to 59 of 15, rare of one.
	if strings.Join(got, ", ") != want || a.Hidden != 5 || a.Worst != "kind first" {
		t.Errorf("%s\nwant %s\nhidden %d, worst %q", strings.Join(got, ", "), want, a.Hidden, a.Worst)
	}
	if _, err := NewAlarms(scores, people, nil, points(rising(0, 5), nil), 0.05); err == nil || !strings.Contains(err.Error(), "too few people") {
		t.Errorf("error %v", err)
	}
	if _, err := NewAlarms([]float64{math.NaN()}, []string{"a"}, nil, points(rising(0, 50), nil), 0.05); err == nil {
		t.Error("no error where nothing has a score")
	}
	if _, err := NewAlarms(scores, people, nil, points(rising(0, 50), nil), 2); err == nil {
		t.Error("a rate of 2 is not refused")
	}
}

// The scale is that of two populations whose moments are known, moves with the scores, and is an error where there is none.
func TestScale(t *testing.T) {
	p := &Points{Score: "logit", Level: Level, Real: []float64{-3, -1}, Fake: []float64{2, 4, 6}}
	middle, deviation, err := p.Scale()
	if want := math.Sqrt(((16+4)/2. + (1+9+25)/3.) / 2); err != nil || middle != 1 || math.Abs(deviation-want) > 1e-15 {
		t.Errorf("%v and %v, %v, want 1 and %v", middle, deviation, err, want)
	}
	moved := &Points{Score: "logit", Level: Level, Real: []float64{-20, 0}, Fake: []float64{30, 50, 70}}
	if m, d, err := moved.Scale(); err != nil || m != 20 || math.Abs(d-10*deviation) > 1e-12 {
		t.Errorf("of scores 10 times as far apart %v and %v, %v", m, d, err)
	}
	for name, p := range map[string]*Points{
		"uncalibrated":      Missing(),
		"no pseudo-fakes":   {Score: "logit", Level: Level, Real: []float64{1, 2}},
		"without deviation": {Score: "logit", Level: Level, Real: []float64{2, 2}, Fake: []float64{2}},
	} {
		if _, _, err := p.Scale(); err == nil || !strings.Contains(err.Error(), "no scale") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
