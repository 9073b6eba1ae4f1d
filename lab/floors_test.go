package lab_test

import (
	"strings"
	"testing"
)

// mostFloors bounds how many folders stand on one another: who changes one reads those below it.
const mostFloors = 12

// TestFloors counts the longest chain of imports between folders, datasets/layout being part of datasets and lab/cli/command of lab/cli.
// Packages for tests alone stand on no floor.
func TestFloors(t *testing.T) {
	folder := func(path string) string {
		parts := strings.Split(strings.TrimPrefix(path, module), "/")
		if parts[0] == "lab" && len(parts) > 1 {
			return parts[0] + "/" + parts[1]
		}
		return parts[0]
	}
	below := map[string]map[string]bool{}
	for path, p := range list(t) {
		from := folder(path)
		if !strings.HasPrefix(path, module) || strings.HasSuffix(path, "test") {
			continue
		}
		if below[from] == nil {
			below[from] = map[string]bool{}
		}
		for _, to := range p.Imports {
			if strings.HasPrefix(to, module) && folder(to) != from {
				below[from][folder(to)] = true
			}
		}
	}
	chains := map[string][]string{} // the longest from a folder down
	var chain func(from string, above []string) []string
	chain = func(from string, above []string) []string {
		for _, a := range above {
			if a == from {
				t.Fatalf("%s stands on itself: %s", from, strings.Join(append(above, from), " → "))
			}
		}
		if chains[from] == nil {
			longest := []string{}
			for to := range below[from] {
				if c := chain(to, append(above, from)); len(c) > len(longest) || len(c) == len(longest) && strings.Join(c, " ") < strings.Join(longest, " ") {
					longest = c
				}
			}
			chains[from] = append([]string{from}, longest...)
		}
		return chains[from]
	}
	for from := range below {
		if c := chain(from, nil); len(c) > mostFloors {
			t.Errorf("%d floors, want at most %d: %s", len(c), mostFloors, strings.Join(c, " → "))
		}
	}
	if c := chain("lab/cmd", nil); len(c) < 6 {
		t.Errorf("the command stands on %v: the count is broken", c)
	}
}
