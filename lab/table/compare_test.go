package table

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/evaluation"
	_ "github.com/seeable-lab/seeable/lab/method" // the defaults name its methods
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/results"
)

// videos makes the pooled videos of a test set: real ones, and as many fakes of each manipulation; shift is how well the
// detector tells them.
func videos(set string, seed uint64, n int, shift float64, manipulations ...string) evaluation.Set {
	s := evaluation.Set{Name: set}
	for _, method := range append([]string{"original"}, manipulations...) {
		for i := range n {
			v := evaluation.Video{Method: method}
			v.Name = fmt.Sprintf("%s/%s/%03d", set, method, i)
			v.Fake, v.Frames, v.Scored = method != "original", 4, 4
			v.Score = stream.New(1, set, method, i).NormFloat64() + 0.5*stream.New(seed, "noise", set, method, i).NormFloat64()
			if v.Fake {
				v.Score += shift
			}
			s.Videos = append(s.Videos, v)
		}
	}
	return s
}

// made is a made-up run: two test sets, one with four manipulations.
func made(name string, seed uint64, shift float64, change func(*spec.Spec)) Run {
	s := spec.Default()
	s.Name, s.Seed = name, seed
	if change != nil {
		change(&s)
	}
	r := Run{
		Spec: s,
		Sets: []evaluation.Set{
			videos("FF++ c40", seed, 9, shift, "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"),
			videos("Celeb-DF v2", seed, 12, shift/2, "Celeb-synthesis"),
		},
		Record: store.Record{Run: name + "-" + s.Hash(), Name: name, Versions: map[string]string{"metric": metric.Version}},
	}
	for _, set := range r.Sets {
		r.Record.Tests = append(r.Record.Tests, store.Test{Dataset: set.Name, Method: "all", Level: "video", Digest: "d-" + set.Name})
	}
	return r
}

// runs are what tables have to cope with: names that mean something to a format, a video without a score, faces drawn by
// code, a test set of its own, another version of a test set.
func runs() []Run {
	plain := made("seeable", 1, 1, nil)
	odd := made(`mine_2 <b>|*50% & $x^2$ \{#~"`+"\n`größe` 中", 1, 0.4, nil)
	odd.Sets[0].Videos[3].Scored, odd.Sets[0].Videos[3].Score = 0, math.NaN()
	odd.Record.Skipped = []string{"a", "b"}
	odd.Record.Tests[1].Digest = "another"
	drawn := made("demo", 3, 0.8, nil)
	drawn.Record.Synthetic, drawn.Record.Train.Synthetic = true, true
	drawn.Sets = append(drawn.Sets, videos("synthetic", 1, 5, 1, "swap", "warp"))
	return []Run{plain, odd, drawn}
}

