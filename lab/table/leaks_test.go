package table

import (
	"strings"
	"testing"
)

// A figure of a test set that leaks says so in every form, also where it is a mean over seeds, and no other figure does.
func TestLeaksAreMarked(t *testing.T) {
	r := madeRecord()
	if text := Tests(r).Text(); strings.Contains(text, "leaks") {
		t.Errorf("without leaks:\n%s", text)
	}
	r.Leaks = []string{"FF++ c40"}
	for i := range r.Tests {
		if r.Tests[i].Dataset == "FF++ c40" {
			r.Tests[i].Leaks = "2 people, 1 video"
		}
	}
	tests := Tests(r)
	for _, text := range []string{tests.Text(), tests.Markdown(), tests.LaTeX(), tests.HTML(), tests.CSV()} {
		if strings.Count(text, "leaks: 2 people, 1 video") != 4 {
			t.Errorf("want four rows that are marked:\n%s", text)
		}
	}
	for _, row := range tests.Rows {
		if marked := strings.Contains(row[len(row)-1], "leaks"); marked != (row[0] == "FF++ c40") {
			t.Errorf("leaks: %v in %v", marked, row)
		}
	}
	if !strings.Contains(tests.Title, "leaks") {
		t.Errorf("the title is %q", tests.Title)
	}

	leaky, clean := made("seeable", 1, 1, nil), made("seeable", 2, 1, nil)
	leaky.Record.Tests[0].Leaks = "3 pictures"
	const note = "leaks from training into the test set: 3 pictures"
	for name, o := range map[string]Options{"alone": {}, "seeds": {OverSeeds: true}, "manipulations": {Columns: CrossManipulation}} {
		c := compare(t, []Run{leaky, clean}, o)
		for form, text := range map[string]string{"text": c.Text(), "Markdown": c.Markdown(), "LaTeX": c.LaTeX(), "HTML": c.HTML(), "CSV": c.CSV()} {
			if !strings.Contains(text, note) {
				t.Errorf("%s, %s: no %q in\n%s", name, form, note, text)
			}
		}
		for _, part := range c.Parts {
			for _, row := range part.Rows {
				for i, cell := range row.Cells {
					want := row.Runs[0] == leaky.Record.Run && (part.Set == "FF++ c40" || c.Columns[i] == "FF++ c40")
					if got := strings.Contains(strings.Join(cell.Notes, "; "), note); got != want {
						t.Errorf("%s: %s, %s, %s is marked: %v, want %v", name, part.Title, row.Name, c.Columns[i], got, want)
					}
				}
			}
		}
	}
}
