package report

import (
	"strings"
	"testing"
)

// A report says which of its figures leak: in its head, in the table and at the bars.
func TestReportSaysLeaks(t *testing.T) {
	d := example(t)
	if text := write(t, d); strings.Contains(text, "LEAKS") || strings.Contains(text, "leaks") {
		t.Error("a report without leaks speaks of them")
	}
	for i := range d.Record.Tests {
		if d.Record.Tests[i].Dataset == "DFDC" {
			d.Record.Tests[i].Leaks = "2 people"
		}
	}
	text := write(t, d)
	for _, want := range []string{"<strong>LEAKS.</strong>", "say too much: DFDC: 2 people.", "leaks: 2 people", "DFDC (leaks)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the report", want)
		}
	}
	if strings.Contains(text, "FF++ c40 (leaks)") || strings.Contains(text, "FF&#43;&#43; c40 (leaks)") {
		t.Error("a set without leaks is marked")
	}
}

func TestSweepReportSaysLeaks(t *testing.T) {
	s := made(t)
	page := func() *sweepView {
		v, err := s.view()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := page(); v.Leaking != nil {
		t.Errorf("without leaks: %q", v.Leaking)
	}
	set := ""
	for _, r := range s.Records {
		if r != nil {
			set, r.Tests[0].Leaks = r.Tests[0].Dataset, "1 video"
		}
	}
	if v := page(); len(v.Leaking) != 1 || v.Leaking[0] != set+": 1 video" {
		t.Errorf("%q", v.Leaking)
	}
}