func compare(t testing.TB, runs []Run, o Options) *Comparison {
	t.Helper()
	c, err := Compare(runs, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComparisonGolden(t *testing.T) {
	all := runs()
	seeds := []Run{made("seeable", 1, 1, nil), made("seeable", 2, 1.2, nil), made("seeable", 3, 0.9, nil), all[1]}
	for name, c := range map[string]*Comparison{
		"dataset":      compare(t, all, Options{Paper: CrossDataset, Against: &all[0]}),
		"manipulation": compare(t, seeds, Options{Columns: CrossManipulation, Paper: CrossManipulation, OverSeeds: true}),
	} {
		for form, text := range map[string]string{"txt": c.Text(), "md": c.Markdown(), "tex": c.LaTeX(), "html": c.HTML(), "csv": c.CSV()} {
			golden(t, name+"."+form, text)
		}
	}
}

// foreign are the made-up scores of another tool for videos that runs have too, but for one of each that the other lacks.
func foreign() Run {
	sets := []evaluation.Set{videos("Celeb-DF v2", 7, 12, 0.6, "Celeb-synthesis"), videos("mine", 7, 11, 1, "swap")}
	sets[0].Videos[2].Name += "-other"
	return Run{Label: "theirs", Sets: sets, Record: store.Record{
		Run: "theirs|1.csv", Name: "theirs|1", Score: "score", Foreign: "digest", Versions: map[string]string{"metric": metric.Version},
		Tests: []store.Test{{Dataset: "mine", Method: "all", Level: "video", AUC: 0.75, Low: 0.5, High: 1, NReal: 11, NFake: 11, Coverage: 1}},
	}}
}

// The scores of another tool have the figures of a run with the same videos, no seed, and a test on the videos that both have.
func TestForeign(t *testing.T) {
	all := runs()
	theirs := foreign()
	c := compare(t, []Run{all[0], theirs}, Options{Against: &all[0]})
	ours := theirs
	ours.Spec, ours.Label, ours.Record.Foreign = all[0].Spec, "", ""
	want := compare(t, []Run{all[0], ours}, Options{Against: &all[0]}).Parts[0].Rows[1].Cells
	row := c.Parts[0].Rows[1]
	if row.Name != "theirs" || len(row.Seeds) != 0 || len(row.Notes) != 1 || row.Notes[0] != "scores of another tool, of theirs|1.csv" {
		t.Errorf("row %+v", row)
	}
	for i, column := range c.Columns {
		got, want := row.Cells[i], want[i]
		notes := strings.Join(got.Notes, "; ")
		if celeb := column == "Celeb-DF v2"; strings.Contains(notes, "p leaves out 1 videos that this tool alone has scored, and 1 that "+all[0].Record.Run+" alone has") != celeb ||
			strings.Contains(notes, "tested on other faces") != celeb || celeb && got.Paired != 23 {
			t.Errorf("%s: %+v", column, got)
		}
		got.Notes, want.Notes = nil, nil
		if fmt.Sprint(got) != fmt.Sprint(want) { // NaN is not equal to itself
			t.Errorf("%s: %+v, a run has %+v", column, got, want)
		}
	}
	// Of the same videos it is compared with the first row.
	theirs.Sets[0].Videos[2].Name = strings.TrimSuffix(theirs.Sets[0].Videos[2].Name, "-other")
	c = compare(t, []Run{all[0], theirs, theirs}, Options{OverSeeds: true})
	if rows := c.Parts[0].Rows; len(rows) != 3 || len(rows[1].Cells[0].Notes) != 1 {
		t.Errorf("rows %+v, want one for each file and the note of a part of the test set", rows)
	}
}

func TestPairsGolden(t *testing.T) {
	half, third, small, sixth, low, high := 0.5, 1.0/3, 0.0004, 1.0/6, 0.1, 0.2333
	table := Pairs("theirs_1\n", "seeable-mini-0123", []evaluation.Pair{
		{Dataset: "FF++ c40", Method: "all", Real: 10, Fake: 30, Only: 2, OnlyOther: 1, RealPeople: 10, FakePeople: 12, AUC: &half, OtherAUC: &third, Diff: &sixth, Low: &low, High: &high, P: &small},
		{Dataset: "FF++ c40", Method: "a|b", Real: 10, Fake: 9, RealPeople: 10, FakePeople: 4, AUC: &third, OtherAUC: &half, Diff: &low, NoInterval: "too few people: 10 real, 4 fake, want 5 each"},
		{Dataset: "DFDC", Method: "all", Real: 4, Only: 3},
		{Dataset: "Celeb-DF v2", Method: "all", OnlyOther: 12},
	})
	tests := foreign().Record
	for name, text := range map[string]string{
		"pairs.txt": table.Text(), "pairs.md": table.Markdown(), "pairs.csv": table.CSV(), "pairs.tex": table.LaTeX(), "pairs.html": table.HTML(),
		"foreign.txt": Tests(tests).Text(),
	} {
		golden(t, name, text)
	}
}

// golden compares with a file of testdata; -update writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", name, text, want)
	}
}

