package lab_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostLines bounds the Go of a package, tests apart: what is larger does several things, and is to be divided. Package lab only
// hands on.
const mostLines, mostLinesOfLab = 2500, 1600

// tooLong returns the packages of the module that have more lines of Go than they may, tests apart, whatever the system that a file
// is built on.
func tooLong(t *testing.T, packages map[string]listed) (found []string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(packages)) {
		name, inside := strings.CutPrefix(path, module)
		if !inside {
			continue
		}
		files, err := filepath.Glob(filepath.Join(packages[path].Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		lines, most := 0, mostLines
		if name == "lab" {
			most = mostLinesOfLab
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if lines > most {
			found = append(found, fmt.Sprintf("%s: %d lines of Go, tests apart; want %d or fewer: divide the package", name, lines, most))
		}
	}
	return found
}

func TestPackageLines(t *testing.T) {
	packages := list(t)
	for _, what := range tooLong(t, packages) {
		t.Error(what)
	}
	// A list that lacks what must be there would pass for nothing.
	if packages[module+"lab"].Dir == "" {
		t.Error("package lab is not listed: the listing is broken")
	}
}

// TestPackageLinesNamesThePackage gives the check packages with as many lines as they may have and with one more.
func TestPackageLinesNamesThePackage(t *testing.T) {
	planted := map[string]listed{"example.org/other": {}}
	for name, lines := range map[string]int{"lab": mostLinesOfLab + 1, "lab/full": mostLines, "lab/long": mostLines + 1} {
		dir := t.TempDir()
		for file, n := range map[string]int{"a.go": lines - 1, "b_windows.go": 1, "a_test.go": 10} {
			if err := os.WriteFile(filepath.Join(dir, file), bytes.Repeat([]byte("\n"), n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		planted[module+name] = listed{Dir: dir}
	}
	want := []string{
		"lab: 1601 lines of Go, tests apart; want 1600 or fewer: divide the package",
		"lab/long: 2501 lines of Go, tests apart; want 2500 or fewer: divide the package",
	}
	if got := tooLong(t, planted); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
