package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/record"
)

// page is a file with blocks of figures.
type page struct {
	path      string // from the root of the repository, with slashes
	was, text string // as it is, and as the records want it
	blocks    int
}

// unrendered are the pages of results that have no block: what they show comes from elsewhere.
var unrendered = []string{
	// Speeds of a machine beside PyTorch's, no figures of detectors; lab/cmd/seelab/bench_pairs.py prints the table as it stands.
	"results/bench.md",
	// The simulation of intervals, which the tests of lab/metric render from results/intervals.json.
	"results/intervals.md",
}

// render returns what has figures: README.md, the headers of experiments, and the pages of results.
func render(root string) (pages []page, err error) {
	records, err := record.Read(filepath.Join(root, "results", "records"))
	if err != nil {
		return nil, err
	}
	b := book{records}
	for _, pattern := range []string{"README.md", "experiments/*.toml", "results/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			p := page{path: filepath.ToSlash(name)}
			if slices.Contains(unrendered, p.path) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			p.was = string(text)
			if p.text, p.blocks, err = b.fill(p.path, p.was); err != nil {
				return nil, fmt.Errorf("render: %s: %w", p.path, err)
			}
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// marks are the lines around a block, and what begins its own lines.
type marks struct{ open, close, end, prefix string }

func marksOf(path string) marks {
	if strings.HasSuffix(path, ".toml") {
		return marks{"# figures: ", "", "# end of figures", "# "}
	}
	return marks{"<!-- figures: ", " -->", "<!-- end of figures -->", ""}
}

// command returns what a line that opens a block asks for.
func (m marks) command(line string) (command string, ok bool) {
	command, ok = strings.CutPrefix(line, m.open)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(command, m.close)
}

// fill replaces the blocks of a page.
func (b book) fill(path, text string) (filled string, blocks int, err error) {
	m := marksOf(path)
	var out strings.Builder
	command := "" // of the block that is open
	for line := range strings.Lines(text) {
		plain := strings.TrimSuffix(line, "\n")
		next, opens := m.command(plain)
		switch {
		case opens && command != "":
			return "", 0, fmt.Errorf("figures %q begin within figures %q, want %q before", next, command, m.end)
		case opens:
			command = next
			blocks++
			made, err := b.make(path, command)
			if err != nil {
				return "", 0, fmt.Errorf("figures %q: %w", command, err)
			}
			out.WriteString(line)
			for row := range strings.Lines(made) {
				out.WriteString(strings.TrimRight(m.prefix+row, " \n") + "\n")
			}
		case plain == m.end && command == "":
			return "", 0, fmt.Errorf("%q ends no figures", m.end)
		case plain == m.end:
			command = ""
			out.WriteString(line)
		case command == "":
			out.WriteString(line)
		}
	}
	if command != "" {
		return "", 0, fmt.Errorf("figures %q do not end, want %q", command, m.end)
	}
	return out.String(), blocks, nil
}

// outside is a page without its blocks.
func outside(path, text string) string {
	m := marksOf(path)
	var out strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if _, opens := m.command(strings.TrimSuffix(line, "\n")); opens {
			inside = true
		}
		if !inside {
			out.WriteString(line)
		}
		if strings.TrimSuffix(line, "\n") == m.end {
			inside = false
		}
	}
	return out.String()
}