// A cell must be what the metrics say of its videos, and a test what they say of the pairs.
func TestCellsAgainstMetrics(t *testing.T) {
	all := runs()
	c := compare(t, all, Options{Columns: CrossManipulation, Against: &all[0]})
	checked := 0
	for _, part := range c.Parts {
		for _, row := range part.Rows {
			r := all[slices.IndexFunc(all, func(r Run) bool { return r.Record.Run == row.Runs[0] })]
			for i, cell := range row.Cells {
				var a, b []float64
				var fake, both []bool
				var who, shared metric.Shown
				for j, v := range r.set(part.Set).Videos {
					if v.Scored == 0 || v.Fake && v.Method != c.Columns[i] {
						continue
					}
					a, fake, who.People = append(a, v.Score), append(fake, v.Fake), append(who.People, [2]int32{int32(len(a)), -1})
					if other := all[0].set(part.Set); other != nil && r.Record.Run != all[0].Record.Run {
						b, both, shared.People = append(b, other.Videos[j].Score), append(both, v.Fake), append(shared.People, [2]int32{int32(len(b)), -1})
					}
				}
				if !slices.Contains(fake, true) {
					if !math.IsNaN(cell.AUC) {
						t.Errorf("%s, %s, %s: AUC %v of no fakes", part.Set, row.Name, c.Columns[i], cell.AUC)
					}
					continue
				}
				auc, err := metric.AUROC(a, fake)
				if err != nil {
					t.Fatal(err)
				}
				area, err := metric.DeLongArea(a, fake)
				if err != nil {
					t.Fatal(err)
				}
				low, high := area.Interval(0.95)
				if math.Abs(cell.AUC-100*auc) > 1e-9 || cell.NReal+cell.NFake != len(a) || cell.DeLongLow != 100*low || cell.DeLongHigh != 100*high {
					t.Errorf("%s, %s, %s: %+v, want AUC %v of %d videos", part.Set, row.Name, c.Columns[i], cell, 100*auc, len(a))
				}
				want, err := metric.AUC(a, fake, who)
				if err != nil {
					t.Fatal(err)
				}
				if want.TooFew == "" && !(math.Abs(cell.Low-100*want.Low) < 1e-9 && math.Abs(cell.High-100*want.High) < 1e-9) || want.TooFew != "" && !math.IsNaN(cell.Low+cell.High) ||
					cell.RealPeople != cell.NReal || cell.FakePeople != cell.NFake {
					t.Errorf("%s, %s, %s: %+v, want %+v", part.Set, row.Name, c.Columns[i], cell, want)
				}
				if len(b) == 0 {
					if cell.Paired != 0 || !math.IsNaN(cell.P) {
						t.Errorf("%s, %s, %s: p %v of %d videos, want no test", part.Set, row.Name, c.Columns[i], cell.P, cell.Paired)
					}
					continue
				}
				test, err := metric.Compare(a, b, both, shared)
				if err != nil {
					t.Fatal(err)
				}
				checked++
				if math.Abs(cell.Diff-100*test.Diff) > 1e-9 || cell.Paired != len(a) {
					t.Errorf("%s, %s, %s: %+v, want %+v", part.Set, row.Name, c.Columns[i], cell, test)
				}
				if few := test.TooFew != ""; few != math.IsNaN(cell.P) || !few && (math.Abs(cell.P-test.P) > 1e-9 || math.Abs(cell.DiffLow-100*test.Low) > 1e-9 || math.Abs(cell.DiffHigh-100*test.High) > 1e-9) {
					t.Errorf("%s, %s, %s: %+v, want %+v", part.Set, row.Name, c.Columns[i], cell, test)
				}
			}
		}
	}
	if checked != 8 {
		t.Errorf("%d tests checked, want those of two runs and four manipulations", checked)
	}
}

func TestOverSeeds(t *testing.T) {
	three := []Run{made("a", 5, 1, nil), made("b", 1, 1, func(s *spec.Spec) { s.Loss.Lambda = 7 }), made("a", 2, 1, nil), made("a", 9, 1, nil)}
	three[3].Sets = three[3].Sets[:1]
	c := compare(t, three, Options{OverSeeds: true})
	singles := compare(t, three, Options{})
	if len(c.Parts[0].Rows) != 2 || len(singles.Parts[0].Rows) != 4 {
		t.Fatalf("%d and %d rows, want 2 and 4", len(c.Parts[0].Rows), len(singles.Parts[0].Rows))
	}
	row := c.Parts[0].Rows[0]
	if !slices.Equal(row.Seeds, []uint64{5, 2, 9}) {
		t.Errorf("seeds %v", row.Seeds)
	}
	for i, column := range c.Columns {
		var aucs []float64
		for _, j := range []int{0, 2, 3} {
			if auc := singles.Parts[0].Rows[j].Cells[i].AUC; !math.IsNaN(auc) {
				aucs = append(aucs, auc)
			}
		}
		mean, variance := 0.0, 0.0
		for _, auc := range aucs {
			mean += auc / float64(len(aucs))
		}
		for _, auc := range aucs {
			variance += (auc - mean) * (auc - mean) / float64(len(aucs)-1)
		}
		got := row.Cells[i]
		want, _, err := evaluation.Mean([]evaluation.Set{*three[0].set(column), *three[2].set(column), *cmp.Or(three[3].set(column), three[0].set(column))}[:len(aucs)], evaluation.All)
		if err != nil {
			t.Fatal(err)
		}
		if want.TooFew == "" && (got.Low != 100*want.Low || got.High != 100*want.High) || want.TooFew != "" && !math.IsNaN(got.Low) || got.NReal != want.Reals || got.RealPeople != want.RealPeople {
			t.Errorf("%s: %+v, want %+v", column, got, want)
		}
		if math.Abs(got.AUC-mean) > 1e-9 || math.Abs(got.SD-math.Sqrt(variance)) > 1e-9 || got.Seeds != len(aucs) {
			t.Errorf("%s: %+v, want %v ± %v of %v", column, got, mean, math.Sqrt(variance), aucs)
		}
		if wantNote := len(aucs) < 3; wantNote != slices.Contains(got.Notes, "2 of 3 seeds") {
			t.Errorf("%s: notes %q", column, got.Notes)
		}
	}
}

