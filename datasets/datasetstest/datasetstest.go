// Package datasetstest helps tests of folders of data sets: it writes their files and checks what is found wrong with them.
package datasetstest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

// MP4 is the beginning of a video file, which is all that finding data sets reads of one.
const MP4 = "\x00\x00\x00\x18ftypisom"

// Write puts files, given as name and content in turn, below dir.
func Write(t testing.TB, dir string, namesAndContents ...string) {
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

// WantFaults checks what is wrong with a data set: a fault and a part of the message for each, in any order.
func WantFaults(t testing.TB, name string, problems []datasets.Problem, want ...string) {
	t.Helper()
	var left []string
	for _, p := range problems {
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
		t.Errorf("%s: problems not found: %q; not expected: %q", name, want, left)
	}
}
