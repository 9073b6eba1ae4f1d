package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

var update = flag.Bool("update", false, "write the golden file anew")

const repository = "../../.."

// Every figure that is shown is what the records say, and stale where they are: what is committed is what is rendered.
func TestCommittedIsRendered(t *testing.T) {
	pages, err := render(repository)
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]int{}
	for _, p := range pages {
		blocks[p.path] = p.blocks
		if p.text != p.was {
			t.Errorf("%s is not what the records say: run go run ./lab/cmd/render; %s", p.path, firstDifference(p.was, p.text))
		}
	}
	// What would show no figures would pass for nothing.
	for _, path := range []string{"README.md", "results/README.md", "results/ablations.md", "results/published.md",
		"experiments/seeable-mini.toml", "experiments/seeable-plus-mini.toml", "experiments/seeable-small.toml", "experiments/sbi-mini.toml"} {
		if blocks[path] == 0 {
			t.Errorf("%s has no figures", path)
		}
	}
	for _, p := range pages {
		if strings.HasPrefix(p.path, "results/") && p.blocks == 0 {
			t.Errorf("%s is a page of results without rendered figures; want blocks, or a place in unrendered with the reason", p.path)
		}
	}
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			want := "its end"
			if i < len(bs) {
				want = bs[i]
			}
			return "line has " + as[i] + ", want " + want
		}
	}
	return "its end comes too early"
}

// figures look like measured shares: an interval, or three digits after a point that follows a zero or one. Numbers with
// fewer digits are parameters.
var figures = regexp.MustCompile(`\[-?0?\.\d+, -?[01]?\.\d+\]|\b[01]\.\d{3}\b|[^\d]\.\d{3}\b|\bAUC (of )?[01]?\.\d`)

// No figure is typed by hand: prose, and the headers of experiments, have none outside of what is rendered.
func TestNoFigureOutside(t *testing.T) {
	pages, err := render(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		for i, line := range strings.Split(outside(p.path, p.was), "\n") {
			if strings.HasSuffix(p.path, ".toml") && !strings.HasPrefix(line, "#") {
				continue // values
			}
			if found := figures.FindString(line); found != "" {
				t.Errorf("%s, line %d without figures: %q looks like a figure that is typed by hand: %s", p.path, i+1, found, line)
			}
		}
	}
	for _, text := range []string{"AUC 0.7", "0.703 [0.53, 0.86]", "an accuracy of 0.419", "reaches .644 on", "[.53, .86]"} {
		if !figures.MatchString(text) {
			t.Errorf("%q is taken for no figure", text)
		}
	}
	for _, text := range []string{"version 0.5.0", "1.26", "margin = [1.0, 1.25]", "a rate of 1e-2", "62 MB", "3,248"} {
		if figures.MatchString(text) {
			t.Errorf("%q is taken for a figure", text)
		}
	}
}

// The records that are committed are as seelab record writes them, and small.
func TestCommittedRecords(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(repository, "results", "records", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if filepath.Base(path) == "README.md" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := record.Parse(path, text)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := r.Marshal() // checks size and names
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(again, text) {
			t.Errorf("%s is not as seelab record writes it", path)
		}
		s, err := spec.ParseStored(path, []byte(strings.Join(r.Spec, "\n")))
		if err != nil || s.Hash() != r.Hash {
			t.Errorf("%s: its spec has the hash %s (%v), want %s", path, s.Hash(), err, r.Hash)
		}
	}
}