func TestNames(t *testing.T) {
	three := []Run{
		made("a", 1, 1, func(s *spec.Spec) { s.Loss.Lambda = 0.5 }), made("a", 1, 1, func(s *spec.Spec) { s.Loss.Lambda = 2 }),
		made("a", 2, 1, func(s *spec.Spec) { s.Loss.Lambda = 2 }), made("b", 1, 1, nil),
	}
	three[3].Label = "mine"
	rows := compare(t, three, Options{}).Parts[0].Rows
	for i, want := range []string{"a, loss.lambda=0.5", "a, loss.lambda=2", "a, loss.lambda=2", "mine"} {
		if rows[i].Name != want {
			t.Errorf("row %d is %q, want %q", i, rows[i].Name, want)
		}
	}
	if three[0].Label != "" {
		t.Error("Compare changed the runs of its caller")
	}
}

func TestMarks(t *testing.T) {
	all := runs()
	whole := made("whole", 1, 1, nil)
	whole.Sets[1] = videos("Celeb-DF v2", 1, 340, 1, "Celeb-synthesis")
	whole.Sets = append(whole.Sets, videos("mine", 1, 12, 1, "swap"))
	whole.Record.Tests = append(whole.Record.Tests, store.Test{Dataset: "mine", Method: "all", Level: "video", Partial: true})
	few := made("few", 1, 1, nil)
	few.Sets[1].Videos = few.Sets[1].Videos[8:]
	all = append(all, whole, few)
	table := compare(t, all, Options{})
	rows := table.Parts[0].Rows
	has := func(row int, column string, want string) bool {
		i := slices.Index(table.Columns, column)
		return strings.Contains(strings.Join(rows[row].Cells[i].Notes, "; "), want)
	}
	for _, c := range []struct {
		row          int
		column, note string
		want         bool
	}{
		{0, "Celeb-DF v2", "a part of the test set: 12 of 178 real and 12 of 340 fake videos", true},
		{0, "FF++ c40", "a part of the test set: 9 of 140 real and 36 of 560 fake videos", true},
		{0, "FF++ c40", "synthetic", false},
		{0, "Celeb-DF v2", "other faces", false},
		{0, "Celeb-DF v2", "too few", false},
		{0, "FF++ c40", "too few", false},
		{4, "Celeb-DF v2", "no interval: too few people: 4 real, 12 fake, want 5 each", true},
		{1, "Celeb-DF v2", "tested on other faces", true},
		{1, "FF++ c40", "tested on other faces", false},
		{2, "FF++ c40", "synthetic", true},
		{2, "synthetic", "synthetic", true},
		{2, "synthetic", "a part", false},
		{3, "Celeb-DF v2", "not the test set: 340 real and 340 fake videos, where it has 178 and 340", true},
		{3, "mine", "a part of the test set", true},
	} {
		if has(c.row, c.column, c.note) != c.want {
			t.Errorf("row %d, %s: note %q is %v, want %v", c.row, c.column, c.note, !c.want, c.want)
		}
	}
	if got := rows[1].Notes; len(got) != 1 || !strings.HasPrefix(got[0], "2 images") {
		t.Errorf("notes %q of a run that skipped two images", got)
	}
	if title := table.Title; !strings.HasSuffix(title, "(synthetic faces)") {
		t.Errorf("title %q", title)
	}
	if title := compare(t, all[:2], Options{}).Title; strings.Contains(title, "synthetic") {
		t.Errorf("title %q of photographs", title)
	}
}

