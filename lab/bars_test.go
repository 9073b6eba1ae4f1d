package lab_test

import (
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/store"
)

// A test set without a figure has no bar, and takes none from another run.
func TestBarsWithoutFigure(t *testing.T) {
	test := func(set string, auc float64) store.Test {
		return store.Test{Dataset: set, Method: "all", Level: "video", AUC: auc, Low: auc - 0.1, High: auc + 0.1, NReal: 3, NFake: 4}
	}
	first := &lab.Run{Record: store.Record{Tests: []store.Test{test("a", 0.5).WithoutFigure("only real videos"), test("b", 0.75)}}}
	second := &lab.Run{Record: store.Record{Tests: []store.Test{test("a", 0.625), test("b", 0.5).WithoutFigure("only fake videos")}}}
	bars, err := lab.AUCBars("title", []string{"first", "second"}, []*lab.Run{first, second})
	if err != nil {
		t.Fatal(err)
	}
	if len(bars.Groups) != 2 {
		t.Fatalf("%+v", bars.Groups)
	}
	for i, want := range []struct {
		set, run string
		auc      float64
	}{{"b", "first", 0.75}, {"a", "second", 0.625}} {
		g := bars.Groups[i]
		if g.Name != want.set || len(g.Bars) != 1 || g.Bars[0].Name != want.run || g.Bars[0].Value != want.auc {
			t.Errorf("group %d: %+v, want %+v", i, g, want)
		}
	}
}
