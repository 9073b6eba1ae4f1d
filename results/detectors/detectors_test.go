package detectors

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/seeable-lab/seeable/lab/method" // registers the methods that specs name
	"github.com/seeable-lab/seeable/lab/pack"
	_ "github.com/seeable-lab/seeable/lab/systems" // that detectors are of
)

// problems says what is wrong with a folder of detectors: all of them are in ORDER once, with a card as its record has it, and small.
func problems(files fs.FS) (all []string) {
	detectors, err := pack.List(files)
	if err != nil {
		return []string{err.Error()}
	}
	var names []string
	for _, d := range detectors {
		if slices.Contains(names, d.Name) {
			all = append(all, d.Name+" is in ORDER twice")
		}
		names = append(names, d.Name)
		if card, err := fs.ReadFile(d.Files, pack.CardFile); err != nil || string(card) != d.Card() {
			all = append(all, fmt.Sprintf("%s: %s is not as its record has it (%v): write it by seelab export --detector", d.Name, pack.CardFile, err))
		}
		if d.Bytes > pack.Limit {
			all = append(all, fmt.Sprintf("%s: its weights take %d bytes, at most %d may be", d.Name, d.Bytes, pack.Limit))
		}
		if d.Record.Train.Synthetic {
			all = append(all, d.Name+": it was trained on drawn faces, which is no use to anybody")
		}
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return append(all, err.Error())
	}
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains(names, entry.Name()) {
			all = append(all, entry.Name()+" is not in ORDER")
		}
	}
	return all
}

func TestDetectors(t *testing.T) {
	for _, what := range problems(Files) {
		t.Error(what)
	}
	if _, err := fs.Stat(Files, pack.OrderFile); err != nil {
		t.Error(err)
	}
}

func TestProblemsAreFound(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"one is not in ORDER":   {"ORDER": {Data: []byte("# none\n")}, "one/card.md": {}},
		"one, which ORDER name": {"ORDER": {Data: []byte("one\n")}, "one/card.md": {}},
		"../one":                {"ORDER": {Data: []byte("../one\n")}},
	} {
		if got := problems(files); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q, want one with %q", got, want)
		}
	}
}
