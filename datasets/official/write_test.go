package official

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// mp4 is the beginning of a video file, which is all that this package reads of one.
const mp4 = "\x00\x00\x00\x18ftypisom"

// open opens a folder that is one data set, in mode Skip.
func open(t *testing.T, dir string) layout.Dataset {
	t.Helper()
	sets, err := layout.Open(dir, datasets.Skip)
	if err != nil || len(sets) != 1 {
		t.Fatalf("%d data sets, error %v; want one", len(sets), err)
	}
	return sets[0]
}

func videoIDs(videos []layout.Video) []string {
	var ids []string
	for _, v := range videos {
		ids = append(ids, v.ID())
	}
	return ids
}

// wantFaults checks what is wrong with a data set: a fault and a part of the message for each, in any order.
func wantFaults(t *testing.T, d layout.Dataset, want ...string) {
	t.Helper()
	var left []string
	for _, p := range d.Problems {
		line := string(p.Fault) + ": " + p.Error()
		i := slices.IndexFunc(want, func(w string) bool {
			fault, part, _ := strings.Cut(w, ": ")
			return fault == string(p.Fault) && strings.Contains(line, part)
		})
		if i < 0 {
			left = append(left, line)
			continue
		}
		want = slices.Delete(slices.Clone(want), i, i+1)
	}
	if len(want)+len(left) > 0 {
		t.Errorf("%s: problems not found: %q; not expected: %q", d.Name, want, left)
	}
}

// write puts files, given as name and content in turn, below dir.
func write(t testing.TB, dir string, namesAndContents ...string) {
	t.Helper()
	for i := 0; i < len(namesAndContents); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(namesAndContents[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(namesAndContents[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
