package terminal

import (
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/yardstick"
)

// A row has a figure for each rung and one for the hard ones, whatever its section; without a comparison the reason is said.
func TestYardstickTable(t *testing.T) {
	figures := func(name string) yardstick.Row[yardstick.Figure] {
		r := yardstick.Row[yardstick.Figure]{Family: name, Hard: yardstick.Figure{AUC: 0.75, Low: 0.5, High: 0.875}}
		for i := range yardstick.Rungs() {
			r.Rungs = append(r.Rungs, yardstick.Figure{AUC: 0.9 - 0.05*float64(i), Low: 0.5, High: 0.95})
		}
		return r
	}
	change := yardstick.Row[yardstick.Change]{Family: yardstick.All, Hard: yardstick.Change{Diff: -0.031, Low: -0.06, High: 0.002}}
	change.Rungs = make([]yardstick.Change, len(yardstick.Rungs()))
	m := &assess.Measured{Run: "mine-1", Score: "logit"}
	m.Rows = append(m.Rows, figures("selfblend"))
	m.Rivals = append(m.Rivals, figures("corners"))
	m.Against = &assess.Against{Run: "theirs-2", Faces: 200, People: 90, Rows: []yardstick.Row[yardstick.Change]{change}}
	text := yardstickTable(m).Text()
	for _, want := range []string{"mine-1 on the yardstick", "L2-L5", "0.650           0.750\n", "[0.50, 0.95]    [0.50, 0.88]", "Less theirs-2, paired, on 200 faces of 90 people", "-0.031\n", "[-0.06, +0.00]", "corners"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	m.Against = &assess.Against{Run: "theirs-2", Reason: "other people"}
	if text := yardstickTable(m).Text(); !strings.Contains(text, "Not compared with theirs-2: other people") || strings.Contains(text, "paired") {
		t.Errorf("without a comparison:\n%s", text)
	}
}