// Published rows are whole, each there once and with a source for every figure: those of a system that was measured right above its
// rows, the others at the foot. No measured row has anything of them.
func TestPublishedBeside(t *testing.T) {
	paper, err := results.Published()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{CrossDataset, CrossManipulation} {
		published, err := paper.Table(name)
		if err != nil {
			t.Fatal(err)
		}
		all := runs()[:2]
		all[1].Spec.Method = "sbi"
		c := compare(t, all, Options{Columns: name, Paper: name})
		if foot := c.Parts[len(c.Parts)-1]; !strings.HasPrefix(foot.Title, "Published, not measured here") {
			t.Fatalf("last section %q", foot.Title)
		}
		var found []string
		for _, part := range c.Parts {
			for i, row := range part.Rows {
				if !row.Published {
					for _, cell := range row.Cells {
						if cell.Source != "" || !math.IsNaN(cell.Accuracy) || row.Protocol != (results.Protocol{}) {
							t.Errorf("measured row %s has a source, an accuracy or a protocol", row.Name)
						}
					}
					continue
				}
				at := slices.IndexFunc(published.Rows, func(r results.Row) bool { return "published: "+r.Method == strings.TrimSuffix(row.Name, " *") })
				if at < 0 {
					t.Fatalf("row %s is in no source", row.Name)
				}
				want := published.Rows[at]
				found = append(found, want.Method)
				for _, system := range []string{"seeable", "sbi"} {
					if of := slices.Contains(want.Lab, system); of && !strings.HasPrefix(part.Title, "Measured here") {
						t.Errorf("%s stands in %q, want above the measured row", row.Name, part.Title)
					} else if of {
						below := slices.IndexFunc(part.Rows[i:], func(r Row) bool { return !r.Published })
						if below < 0 || part.Rows[i+below].method != system {
							t.Errorf("%s does not stand above the row of %s", row.Name, system)
						}
					}
				}
				checkPublished(t, c.Columns, row, want)
			}
		}
		slices.Sort(found)
		if len(found) != len(published.Rows) || len(slices.Compact(found)) != len(published.Rows) {
			t.Errorf("%s: published rows %q, want each of %d once", name, found, len(published.Rows))
		}
	}
	// The average of a measured row is over the published columns, if it has all of them.
	c := compare(t, runs()[:1], Options{Columns: CrossManipulation, Paper: CrossManipulation})
	row, sum := lastRow(c.Parts[0]), 0.0
	for _, cell := range row.Cells[:4] {
		sum += cell.AUC
	}
	if got := row.Cells[4].AUC; c.Columns[4] != results.Average || math.Abs(got-sum/4) > 1e-9 {
		t.Errorf("average %v, want %v", got, sum/4)
	}
	c = compare(t, runs()[:1], Options{Paper: CrossDataset})
	if got := lastRow(c.Parts[0]).Cells[len(c.Columns)-1].AUC; !math.IsNaN(got) {
		t.Errorf("average %v of a row that was not tested on DFDC", got)
	}
}

func lastRow(p Part) Row { return p.Rows[len(p.Rows)-1] }

// checkPublished compares a row with its source.
func checkPublished(t *testing.T, columns []string, row Row, source results.Row) {
	t.Helper()
	figures := 0
	for j, cell := range row.Cells {
		at := slices.IndexFunc(source.Cells, func(p results.Cell) bool { return p.Column == columns[j] })
		if at < 0 {
			if !math.IsNaN(cell.AUC) || !math.IsNaN(cell.Accuracy) {
				t.Errorf("%s, %s: %+v of no figure", row.Name, columns[j], cell)
			}
			continue
		}
		figures++
		want := source.Cells[at]
		got, other := cell.AUC, cell.Accuracy
		if want.Accuracy > 0 {
			got, other = other, got
		}
		if got != want.AUC+want.Accuracy || !math.IsNaN(other) || cell.Source == "" || cell.Seeds != 0 {
			t.Errorf("%s, %s: %+v, want %+v", row.Name, columns[j], cell, want)
		}
	}
	if row.Protocol != source.Protocol {
		t.Errorf("%s: protocol %+v, want %+v", row.Name, row.Protocol, source.Protocol)
	}
	if figures != len(source.Cells) {
		t.Errorf("%s: %d figures, want %d", row.Name, figures, len(source.Cells))
	}
}

