package experiments_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
	_ "github.com/seeable-lab/seeable/lab/method" // registers the methods that the experiments name
	"github.com/seeable-lab/seeable/lab/spec"
	_ "github.com/seeable-lab/seeable/lab/systems" // and the others
)

func TestEveryExperimentLoads(t *testing.T) {
	names := experiments.Names()
	if len(names) == 0 {
		t.Fatal("no experiments")
	}
	hashes := map[string]string{}
	for _, name := range names {
		s, err := experiments.Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Name != name {
			t.Errorf("%s.toml is called %q", name, s.Name)
		}
		if other, dup := hashes[s.Hash()]; dup {
			t.Errorf("%s and %s are the same experiment", name, other)
		}
		hashes[s.Hash()] = name
		if about := experiments.About(name); len(about) < 40 {
			t.Errorf("%s: its header says only %q", name, about)
		}
	}
}

// Every sweep expands; each mini one stays within an hour and a quarter on two cores.
func TestEverySweepExpands(t *testing.T) {
	sweeps := experiments.Sweeps()
	for _, name := range sweeps {
		w, err := experiments.LoadSweep(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		cells, err := w.Cells()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w.Name != name || len(cells) < 2 {
			t.Errorf("%s.toml is called %q and has %d cells", name, w.Name, len(cells))
		}
		if about := experiments.About(name); len(about) < 40 || !strings.Contains(about, "sweep "+name+" ") {
			t.Errorf("%s: its header says only %q", name, about)
		}
		if full, isMini := strings.CutSuffix(name, "-mini"); isMini {
			if !slices.Contains(sweeps, full) {
				t.Errorf("%s has no full form", name)
			}
			trainings := map[string]bool{}
			images := 0
			for _, c := range cells {
				if training := c.Spec.Training().Hash(); !trainings[training] {
					trainings[training] = true
					images += c.Spec.Train.Steps * c.Spec.Train.Batch
				}
			}
			// 330 images a second were measured with seeable-mini.
			if most := 75 * 60 * 330; images > most {
				t.Errorf("%s trains %d networks on %d images, want at most %d", name, len(trainings), images, most)
			}
		}
	}
	for _, name := range []string{"ablate-grid", "ablate-types", "ablate-lambda", "ablate-loss", "ablate-score", "ablate-temperature", "cross-dataset", "cross-manipulation"} {
		if !slices.Contains(sweeps, name) || !slices.Contains(sweeps, name+"-mini") {
			t.Errorf("%s or its mini form is not there", name)
		}
	}
}

// Sweeps that share cells find each other's runs: name and hash are equal.
func TestMiniSweepsShareTheirBase(t *testing.T) {
	base, err := experiments.Load("ablation-mini")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ablate-grid-mini", "ablate-types-mini", "ablate-lambda-mini", "ablate-loss-mini", "ablate-temperature-mini"} {
		w, err := experiments.LoadSweep(name)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := w.Cells()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(cells, func(c spec.Cell) bool { return c.Spec.TOML() == base.TOML() }) {
			t.Errorf("%s has no cell that is ablation-mini", name)
		}
	}
}

func TestBase(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("first.toml", "base = \"demo\"\nseed = 5\n")
	s, err := experiments.Load(put("second.toml", "base = \"first.toml\"\ntrain.steps = 7\n"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := experiments.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	want.Name, want.Seed, want.Train.Steps = "second", 5, 7
	if s.TOML() != want.TOML() {
		t.Errorf("found %s, want %s", s.TOML(), want.TOML())
	}
	put("round.toml", "base = \"trip.toml\"\n")
	if _, err := experiments.Load(put("trip.toml", "base = \"round.toml\"\n")); err == nil || !strings.Contains(err.Error(), "builds on itself") {
		t.Errorf("found %v, want an error about the circle", err)
	}
	if _, err := experiments.Load("ablate-grid"); err == nil || !strings.Contains(err.Error(), "seelab sweep") {
		t.Errorf("found %v, want an error that says how to run a sweep", err)
	}
	if _, err := experiments.LoadSweep("demo"); err == nil || !strings.Contains(err.Error(), "seelab run") {
		t.Errorf("found %v, want an error that says how to run an experiment", err)
	}
	if _, err := experiments.LoadSweep(filepath.Join(dir, "none.toml")); err == nil || !strings.Contains(err.Error(), "none.toml") {
		t.Errorf("found %v, want an error that names the file", err)
	}
}

func TestAboutIsTheHeader(t *testing.T) {
	about := experiments.About("demo")
	if !strings.HasPrefix(about, "The demo:") || strings.Contains(about, "#") || strings.Contains(about, "name =") {
		t.Errorf("found %q, want the comment that heads demo.toml without its marks", about)
	}
	if about := experiments.About("none"); about != "" {
		t.Errorf("an experiment that is not there is about %q", about)
	}
}

func TestLoadErrors(t *testing.T) {
	if _, err := experiments.Load("seeable-mimi"); err == nil || !strings.Contains(err.Error(), "seeable-mini") {
		t.Errorf("found %v, want an error that lists the experiments", err)
	}
	if _, err := experiments.Load("../experiments/demo"); err == nil {
		t.Error("a path without .toml was taken for a name")
	}
	path := filepath.Join(t.TempDir(), "own.toml")
	if _, err := experiments.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("found %v, want an error that names %s", err, path)
	}
	if err := os.WriteFile(path, []byte("[train]\nstep = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := experiments.Load(path); err == nil || !strings.Contains(err.Error(), "train.steps") {
		t.Errorf("found %v, want an error that names the nearest key", err)
	}
}

func ExampleLoad() {
	s, err := experiments.Load("seeable-mini")
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Method, s.Encoder.Name, s.Discrepancy.Classes(), "prototypes")
	// Output: seeable compact 32 prototypes
}

func ExampleLoadSweep() {
	w, err := experiments.LoadSweep("ablate-lambda-mini")
	if err != nil {
		panic(err)
	}
	cells, err := w.Cells()
	if err != nil {
		panic(err)
	}
	for _, c := range cells {
		fmt.Println(c.Index, c.Label)
	}
	// Output:
	// 0 lambda=0
	// 1 lambda=0.1
	// 2 lambda=0.5
	// 3 lambda=1
}
