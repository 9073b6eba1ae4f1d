package table

import (
	"encoding/csv"
	"math"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/store"
)

// withRivals gives a run a weak rival and one that is far better on one set; of drawn faces the size is not known.
func withRivals(r Run) Run {
	weak := evaluation.Rival{Name: "rival_brightness"}
	strong := evaluation.Rival{Name: "rival_sharpness"}
	for _, s := range r.Sets {
		manipulations := s.Manipulations()
		n, _ := s.Count(evaluation.All)
		weak.Sets = append(weak.Sets, videos(s.Name, 77, n, -2, manipulations...))
		shift := 0.
		if s.Name == "Celeb-DF v2" {
			shift = 9
		}
		strong.Sets = append(strong.Sets, videos(s.Name, 78, n, shift, manipulations...))
	}
	none := videos(r.Sets[0].Name, 1, 9, 0, r.Sets[0].Manipulations()...)
	for i := range none.Videos {
		none.Videos[i].Scored, none.Videos[i].Score = 0, math.NaN()
	}
	r.Rivals = []evaluation.Rival{strong, weak, {Name: "rival_size", Sets: []evaluation.Set{none}}}
	return r
}

// measuredRows are those of the first section that were measured.
func measuredRows(c *Comparison) (rows []Row) {
	for _, row := range c.Parts[0].Rows {
		if !row.Published {
			rows = append(rows, row)
		}
	}
	return rows
}

func TestRivalsInComparisons(t *testing.T) {
	run := made("seeable", 1, 3, nil)
	run.Sets[0] = videos("FF++ c40", 1, 20, 3, "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
	run = withRivals(run)
	old := made("old", 2, 3, nil) // has no rivals
	c := compare(t, []Run{old, run}, Options{Paper: CrossDataset})
	if len(c.Parts) != 3 || !c.Parts[1].Rivals || c.Parts[1].Rows[0].Published || !c.Parts[2].Rows[0].Published {
		t.Fatalf("%+v; want the measured rows, the rivals, the published rows", c.Parts)
	}
	part := c.Parts[1]
	if len(part.Rows) != 2 || part.Rows[0].Name != "sharpness" || part.Rows[1].Name != "brightness" {
		t.Fatalf("%+v, want sharpness and brightness: of the size nothing is known", part.Rows)
	}
	for i, column := range c.Columns {
		cell, measured := part.Rows[0].Cells[i], measuredRows(c)[1].Cells[i]
		s := run.set(column)
		if s == nil {
			if !math.IsNaN(cell.AUC) {
				t.Errorf("%s: %+v of a set that is not there", column, cell)
			}
			continue
		}
		want, err := run.Rivals[0].Sets[place(run, column)].Test(evaluation.All)
		if err != nil || cell.AUC != 100*want.AUC || want.NoInterval != "" || cell.Low != 100*want.Low || cell.NReal != want.NReal || cell.NFake != want.NFake {
			t.Errorf("%s: %+v, want %+v, error %v", column, cell, want, err)
		}
		note := strings.Join(measured.Notes, "; ")
		if beaten := column != "Celeb-DF v2"; strings.Contains(note, "not shown to beat sharpness") == beaten || strings.Contains(note, "brightness") {
			t.Errorf("%s: notes %q", column, note)
		}
		if notes := strings.Join(measuredRows(c)[0].Cells[i].Notes, "; "); strings.Contains(notes, "not shown to beat") {
			t.Errorf("a run without rivals has %q", notes)
		}
	}
	if text := c.Text(); !strings.Contains(text, rivalsTitle) || strings.Count(text, rivalsNote) != 1 {
		t.Error(text)
	}
	rows, err := csv.NewReader(strings.NewReader(c.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, row := range rows {
		if row[0] == "rival" {
			found++
		}
	}
	if found != 4 {
		t.Errorf("%d rows of rivals in the CSV, want those of two rivals on two sets", found)
	}

	// Manipulations have rivals of their own.
	m := compare(t, []Run{run}, Options{Columns: CrossManipulation})
	if len(m.Parts) != 2 || m.Parts[1].Set != "FF++ c40" || m.Parts[1].Title != "Trivial rivals on FF++ c40" {
		t.Fatalf("%+v", m.Parts)
	}
	for i, kind := range m.Columns {
		want, err := run.Rivals[1].Sets[0].Test(kind)
		if got := m.Parts[1].Rows[1].Cells[i]; err != nil || got.AUC != 100*want.AUC {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
	}
	if c := compare(t, []Run{old}, Options{}); len(c.Parts) != 1 || strings.Contains(c.Text(), "rival") {
		t.Errorf("without rivals: %s", c.Text())
	}
}

// place is the place of a set among those of a run.
func place(r Run, set string) int {
	for i, s := range r.Sets {
		if s.Name == set {
			return i
		}
	}
	return -1
}

func TestRivalsOfARun(t *testing.T) {
	at := func(x float64) *float64 { return &x }
	test := store.Test{Dataset: "DFDC", Method: "all", Level: "video", AUC: 0.7, Low: 0.6, High: 0.8, NReal: 50, NFake: 60, Coverage: 1}
	frames := test
	frames.Level = "frame"
	r := store.Record{Name: "x", Score: "cosine", Tests: []store.Test{frames, test}, Rivals: []store.Rival{
		{Name: "rival_sharpness", Dataset: "DFDC", Method: "all", AUC: 0.65, Low: at(0.61), High: at(0.69), NReal: 49, NFake: 58, RealPeople: 40, FakePeople: 38, Difference: &store.Difference{Value: 0.05, Low: 0, High: 0.1}},
		{Name: "rival_brightness", Dataset: "DFDC", Method: "all", AUC: 0.5, Low: at(0.45), High: at(0.55), NReal: 49, NFake: 58, RealPeople: 40, FakePeople: 38, Difference: &store.Difference{Value: 0.2, Low: 0.1, High: 0.3}},
		{Name: "rival_size", Dataset: "DFDC", Method: "all", AUC: 0.8, NReal: 3, NFake: 4, RealPeople: 3, FakePeople: 4, NoInterval: "too few people: 3 and 4"},
		{Name: "rival_size", Dataset: "DFDC", Method: "swap", AUC: 0.9, NReal: 3, NFake: 4},
	}}
	table := Tests(r)
	text := table.Text()
	for _, want := range []string{
		"photographs; not shown to beat sharpness, file size\n", // the interval ends at 0; there is none
		"sharpness, DFDC   all     video  0.650    0.610  0.690    49    58   40/38         –  difference +0.050 [+0.000, +0.100]\n",
		"file size, DFDC   all     video  0.800  too few      –     3     4     3/4         –  no interval of the difference\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if len(table.Rows) != 5 || strings.Count(text, "not shown to beat") != 1 {
		t.Errorf("%s\nwant two rows and three rivals", text)
	}
	r.Rivals[0].Difference = &store.Difference{Value: -0.1, Low: -0.2, High: -0.01}
	if text := Tests(r).Text(); !strings.Contains(text, "difference −0.100 [−0.200, −0.010]") || !strings.Contains(text, "beat sharpness") {
		t.Error(text)
	}
}
