package experiments_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
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
