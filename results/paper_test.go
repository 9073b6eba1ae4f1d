package results

import (
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func published(t *testing.T) Paper {
	t.Helper()
	p, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What everybody quotes, from the paper's tables as the slides show them.
func TestSeeABLE(t *testing.T) {
	p := published(t)
	for name, want := range map[string]map[string]float64{
		"cross-dataset":      {"Celeb-DF v2": 87.3, "DFDC": 75.9, "DFDC preview": 86.3, Average: 83.2},
		"cross-manipulation": {"Deepfakes": 99.2, "Face2Face": 98.8, "FaceSwap": 99.1, "NeuralTextures": 96.9, Average: 98.5},
	} {
		table, err := p.Table(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range table.Rows {
			if r.Method != "SeeABLE" {
				continue
			}
			if len(r.Cells) != len(want) {
				t.Errorf("%s: %d cells, want %d", name, len(r.Cells), len(want))
			}
			for _, c := range r.Cells {
				if c.AUC != want[c.Column] {
					t.Errorf("%s, %s: %v, want %v", name, c.Column, c.AUC, want[c.Column])
				}
			}
			want = nil
		}
		if want != nil {
			t.Errorf("%s has no row of SeeABLE", name)
		}
	}
}

// The averages are over the columns present and agree to rounding (specification 8.1), as averages of their rows.
func TestAveragesAgreeWithTheirRows(t *testing.T) {
	checked := 0
	for _, table := range published(t).Tables {
		for _, r := range table.Rows {
			sum, n, average := 0.0, 0.0, math.NaN()
			for _, c := range r.Cells {
				if c.Column == Average {
					average = c.AUC + c.Accuracy
					continue
				}
				sum, n = sum+c.AUC+c.Accuracy, n+1
			}
			if n > 0 && !math.IsNaN(average) {
				checked++
				if math.Abs(sum/n-average) > 0.1 {
					t.Errorf("%s, %s: average %v, of the cells %v", table.Name, r.Method, average, sum/n)
				}
			}
		}
	}
	if checked < 14 {
		t.Errorf("%d rows checked, want 14 or more", checked)
	}
}

// Row for row and cell for cell the tables of the specification, sections 8.1 and 8.2.
func TestAgainstTheSpecification(t *testing.T) {
	text, err := os.ReadFile("../../shared/spec/seeable.md")
	if err != nil {
		t.Skipf("no specification to compare with: %v", err)
	}
	p := published(t)
	for section, c := range map[string]struct {
		table string
		first int // column of the first figure
	}{"8.1": {"cross-dataset", 2}, "8.2": {"cross-manipulation", 1}} {
		_, rest, found := strings.Cut(string(text), "\n### "+section)
		body, _, _ := strings.Cut(rest, "\n### ")
		if !found {
			t.Fatalf("no section %s", section)
		}
		table, err := p.Table(c.table)
		if err != nil {
			t.Fatal(err)
		}
		columns := append(append([]string{}, table.Columns...), Average)
		// Beside the row of SBI stand those of other sources.
		transcribed := slices.DeleteFunc(slices.Clone(table.Rows), func(r Row) bool { return strings.HasPrefix(r.Method, "SBI, ") })
		rows := 0
		for line := range strings.Lines(body) {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			fields := strings.Split(strings.Trim(strings.TrimSpace(strings.ReplaceAll(line, "*", "")), "|"), "|")
			if method := strings.TrimSpace(fields[0]); method == "method" || strings.HasPrefix(method, "---") {
				continue
			}
			want := transcribed[rows]
			rows++
			method := strings.NewReplacer(" (ours)", "", " (dagger)", "").Replace(strings.TrimSpace(fields[0]))
			if want.Method != method {
				t.Errorf("%s, row %d is %q, want %q", c.table, rows, want.Method, method)
			}
			if c.first == 2 && want.RealOnly != (strings.TrimSpace(fields[1]) == "yes") {
				t.Errorf("%s, %s: real only is %v, the source has %q", c.table, method, want.RealOnly, fields[1])
			}
			got := map[string]float64{}
			for _, cell := range want.Cells {
				got[cell.Column] = cell.AUC + cell.Accuracy
			}
			for i, column := range columns {
				auc, err := strconv.ParseFloat(strings.TrimSpace(fields[c.first+i]), 64)
				if cell, ok := got[column]; ok != (err == nil) || cell != auc {
					t.Errorf("%s, %s, %s: %v, want %q", c.table, method, column, cell, fields[c.first+i])
				}
			}
		}
		if rows < 7 {
			t.Errorf("section %s has %d rows, want 7 or more: its form has changed", section, rows)
		}
		for _, extra := range transcribed[rows:] {
			t.Errorf("%s: row %q is in no source", c.table, extra.Method)
		}
	}
}

// SBI as the authors of SeeABLE measured it and as its own do, under two compressions, in three rows that follow each other.
func TestSBITriplesStandTogether(t *testing.T) {
	table, err := published(t).Table("cross-dataset")
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(table.Rows, func(r Row) bool { return r.Method == "SBI [60]" })
	for i, want := range []struct {
		compression, by string
		aucs            [3]float64
	}{
		{NotGiven, "authors of SeeABLE", [3]float64{85.9, 69.8, 74.9}},
		{"raw", "authors of the method", [3]float64{93.82, 73.01, 85.70}},
		{"c23", "authors of the method", [3]float64{92.87, 71.96, 85.51}},
	} {
		row := table.Rows[at+i]
		if row.Protocol.Compression != want.compression || row.Protocol.MeasuredBy != want.by || row.Protocol.TrainedOn != "FF++ real" {
			t.Errorf("%s: protocol %+v, want compression %s, measured by %s", row.Method, row.Protocol, want.compression, want.by)
		}
		for j, column := range table.Columns {
			if c := row.Cells[j]; c.Column != column || c.AUC != want.aucs[j] {
				t.Errorf("%s: %+v, want %v on %s", row.Method, c, want.aucs[j], column)
			}
		}
	}
}

// The figures of OC-FakeDect are accuracies (specification of the image baselines, 0.4), and no others are.
func TestAccuracies(t *testing.T) {
	accuracies := 0
	for _, table := range published(t).Tables {
		for _, r := range table.Rows {
			for _, c := range r.Cells {
				if (c.Accuracy > 0) != strings.HasPrefix(r.Method, "OC-FD") {
					t.Errorf("%s, %s, %s: %+v", table.Name, r.Method, c.Column, c)
				}
				if c.Accuracy > 0 {
					accuracies++
				}
			}
		}
	}
	if accuracies != 10 {
		t.Errorf("%d accuracies, want the 10 of two rows", accuracies)
	}
}

// A tick of the source does not stand alone where the method's own code says otherwise, and what was chosen on test sets
// says so.
func TestProtocolsContradict(t *testing.T) {
	fakes, chosen := map[string]bool{}, map[string]bool{}
	for _, table := range published(t).Tables {
		for _, r := range table.Rows {
			if r.RealOnly && strings.Contains(r.Protocol.TrainedOn, "fakes") {
				fakes[r.Method] = true
				if !strings.Contains(r.Note, "ticked") {
					t.Errorf("%s: note %q does not speak of the tick", r.Method, r.Note)
				}
			}
			if r.Protocol.ChosenOnTest == "yes" {
				chosen[r.Method] = true
			}
		}
	}
	if len(fakes) != 2 || !fakes["UIA-ViT [74]"] || !fakes["LTTD [26]"] {
		t.Errorf("ticked, and trained with fakes: %v, want UIA-ViT and LTTD", fakes)
	}
	if len(chosen) != 2 || !chosen["SLADD [5]"] || !chosen["OST [48]"] {
		t.Errorf("chosen on test sets: %v, want SLADD and OST", chosen)
	}
}

func TestTestSet(t *testing.T) {
	p := published(t)
	for name, want := range map[string]int{"Celeb-DF v2": 178, "FF++ c40": 140, "FF++ c23": 140, "DFDC": 2500, "DFDC preview": 276} {
		if s, ok := p.TestSet(name); !ok || s.Real != want {
			t.Errorf("%s: %+v, want %d real videos", name, s, want)
		}
	}
	for _, name := range []string{"mine", "FF++2", "DFDC2", ""} {
		if s, ok := p.TestSet(name); ok {
			t.Errorf("%q is taken for %+v", name, s)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const good = `
[sources]
x = "somewhere"
[[test_set]]
name = "DFDC"
real = 1
fake = 1
source = "somewhere"
[[table]]
name = "t"
columns = ["DFDC"]
[[table.row]]
method = "m"
protocol = { trained_on = "x", compression = "c23", frames = "32", level = "video", measured_by = "not given", chosen_on_test = "no" }
cells = [{ column = "DFDC", auc = 70.5, source = "x" }, { column = "average", auc = 100, source = "x" }]
`
	if _, err := parse(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`method = "m"`, "method = \"m\"\nrealonly = true", `unknown key "table.row.realonly"`},
		{`auc = 70.5`, `auc = 0.705`, "in percent"},
		{`auc = 100`, `auc = 100.1`, "in percent"},
		{`auc = 70.5`, `auc = nan`, "in percent"},
		{`auc = 70.5`, `accuracy = 70.5, auc = 70.5`, "want one of them"},
		{`auc = 70.5`, `accuracy = 40, auc = 30`, "want one of them"},
		{`auc = 70.5, `, ``, "want one of them"},
		{`auc = 70.5`, `accuracy = 0.7`, "in percent"},
		{`protocol = {`, `protcol = {`, `unknown key "table.row.protcol"`},
		{`trained_on = "x"`, `trainedon = "x"`, `unknown key "table.row.protocol.trainedon"`},
		{`trained_on = "x", `, ``, "protocol.trained_on is missing"},
		{`trained_on = "x"`, `trained_on = " "`, "protocol.trained_on is missing"},
		{`frames = "32", `, ``, "protocol.frames is missing"},
		{`measured_by = "not given", `, ``, "protocol.measured_by is missing"},
		{`compression = "c23"`, `compression = "HQ"`, `protocol.compression = "HQ", want one of ["raw" "c23" "c40" "none"], or "not given"`},
		{`level = "video"`, `level = "clip"`, `protocol.level = "clip"`},
		{`, chosen_on_test = "no"`, ``, `protocol.chosen_on_test = ""`},
		{`chosen_on_test = "no"`, `chosen_on_test = "none"`, `protocol.chosen_on_test = "none"`},
		{`auc = 70.5, source = "x"`, `auc = 70.5`, `source ""`},
		{`source = "x" }, {`, `source = "y" }, {`, `source "y"`},
		{`column = "DFDC"`, `column = "CDF"`, `"CDF"`},
		{`column = "average"`, `column = "DFDC"`, "at most once"},
		{`method = "m"`, ``, "a method of its own"},
		{`real = 1`, `real = 0`, `test set "DFDC"`},
		{`columns = ["DFDC"]`, `columns = []`, "columns and rows"},
		{`[sources]`, `[sources`, "line"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%q is not in the text", c.old)
		}
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.new, err, c.want)
		}
	}
	// Without any protocol.
	if _, err := parse(regexp.MustCompile(`protocol = .*\n`).ReplaceAllString(good, "")); err == nil || !strings.Contains(err.Error(), "t, m: protocol.trained_on is missing") {
		t.Errorf("error %v of a row without a protocol", err)
	}
	if _, err := published(t).Table("robustness"); err == nil || !strings.Contains(err.Error(), "cross-dataset, cross-manipulation") {
		t.Errorf("error %v of an unknown table, want one that names the known", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(paper))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse(text)
		if err != nil {
			return
		}
		for _, table := range p.Tables {
			if _, err := p.Table(table.Name); err != nil {
				t.Fatal(err)
			}
		}
	})
}