// planted writes a repository with records, and a page of each kind.
func planted(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"README.md": "# Title\n<!-- figures: tests seeable-mini sbi-mini -->\nold 0.123\n<!-- end of figures -->\nprose\n",
		"results/README.md": "<!-- figures: training seeable-mini* mine -->\n<!-- end of figures -->\n\n<!-- figures: scores mine -->\n<!-- end of figures -->\n\n<!-- figures: tests seeable-mini* mine -->\n<!-- end of figures -->\n\n" +
			"<!-- figures: manipulations \"FF++ c40\" seeable-mini -->\n<!-- end of figures -->\n\n<!-- figures: compared seeable-mini mine -->\n<!-- end of figures -->\n\n" +
			"<!-- figures: tests ablate-lambda-mini -->\n<!-- end of figures -->\n",
		"experiments/seeable-mini.toml": "# About.\n#\n# figures: header\n# old\n# end of figures\nname = \"seeable-mini\"\n",
		"experiments/sbi-mini.toml":     "# figures: header\n# end of figures\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	current := map[string]string{version.NumericsKey: version.Numerics, version.MetricKey: metric.Version, version.BackendKey: "XLA CPU, 2 threads"}
	rivalLow, rivalHigh := 0.45, 0.65
	add := func(s spec.Spec, change func(*store.Record)) record.Record {
		r := store.Record{
			Run: s.Name + "-" + s.Hash(), Name: s.Name, Hash: s.Hash(), Seconds: 233.4, Score: "cosine", Versions: current,
			Train:     store.Training{Accuracy: 0.419, Chance: 1.0 / 32, Images: 153600, Faces: 3248, People: 1234},
			Selection: []store.Selection{{Score: "norm", AUC: 0.1}, {Score: "cosine", AUC: 0.616, Low: 0.58, High: 0.65}},
			Pseudo:    []store.Pseudo{{On: "own", AUC: 0.9}, {On: store.AllPseudo, AUC: 0.602, Low: 0.57, High: 0.64, NReal: 1024, NFake: 3072, People: 99}},
			Tests: []store.Test{
				{Dataset: "FF++ c40", Method: evaluation.All, Level: "video", AUC: 0.6125, Low: 0.5, High: 0.7, NReal: 257, NFake: 1485, RealPeople: 200, FakePeople: 1201, Coverage: 0.99, Partial: true},
				{Dataset: "FF++ c40", Method: "Deepfakes", Level: "video", AUC: 0.75, Low: 0.65, High: 0.85, NReal: 257, NFake: 129, Coverage: 1},
				store.Test{Dataset: "Celeb-DF v2", Method: evaluation.All, Level: "video", AUC: 1, NReal: 6, NFake: 6, RealPeople: 2, FakePeople: 3, Coverage: 1}.WithoutInterval("too few people: 2 real, 3 fake"),
				store.Test{Dataset: "DFDC", Method: evaluation.All, Level: "video", NReal: 3}.WithoutFigure("only real videos"),
			},
			Rivals: []store.Rival{
				{Name: rival.Names()[0], Dataset: "FF++ c40", Method: evaluation.All, AUC: 0.611, Low: &rivalLow, High: &rivalHigh, NReal: 257, NFake: 1485, RealPeople: 200, FakePeople: 1201,
					Difference: &store.Difference{Value: 0.0015, Low: -0.04, High: 0.05}},
				{Name: rival.Names()[1], Dataset: "FF++ c40", Method: evaluation.All, AUC: 0.5, Low: &rivalLow, High: &rivalHigh, NReal: 257, NFake: 1485,
					Difference: &store.Difference{Value: 0.1125, Low: 0.04, High: 0.15}},
				{Name: rival.Names()[0], Dataset: "Celeb-DF v2", Method: evaluation.All, AUC: 0.75, NReal: 6, NFake: 6, NoInterval: "too few people: 2 real, 3 fake"},
			},
			Coverage: []store.Coverage{{Dataset: "FF++ c40", Holds: 1760, Scored: 1742, Unscored: slices.Repeat([]store.Unscored{{Item: "x", Fault: "empty"}}, 18)}},
		}
		if change != nil {
			change(&r)
		}
		small, err := record.New(r, s, record.Development)
		if err != nil {
			t.Fatal(err)
		}
		return small
	}
	mini, err := experiments.Load("seeable-mini")
	if err != nil {
		t.Fatal(err)
	}
	one := add(mini, nil)
	auc, other, p, low, high := 0.6125, 0.7, 0.0421, -0.16, -0.01
	one.Against = []record.Comparison{{Run: "sbi-mini-1", Name: "sbi-mini", Pairs: []evaluation.Pair{
		{Dataset: "FF++ c40", Method: evaluation.All, Real: 257, Fake: 1485, RealPeople: 200, FakePeople: 201, AUC: &auc, OtherAUC: &other, Low: &low, High: &high, P: &p},
		{Dataset: "Celeb-DF v2", Method: evaluation.All, Real: 6, Fake: 6, RealPeople: 2, FakePeople: 3, AUC: &auc, OtherAUC: &other, NoInterval: "too few people"},
		{Dataset: "DFDC", Method: evaluation.All}}}}
	half := mini
	half.Encoder.Precision = "bfloat16"
	old := add(half, func(r *store.Record) {
		r.Versions = map[string]string{version.NumericsKey: "0.1.0", version.MetricKey: metric.Version}
		r.Tests[0].Leaks, r.Pseudo = "2 people", nil
	})
	mine := spec.Default()
	mine.Name, mine.Seed = "mine", 7
	own := add(mine, func(r *store.Record) {
		r.Train.Fakes, r.Train.Chance, r.Train.HeldOutLoss = 1000, 0, 0.25
		r.Choice = &store.Choice{On: []string{"own/none", "own/low", "poisson/none"}, NReal: 256, NFake: 512, People: 9}
		r.Selection[1].Cells = []float64{0.9, 0.8, 0.5}
	})
	w, err := experiments.LoadSweep("ablate-lambda-mini")
	if err != nil {
		t.Fatal(err)
	}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []record.Record{one, old, own, add(cells[2].Spec, nil)} {
		if _, err := r.Write(filepath.Join(root, "results", "records")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A p-value is never printed as 0.
func TestSmallProbability(t *testing.T) {
	auc, other, low, high := 0.6125, 0.7, -0.16, -0.01
	for p, want := range map[float64]string{0: "< 0.001", 1e-9: "< 0.001", 0.0009: "< 0.001", 0.001: "0.001", 0.0421: "0.042", 1: "1.000"} {
		c := record.Comparison{Pairs: []evaluation.Pair{{Dataset: "DFDC", Method: evaluation.All, AUC: &auc, OtherAUC: &other, Low: &low, High: &high, P: &p}}}
		if got := difference(c, "DFDC", &notes{}); !strings.Contains(got, "\np "+want+"\n") {
			t.Errorf("p %v: %q, want p %s", p, got, want)
		}
	}
}

// What is rendered of planted records, whole.
func TestGolden(t *testing.T) {
	root := planted(t)
	if err := write(root, io.Discard); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range []string{"README.md", "experiments/sbi-mini.toml", "experiments/seeable-mini.toml", "results/README.md"} {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("=== " + path + "\n" + string(text))
	}
	// The golden file outlives versions.
	found := strings.ReplaceAll(all.String(), version.Numerics, "NUMERICS")
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if found != string(want) {
		t.Errorf("rendered otherwise than %s: %s", golden, firstDifference(found, string(want)))
	}
	// What is rendered stays as it is.
	pages, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if p.text != p.was {
			t.Errorf("%s is rendered otherwise the second time", p.path)
		}
	}
}

// A record that changes, or grows old, shows.
func TestAChangedRecordShows(t *testing.T) {
	for what, change := range map[string]func(*record.Record){
		"0.913":      func(r *record.Record) { r.Tests[0].AUC = 0.9126 },
		"STALE":      func(r *record.Record) { r.Versions[version.NumericsKey] = "0.0.9" },
		"1,235":      func(r *record.Record) { r.Train.People = 1235 },
		"final sets": func(r *record.Record) { r.Kind = record.Final },
	} {
		root := planted(t)
		if err := write(root, io.Discard); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(filepath.Join(root, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(before), what) {
			t.Errorf("README.md has %q before the change", what)
		}
		paths, err := filepath.Glob(filepath.Join(root, "results/records/seeable-mini-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r, err := record.Parse(path, text)
			if err != nil {
				t.Fatal(err)
			}
			change(&r)
			if text, err = json.Marshal(r); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		pages, err := render(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			if (p.path == "README.md" || p.path == "experiments/seeable-mini.toml") && (p.text == p.was || !strings.Contains(p.text, what)) {
				t.Errorf("%s does not show %q:\n%s", p.path, what, p.text)
			}
		}
	}
}

func TestBlocks(t *testing.T) {
	for text, want := range map[string]string{
		"<!-- figures: tests seeable-mini -->\n":                                      "do not end",
		"<!-- end of figures -->\n":                                                   "ends no figures",
		"<!-- figures: tests a -->\n<!-- figures: tests a -->\n":                      `"a" is no experiment`,
		"<!-- figures: tests sbi-mini -->\n<!-- figures: tests sbi-mini -->\n":        "within figures",
		"<!-- figures: figures sbi-mini -->\n<!-- end of figures -->\n":               "unknown command",
		"<!-- figures: header -->\n<!-- end of figures -->\n":                         "in the file of an experiment",
		"<!-- figures: manipulations FF++ sbi-mini -->\n<!-- end of figures -->\n":    "in quotes",
		"<!-- figures: tests -->\n<!-- end of figures -->\n":                          "want names",
		"<!-- figures: published nothing -->\n<!-- end of figures -->\n":              "nothing",
		"<!-- figures: compared sbi-mini sbi-minni -->\n<!-- end of figures -->\nx\n": "sbi-minni",
	} {
		if _, _, err := (book{}).fill("page.md", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	text := "a\n<!-- figures: tests sbi-mini -->\n1\n2\n<!-- end of figures -->\nb\n"
	if got := outside("page.md", text); got != "a\nb\n" {
		t.Errorf("outside of the figures is %q", got)
	}
	// A comment changes no hash.
	filled, blocks, err := (book{}).fill("experiments/sbi-mini.toml", "# figures: header\n# end of figures\nname = \"sbi-mini\"\n")
	if err != nil || blocks != 1 || !strings.HasPrefix(filled, "# figures: header\n# sbi-mini: not measured at version ") {
		t.Errorf("%d blocks, %v: %s", blocks, err, filled)
	}
}
