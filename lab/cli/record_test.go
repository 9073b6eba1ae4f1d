package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/record"
)

func TestRecord(t *testing.T) {
	results, out := t.TempDir(), filepath.Join(t.TempDir(), "records")
	writeRun(t, results, "one", 1)
	writeRun(t, results, "two", 1)
	printed := must(t, "record", "one", "two", "--kind", "development", "--against", "two", "--results", results, "--out", out)
	all, err := record.Read(out)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	for _, r := range all {
		if !strings.Contains(printed, filepath.Join(out, r.Run+".json")+"\n") {
			t.Errorf("printed %q, want the path of %s", printed, r.Run)
		}
	}
	one, two := all[0], all[1]
	if one.Name != "one" || one.Kind != record.Development || len(two.Against) != 0 {
		t.Errorf("%s of kind %q; two is compared with %d runs, want none, as it is the other itself", one.Name, one.Kind, len(two.Against))
	}
	// Both have the same scores: there is no difference.
	if len(one.Against) != 1 || one.Against[0].Run != two.Run || len(one.Against[0].Pairs) != 1 {
		t.Fatalf("compared with %+v, want two over all fakes", one.Against)
	}
	for _, p := range one.Against[0].Pairs {
		if p.Real != 7 || p.AUC == nil || *p.AUC != *p.OtherAUC {
			t.Errorf("pair %+v, want the same AUC of 7 real videos", p)
		}
	}
	for line, want := range map[string]string{
		"one":                                "kind",
		"one --kind secret":                  `kind "secret"`,
		"none --kind final":                  `no run "none"`,
		"one --kind final --against nothing": `no run "nothing"`,
	} {
		code, _, stderr := seelab(t, append([]string{"record", "--results", results, "--out", out}, strings.Fields(line)...)...)
		if code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("record %s: exit code %d, %q; want %q", line, code, stderr, want)
		}
	}
}
