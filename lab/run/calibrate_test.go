package run

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector/detectortest"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/store"
)

// One real face of each person who reports calibrates, with the score that the detector gives it alone; nobody who chooses does.
func TestCalibrate(t *testing.T) {
	s := tinySpec()
	s.Score.ChooseOn = []string{"selfblend/none"}
	e, d, held := detectortest.HeldOut(t, s, seer{})
	r := &Run{Spec: s}
	if err := chooseScore(t.Context(), e, r, d, held); err != nil {
		t.Fatal(err)
	}
	chosen := r.Record.Score
	if err := calibrate(t.Context(), e, r, d, held); err != nil {
		t.Fatal(err)
	}
	_, reporting := prepare.Halves(held, s)
	people := map[string]bool{}
	var items []datasets.Item
	for _, i := range reporting {
		it := held.Item(i)
		items, people[it.Identity] = append(items, it), true
	}
	one := onePerPerson(items, s.Seed)
	var scores []float64
	seen := map[string]bool{}
	for _, it := range one {
		results, err := d.Items(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, results[0].Score)
		if seen[it.Identity] || !people[it.Identity] || it.Fake {
			t.Errorf("%s is drawn twice, or does not report, or is a fake", it.ID())
		}
		seen[it.Identity] = true
	}
	slices.Sort(scores)
	p := d.Points
	if len(one) != len(people) || len(people) == len(reporting) || !slices.Equal(p.Real, scores) || p.Score != chosen || p.Level != operating.Level || p.None != "" {
		t.Fatalf("%+v, want %v of %d people with %d faces", p, scores, len(people), len(reporting))
	}
	if len(p.Fake) != len(people) || !slices.IsSorted(p.Fake) {
		t.Errorf("%d pseudo-fakes of %d people", len(p.Fake), len(people))
	}
	// A person's draw is not that of the others.
	without := slices.DeleteFunc(slices.Clone(items), func(it datasets.Item) bool { return it.Identity == one[0].Identity })
	if again := onePerPerson(without, s.Seed); len(again) != len(one)-1 || again[0].ID() != one[1].ID() {
		t.Errorf("without %s others are drawn", one[0].Identity)
	}
	if other := onePerPerson(items, s.Seed+1); slices.EqualFunc(one, other, func(a, b datasets.Item) bool { return a.ID() == b.ID() }) {
		t.Error("another seed draws the same faces")
	}
}

// What a threshold finds on a set is counted over faces that have a score, with intervals by people; a fake counts for all and for
// its manipulation.
func TestMeasureAlarms(t *testing.T) {
	var items []store.Item
	add := func(method, person, video string, fake bool, score float64) {
		items = append(items, store.Item{Dataset: "set", Method: method, Video: video, Identity: person, Fake: fake, Scores: []float64{0, score}})
	}
	var people []string
	var above []bool
	for i := range 30 {
		person := fmt.Sprint("p", i/3)
		score := float64(i % 4)
		add("original", person, fmt.Sprint(i), false, score) // above 2.5 is every fourth
		people, above = append(people, person), append(above, score > 2.5)
		add("A", "", fmt.Sprint(i), true, 3)
		add("B", person, fmt.Sprint(i), true, float64(2+i%2))
	}
	add("original", "none", "none", false, math.NaN())
	var real []float64
	for i := range 19 {
		real = append(real, 2.5-float64(18-i))
	}
	points := &operating.Points{Level: operating.Level, Real: real}
	all, err := measureAlarms(slices.Values(items), 1, points)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, error %v", all, err)
	}
	want, err := metric.NewProportion(above, people)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		method    string
		found     float64
		n, people int
	}{{"all", 0.75, 60, 40}, {"A", 1, 30, 30}, {"B", 0.5, 30, 10}} { // people of A are not known: each video is one
		a := all[i]
		if a.Dataset != "set" || a.Method != c.method || a.Level != store.LevelFace || a.Threshold != 2.5 || a.Asked != 0.05 || a.Calibrated != 19 ||
			metric.Proportion(*a.False) != want || a.False.Share != 7./30 || a.Found.Share != c.found || a.Found.N != c.n || a.Found.People != c.people {
			t.Errorf("%+v, false alarms %+v, found %+v; want %+v", a, *a.False, *a.Found, c)
		}
	}
	onlyReal := slices.DeleteFunc(slices.Clone(items), func(it store.Item) bool { return it.Fake })
	if all, err := measureAlarms(slices.Values(onlyReal), 1, points); err != nil || len(all) != 1 || all[0].Found != nil || all[0].False == nil {
		t.Errorf("only real faces: %+v, error %v", all, err)
	}
	points.Real = points.Real[1:]
	for _, p := range []*operating.Points{points, nil, operating.Missing()} {
		if all, err := measureAlarms(slices.Values(items), 1, p); err != nil || all != nil {
			t.Errorf("without a threshold: %+v, error %v", all, err)
		}
	}
}
