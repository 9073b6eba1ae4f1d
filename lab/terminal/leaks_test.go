package terminal

import (
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/store"
)

// Lists of runs and of cells mark the figures of test sets that leak.
func TestLeaksAreMarked(t *testing.T) {
	head := store.Record{Leaks: []string{"DFDC"}, AUC: map[string]float64{"DFDC": 0.75, "FF++ c40": 0.5}}
	lines := Describe([]store.Entry{{ID: "a", Status: store.Finished, Head: head}})
	if got := lines[0].Figures(); got != "DFDC 0.750 (leaks), FF++ c40 0.500" {
		t.Errorf("runs: %s", got)
	}
	record := store.Record{Tests: []store.Test{
		{Dataset: "DFDC", Method: "all", Level: "video", AUC: 0.75, Leaks: "1 video"}, {Dataset: "FF++ c40", Method: "all", Level: "video", AUC: 0.5},
	}}
	row := SweepTable("s", toyCells(1), []*store.Record{&record}).Rows[0]
	if got := strings.Join(row[3:], ", "); got != "0.750 (leaks), 0.500" {
		t.Errorf("sweep: %s", got)
	}
}

func TestDiagnosisNamesWhatIsAlike(t *testing.T) {
	near := layout.Near{From: "ytfaces", To: "DFDC"}
	for range shown + 2 {
		near.Faces = append(near.Faces, layout.NearFace{Face: "a", Like: "b", Bits: 3})
	}
	near.Faces[0].Same = true
	text := Diagnosis(layout.Report{Near: []layout.Near{near}}, false)
	for _, want := range []string{"Faces of DFDC that look nearly like one of ytfaces (7)", "a is the same picture as b", "a differs by 3 of 64 bits from b", "and 2 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