// Every form says of every published row how it was measured, and of an accuracy that it is none of the AUCs.
func TestProtocolIsShown(t *testing.T) {
	c := compare(t, runs()[:1], Options{Columns: CrossManipulation, Paper: CrossManipulation})
	var rows []Row
	for _, part := range c.Parts {
		for _, row := range part.Rows {
			if row.Published {
				rows = append(rows, row)
			}
		}
	}
	for form, text := range map[string]string{"text": c.Text(), "Markdown": c.Markdown(), "LaTeX": c.LaTeX(), "HTML": c.HTML()} {
		for _, line := range []string{"trained on: ", "compression: ", "; frames: ", "; level: ", "measured by: ", "; chosen on test: "} {
			if n := strings.Count(text, line); n != len(rows) {
				t.Errorf("%s has %q %d times, want it of %d rows", form, line, n, len(rows))
			}
		}
		if n := len(regexp.MustCompile(`acc \d`).FindAllString(text, -1)); n != 10 || !strings.Contains(text, "acc: an accuracy") {
			t.Errorf("%s has %d accuracies, want the 10 of OC-FakeDect, and what acc means", form, n)
		}
	}
	lines, err := csv.NewReader(strings.NewReader(c.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(lines[0], name) }
	accuracies := 0
	for _, line := range lines[1:] {
		for _, name := range []string{"trained_on", "compression", "frames", "level", "measured_by", "chosen_on_test"} {
			if (line[at(name)] != "") != (line[0] == "published") {
				t.Errorf("%s is %q in %q", name, line[at(name)], line)
			}
		}
		if (line[at("auc")] == "") == (line[at("accuracy")] == "") {
			t.Errorf("%q has not one of an AUC and an accuracy", line)
		}
		if line[at("accuracy")] != "" {
			accuracies++
		}
	}
	if accuracies != 10 {
		t.Errorf("%d accuracies in the CSV, want 10", accuracies)
	}
}

func TestOtherVersionsAreRefused(t *testing.T) {
	all := runs()
	all[1].Record.Versions = map[string]string{"metric": "0"}
	_, err := Compare(all, Options{})
	if err == nil || !strings.Contains(err.Error(), all[1].Record.Run+" was measured with version 0") {
		t.Errorf("error %v of a mix of versions", err)
	}
	if _, err := Compare(all[:1], Options{Against: &all[1]}); err == nil || !strings.Contains(err.Error(), "version 0") {
		t.Errorf("error %v of a test against another version", err)
	}
	compare(t, all, Options{Remeasured: true})
	// Before the version was recorded it was 1.
	all[1].Record.Versions = nil
	if _, err := Compare(all, Options{}); (err == nil) != (metric.Version == "1") {
		t.Errorf("error %v of a run without a version", err)
	}
}

// What moves figures and is in no label is a note of the row that differs from the first, or of the cell.
func TestConditionsAreNamed(t *testing.T) {
	base := func(name string) Run {
		r := made(name, 1, 1, nil)
		r.Record.Versions = map[string]string{"metric": metric.Version, "numerics": "0.6.0", "training": "0.5.0", "backend": "XLA CPU, PJRT 0.115, oneDNN 3.2.0, 2 threads", "plugin": "p.so, SHA-256 1a"}
		r.Spec.Data.Train = []string{"real/a"}
		r.Record.Train.Made = map[string]store.Faces{"real/a": {Frames: 8, Margin: 0.5, Side: 448}}
		r.Record.Faces = map[string]store.Faces{"FF++ c40": {Frames: 32, Margin: 0.5, Side: 448, Cutting: 1, Detector: "d-1", Landmarks: "l-1"}}
		return r
	}
	first := base("first")
	for what, c := range map[string]struct {
		change func(*Run)
		row    string // note of the row; "" for none
		cell   string // note of the cell of FF++ c40
	}{
		"nothing":           {change: func(r *Run) {}},
		"threads":           {change: func(r *Run) { r.Record.Versions["backend"] = "XLA CPU, PJRT 0.115, oneDNN 3.2.0, 16 threads" }},
		"numerics":          {change: func(r *Run) { r.Record.Versions["numerics"] = "0.5.0" }, row: "numerics 0.5.0, the first row has 0.6.0"},
		"training":          {change: func(r *Run) { r.Record.Versions["training"] = "0.4.0" }, row: "training 0.4.0, the first row has 0.5.0"},
		"release as it was": {change: func(r *Run) { delete(r.Record.Versions, "numerics"); r.Record.Versions["seelab"] = "0.4.0" }, row: "numerics 0.4.0, the first row has 0.6.0"},
		"without oneDNN": {change: func(r *Run) { r.Record.Versions["backend"] = "XLA CPU, PJRT 0.115, 2 threads" },
			row: "backend XLA CPU, PJRT 0.115, the first row has XLA CPU, PJRT 0.115, oneDNN 3.2.0"},
		"plugin":         {change: func(r *Run) { r.Record.Versions["plugin"] = "p.so, SHA-256 2b" }, row: "plugin p.so, SHA-256 2b, the first row has p.so, SHA-256 1a"},
		"unknown plugin": {change: func(r *Run) { delete(r.Record.Versions, "plugin") }},
		"bfloat16":       {change: func(r *Run) { r.Spec.Encoder.Precision = "bfloat16" }, row: "maps of bfloat16, the first row has float32"},
		"landmarks":      {change: func(r *Run) { r.Spec.Data.Landmarks = "detect" }, row: "landmarks of data.landmarks = detect, the first row has set"},
		"training faces": {change: func(r *Run) {
			r.Record.Train.Made = map[string]store.Faces{"real/a": {Frames: 4, Margin: 0.5, Side: 448}}
		},
			row: "training faces real/a: 4 frames of a video, margin 0.5, side 448, cutting 0, the first row has real/a: 8 frames"},
		"frames":   {change: func(r *Run) { cutOtherwise(r, func(f *store.Faces) { f.Frames = 16 }) }, cell: "16 frames of a video, not 32 frames of a video"},
		"margin":   {change: func(r *Run) { cutOtherwise(r, func(f *store.Faces) { f.Margin = 0.25 }) }, cell: "margin 0.25, not margin 0.5"},
		"side":     {change: func(r *Run) { cutOtherwise(r, func(f *store.Faces) { f.Side = 224 }) }, cell: "side 224, not side 448"},
		"detector": {change: func(r *Run) { cutOtherwise(r, func(f *store.Faces) { f.Detector = "d-2" }) }, cell: "detector d-2, not detector d-1"},
	} {
		second := base("second")
		c.change(&second)
		table := compare(t, []Run{first, second}, Options{Against: &first})
		at := slices.Index(table.Columns, "FF++ c40")
		for i, row := range table.Parts[0].Rows {
			wantRow, wantCell := "", ""
			if i == 1 {
				wantRow, wantCell = c.row, c.cell
			}
			notes := strings.Join(row.Notes, "\n")
			if wantRow == "" && notes != "" || !strings.Contains(notes, wantRow) {
				t.Errorf("%s: row %d has the notes %q, want %q", what, i, notes, wantRow)
			}
			found := slices.ContainsFunc(row.Cells[at].Notes, func(note string) bool {
				return strings.HasPrefix(note, "faces of FF++ c40 as the first row has not: ") && (wantCell == "" || strings.HasSuffix(note, wantCell))
			})
			if found != (wantCell != "") {
				t.Errorf("%s: the cell of row %d has the notes %q, want %q", what, i, row.Cells[at].Notes, wantCell)
			}
		}
		if c.row != "" && !strings.Contains(table.Markdown(), markup.Replace(c.row)) {
			t.Errorf("%s: the table does not show %q", what, c.row)
		}
		// Against a run that is no row, too.
		notes := strings.Join(compare(t, []Run{first}, Options{Against: &second}).Notes, "\n")
		if !strings.Contains(notes, c.row) || !strings.Contains(notes, c.cell) || c.row+c.cell == "" && strings.Contains(notes, "against which rows are tested") {
			t.Errorf("%s: against a run that differs the notes are %q, want %q", what, notes, c.row)
		}
	}
}

func cutOtherwise(r *Run, change func(*store.Faces)) {
	f := r.Record.Faces["FF++ c40"]
	change(&f)
	r.Record.Faces["FF++ c40"] = f
}

func TestCompareErrors(t *testing.T) {
	all := runs()
	noFakes := made("a", 1, 1, nil)
	noFakes.Sets = []evaluation.Set{videos("DFDC", 1, 3, 0)}
	relabelled := made("a", 1, 1, nil)
	relabelled.Sets[1].Videos[2].Fake = true
	for name, c := range map[string]struct {
		runs []Run
		o    Options
		want string
	}{
		"nothing":       {nil, Options{}, "nothing to show"},
		"columns":       {all, Options{Columns: "frames"}, `"frames"`},
		"other paper":   {all, Options{Columns: CrossDataset, Paper: CrossManipulation}, "the same of both"},
		"seeds and p":   {all, Options{OverSeeds: true, Against: &all[0]}, "exclude each other"},
		"manipulations": {[]Run{noFakes}, Options{Columns: CrossManipulation}, "several manipulations"},
		"labels":        {all, Options{Against: &relabelled}, "test sets differ"},
	} {
		if _, err := Compare(c.runs, c.o); err == nil || !strings.HasPrefix(err.Error(), "table: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	cell := compare(t, []Run{noFakes}, Options{}).Parts[0].Rows[0].Cells[0]
	if !math.IsNaN(cell.AUC) || !strings.Contains(strings.Join(cell.Notes, ""), "no figure: only real videos") {
		t.Errorf("real videos alone: %+v", cell)
	}
}

// The same runs give the same bytes, however many cores there are.
func TestBytesAreTheSame(t *testing.T) {
	print := func() string {
		all := runs()
		c := compare(t, all, Options{Paper: CrossDataset, Against: &all[0]})
		return c.Text() + c.Markdown() + c.LaTeX() + c.HTML() + c.CSV()
	}
	want := print()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if got := print(); got != want {
		t.Error("one core gives other bytes than several")
	}
}

func TestComparisonCSVReadsBack(t *testing.T) {
	c := compare(t, runs(), Options{Paper: CrossDataset})
	rows, err := csv.NewReader(strings.NewReader(c.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, part := range c.Parts {
		for _, row := range part.Rows {
			for i, cell := range row.Cells {
				if math.IsNaN(cell.AUC) {
					continue
				}
				got := rows[n]
				n++
				auc, err := strconv.ParseFloat(got[6], 64)
				if err != nil || math.Abs(auc-cell.AUC) > 1e-3 || got[1] != row.Name || got[5] != c.Columns[i] || (got[0] == "published") != row.Published {
					t.Errorf("line %d is %q, want %s, %s: %v", n, got, row.Name, c.Columns[i], cell.AUC)
				}
			}
		}
	}
	if n != len(rows) {
		t.Errorf("%d lines for %d figures", len(rows), n)
	}
}

// No text from outside becomes markup.
func TestHTMLIsEscaped(t *testing.T) {
	text := compare(t, runs(), Options{}).HTML()
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(text, -1) {
		if name := strings.Trim(strings.Fields(tag)[0], "</>"); !slices.Contains([]string{"table", "caption", "thead", "tbody", "tr", "th", "td", "br", "ul", "li"}, name) {
			t.Errorf("tag %s in %s", tag, text)
		}
	}
	if !strings.Contains(text, "&lt;b&gt;") {
		t.Error("the name <b> is not there")
	}
}

func TestLetters(t *testing.T) {
	for i, want := range map[int]string{0: "a", 25: "z", 26: "aa", 51: "az", 52: "ba", 701: "zz", 702: "aaa"} {
		if got := letter(i); got != want {
			t.Errorf("letter(%d) is %q, want %q", i, got, want)
		}
	}
}

// LaTeX must set the table whatever the names hold: every ASCII sign, the letters that it knows, and others.
func TestLaTeXCompiles(t *testing.T) {
	program, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("no pdflatex to compile with: Debian has it in texlive-latex-base, and booktabs in texlive-latex-recommended")
	}
	var ascii strings.Builder
	for r := rune(0); r < 0x80; r++ {
		ascii.WriteRune(r)
	}
	all := runs()
	strange := made(ascii.String()+texLetters+"\U0001F600 \u202e éµΩ −×≥", 1, 1, nil)
	strange.Sets[1].Name = "[set] *" + ascii.String()
	marked := Tests(madeRecord())
	marked.Mark = make([]bool, len(marked.Rows))
	marked.Mark[0] = true
	var b strings.Builder
	b.WriteString("\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n")
	for _, text := range []string{
		compare(t, append(all, strange), Options{Paper: CrossDataset, Against: &all[0]}).LaTeX(),
		compare(t, append(all, strange), Options{Columns: CrossManipulation, Paper: CrossManipulation}).LaTeX(),
		marked.LaTeX(),
		Table{Title: "[*]", Header: []string{"[a]", "*b"}, Right: []bool{false, true}, Rows: [][]string{{"*", "[1]"}, {"[x]", ""}, {"", "?`!`--''"}}}.LaTeX(),
	} {
		b.WriteString(text + "\\clearpage\n")
	}
	b.WriteString("\\end{document}\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "table.tex"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "table.tex")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out[max(0, len(out)-2000):])
	}
	if info, err := os.Stat(filepath.Join(dir, "table.pdf")); err != nil || info.Size() < 1000 {
		t.Errorf("no PDF came out: %v", err)
	}
}

// What stands in for a sign must be read as that sign.
func TestTeX(t *testing.T) {
	for text, want := range map[string]string{
		"FF++ c40":      "FF++ c40",
		"50 % & a_b":    `50 \% \& a\_b`,
		`\cmd{x}$#^~`:   `\textbackslash{}cmd\{x\}{\upshape\char36}\#\textasciicircum{}\textasciitilde{}`,
		"a--b ''c''":    "a-{}-b '{}'c'{}'",
		"[59.1] [2]":    "{[}59.1] [2]",
		"–  75 ± 2":     `--  75 $\pm$ 2`,
		"größe 中\n":     `größe \seelabsign{中}{{[}U+4E2D]} `,
		`<b>|"` + "?`":  `\textless{}b\textgreater{}\textbar{}{''}?{}` + "`{}",
		"\x1b[31m \x7f": ` [31m  `,
	} {
		if got := tex(text); got != want {
			t.Errorf("tex(%q) is %q, want %q", text, got, want)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	all := runs()
	for b.Loop() {
		if _, err := Compare(all, Options{Columns: CrossManipulation}); err != nil {
			b.Fatal(err)
		}
	}
}
