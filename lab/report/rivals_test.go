package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/store"
)

// The report says what rivals reach and which of them the run is not shown to beat.
func TestReportShowsRivals(t *testing.T) {
	d := Data{}
	d.Record.Tests = []store.Test{{Dataset: "DFDC <b>", Method: "all", Level: "video", AUC: 0.7, Low: 0.6, High: 0.8, NReal: 50, NFake: 60, Coverage: 1}}
	low, high := 0.61, 0.69
	d.Record.Rivals = []store.Rival{{
		Name: "rival_sharpness", Dataset: "DFDC <b>", Method: "all", AUC: 0.654, Low: &low, High: &high, NReal: 49, NFake: 58,
		Difference: &store.Difference{Value: 0.046, Low: -0.02, High: 0.1},
	}}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := Write(path, d); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Trivial rivals (less sharp", "sharpness, DFDC &lt;b&gt;", "0.654", "difference +0.046 [−0.020, +0.100]", "photographs; not shown to beat sharpness", "Not shown to beat one: ",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in the report", want)
		}
	}
}
