package experiments_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/spec"
)

var update = flag.Bool("update", false, "write the golden file anew")

// Runs are found by their hash, and by that of their training: neither may change for an experiment that stays as it is. The
// golden file is what version 0.5.0 gives, each line with a digest of the full text. -update adds experiments to it.
func TestHashesAreStable(t *testing.T) {
	var b strings.Builder
	line := func(name string, s spec.Spec) {
		fmt.Fprintf(&b, "%s: %s %s\n", name, s.Hash(), s.Training().Hash())
	}
	for _, name := range experiments.Names() {
		s, err := experiments.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		line(name, s)
	}
	for _, name := range experiments.Sweeps() {
		w, err := experiments.LoadSweep(name)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := w.Cells()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			line(fmt.Sprintf("%s %d (%s)", name, c.Index, c.Label), c.Spec)
		}
	}
	const file = "testdata/hashes.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(golden), "\n")
	for i, found := range strings.Split(b.String(), "\n") {
		if i >= len(want) || found != want[i] {
			t.Fatalf("line %d is %q, want that of %s", i+1, found, file)
		}
	}
}
