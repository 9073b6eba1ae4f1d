package table

import (
	"encoding/csv"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seeable-lab/seeable/lab/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

// record is made up: an order that has to change, names that have to be escaped, a figure that does not exist.
func madeRecord() store.Record {
	return store.Record{
		Name: "mini_2|x", Score: "calibrated",
		Selection: []store.Selection{
			{Score: "figure", AUC: 0.5, Low: 0.4004, High: 0.59951, Cells: []float64{0.4, 0.6}},
			{Score: "calibrated", AUC: 0.625, Low: 0.55, High: 0.7, Cells: []float64{0.6, 0.65}},
		},
		Choice: &store.Choice{On: []string{"selfblend/none", "poisson/low"}, NReal: 128, NFake: 256, People: 31},
		Pseudo: []store.Pseudo{
			{On: "all", AUC: 0.6, Low: 0.54, High: 0.6551, NReal: 120, NFake: 240, People: 28},
			{On: "selfblend/none", AUC: 0.65, Low: 0.58, High: 0.72, NReal: 60, NFake: 120, People: 27},
			{On: "poisson/<b>", AUC: 0.55, Low: 0.47, High: 0.62, NReal: 60, NFake: 120, People: 28},
		},
		Tests: []store.Test{
			{Dataset: "FF++ c40", Method: "NeuralTextures", Level: "video", AUC: 0.4996, Low: 0.25, High: 0.75, NReal: 4, NFake: 4, Coverage: 1},
			{Dataset: "FF++ c40", Method: "all", Level: "frame", AUC: 0.61, Low: 0.6, High: 0.62, NReal: 40, NFake: 160, RealPeople: 12, FakePeople: 14, Coverage: 0.995},
			{Dataset: "FF++ c40", Method: "all", Level: "video", AUC: 0.6125, Low: 0.5, High: 0.7251, NReal: 4, NFake: 16, Coverage: 0.95},
			store.Test{Dataset: "FF++ c40", Method: "Deepfakes", Level: "video", AUC: 1, NReal: 4, NFake: 5, RealPeople: 4, FakePeople: 5, Coverage: 1}.WithoutInterval("too few people: 4 real, 5 fake, want 5 each"),
			{Dataset: "<b>*DFDC*</b>", Method: "a|b\nc", Level: "video", AUC: math.NaN(), Low: math.NaN(), High: math.NaN(), NReal: 3},
		},
	}
}

func TestGolden(t *testing.T) {
	drawn := madeRecord()
	drawn.Synthetic, drawn.Train.Synthetic = true, true
	drawn.Tests[0].Synthetic = true
	for name, text := range map[string]string{
		"tests.md": Tests(madeRecord()).Markdown(), "tests.csv": Tests(madeRecord()).CSV(), "tests.txt": Tests(madeRecord()).Text(),
		"synthetic.md": Tests(drawn).Markdown(), "selection.md": Selection(madeRecord()).Markdown(), "selection.txt": Selection(drawn).Text(),
		"pseudo.md": Pseudo(madeRecord()).Markdown(), "pseudo.txt": Pseudo(drawn).Text(),
	} {
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
			t.Errorf("%s:\n%swant:\n%s", name, text, want)
		}
	}
}

func TestOrderOfTestsDoesNotMatter(t *testing.T) {
	r := madeRecord()
	want := Tests(r)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(r.Tests), func(i, j int) { r.Tests[i], r.Tests[j] = r.Tests[j], r.Tests[i] })
		first := r.Tests[0].NFake
		if got := Tests(r); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got.Rows, want.Rows)
		}
		if r.Tests[0].NFake != first {
			t.Fatal("Tests sorted the record of its caller")
		}
	}
}

func TestPartialSetsAreMarked(t *testing.T) {
	r := madeRecord()
	for i := range r.Tests {
		r.Tests[i].Partial = r.Tests[i].Dataset == "FF++ c40"
	}
	for _, row := range Tests(r).Rows {
		if marked := strings.Contains(row[len(row)-1], "partial"); marked != (row[0] == "FF++ c40") {
			t.Errorf("partial: %v in %v", marked, row)
		}
	}
}

func TestRowsWithoutFigure(t *testing.T) {
	r := madeRecord()
	for i, test := range r.Tests {
		if test.Dataset == "FF++ c40" {
			r.Tests[i] = test.WithoutFigure("only real " + test.Level + "s")
		}
	}
	for _, row := range Tests(r).Rows {
		lost := row[0] == "FF++ c40"
		if lost && row[3] != none || strings.HasSuffix(row[len(row)-1], "; no figure: only real "+row[2]+"s") != lost {
			t.Errorf("%q", row)
		}
	}
}

func TestSyntheticIsInEveryRow(t *testing.T) {
	r := madeRecord()
	r.Train.Synthetic = true
	for _, table := range []Table{Tests(r), Selection(r), Pseudo(r)} {
		if !strings.Contains(table.Title, "synthetic") {
			t.Errorf("title %q does not say synthetic", table.Title)
		}
		for _, row := range table.Rows {
			if !strings.Contains(strings.Join(row, " "), "synthetic") {
				t.Errorf("row %q does not say synthetic", row)
			}
		}
	}
	if title := Tests(madeRecord()).Title; strings.Contains(title, "synthetic") {
		t.Errorf("title %q of photographs says synthetic", title)
	}
}

func TestCSVReadsBack(t *testing.T) {
	table := Tests(madeRecord())
	rows, err := csv.NewReader(strings.NewReader(table.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if rows[0][3] != "AUC" || rows[1][0] != "<b>*DFDC*</b>" || rows[1][3] != "" {
		t.Errorf("got %q and %q, want a column AUC and no value for the first row", rows[0], rows[1])
	}
	want := table.Rows[1:]
	for _, row := range want {
		for i, cell := range row {
			if cell == none || cell == tooFew {
				row[i] = ""
			}
		}
	}
	if len(want) != 4 || want[1][4] != "" {
		t.Errorf("rows %q, want one without an interval", want)
	}
	if !reflect.DeepEqual(rows[2:], want) {
		t.Errorf("got %q, want %q", rows[2:], want)
	}
}

// Columns of the terminal's table start at the same place in every line; they are at least two spaces apart.
func TestTextIsAligned(t *testing.T) {
	r := madeRecord()
	r.Tests[0].Dataset = "Größe äöü\x1b[31m"
	lines := strings.Split(strings.TrimSpace(Tests(r).Text()), "\n")[2:]
	rule := lines[1]
	for _, line := range lines {
		cells := []rune(line)
		for i, sign := range rule {
			if sign == ' ' && i < len(cells) && cells[i] != ' ' {
				t.Errorf("line %q runs over its column at %d", line, i)
			}
		}
		if strings.ContainsRune(line, 0x1b) {
			t.Errorf("line %q has a terminal escape", line)
		}
		if n := utf8.RuneCountInString(line); n > utf8.RuneCountInString(rule) {
			t.Errorf("line %q is longer than its rule", line)
		}
	}
}
