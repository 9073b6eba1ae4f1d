// Package notebooks has the lab's notebooks; there is no Go code but their tests.
package notebooks

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seeable-lab/seeable/lab/notebook"
)

// books are the paths of all notebooks.
func books(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.ipynb")
	if err != nil || len(found) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	return found
}

const (
	longestCell = 25  // lines
	longestLine = 130 // characters
)

// forbidden begins the import paths that cells must not have: what they need of GoMLX is behind package lab.
var forbidden = []string{"github.com/gomlx/", "github.com/janpfeifer/", "gonum.org/", "github.com/go-echarts/", "net", "os/exec", "unsafe", "C"}

// showing finds calls that show something.
var showing = regexp.MustCompile(`(?m)^\s*nb\.(Figure|Pictures|Table|Film)\(`)

// Notebooks are committed without outputs, in cells that can be read at a glance, and reach the lab's packages only.
func TestSource(t *testing.T) {
	for _, path := range books(t) {
		t.Run(path, func(t *testing.T) {
			b, err := notebook.ReadBook(path)
			if err != nil {
				t.Fatal(err)
			}
			if b.Metadata.Kernel.Name != notebook.Kernel {
				t.Errorf("kernel %q, want %q", b.Metadata.Kernel.Name, notebook.Kernel)
			}
			if len(b.Cells) == 0 || b.Cells[0].Kind != "markdown" || !strings.HasPrefix(string(b.Cells[0].Source), "# ") {
				t.Error("the first cell is no title")
			}
			for i, cell := range b.Cells {
				source := string(cell.Source)
				fail := func(format string, args ...any) {
					t.Helper()
					t.Errorf("cell %d (%.40q): "+format, append([]any{i + 1, source}, args...)...)
				}
				if len(cell.Outputs) > 0 || cell.Count != nil {
					fail("has outputs: clear them before you commit")
				}
				if strings.TrimSpace(source) == "" {
					fail("is empty")
				}
				if cell.Kind != "code" {
					continue
				}
				if i == 0 || b.Cells[i-1].Kind != "markdown" && cell.Tagged(notebook.Shows) && i > 1 && b.Cells[i-2].Kind != "markdown" {
					fail("nobody says what it is for: put text before it")
				}
				lines := strings.Split(source, "\n")
				if len(lines) > longestCell {
					fail("has %d lines, want at most %d: what is long belongs into a package", len(lines), longestCell)
				}
				for _, line := range lines {
					if n := utf8.RuneCountInString(line); n > longestLine {
						fail("a line has %d characters, want at most %d: %s", n, longestLine, line)
					}
					if strings.HasPrefix(strings.TrimSpace(line), "!") || regexp.MustCompile(`^%%(bash|sh|script)`).MatchString(line) {
						fail("runs a shell, whose failure nobody sees: %s", line)
					}
				}
				if showing.MatchString(source) && !cell.Tagged(notebook.Shows) {
					fail("shows something but lacks the tag %q", notebook.Shows)
				}
				checkImports(t, i+1, source)
			}
		})
	}
}

func checkImports(t *testing.T, number int, source string) {
	t.Helper()
	declarations, _, _ := strings.Cut(source, "\n%%")
	file, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+declarations, parser.ImportsOnly)
	if err != nil {
		if strings.Contains(declarations, "import") {
			t.Errorf("cell %d: %v", number, err)
		}
		return
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Errorf("cell %d: import %s: %v", number, spec.Path.Value, err)
		}
		for _, f := range forbidden {
			if path == f || strings.HasPrefix(path, strings.TrimSuffix(f, "/")+"/") {
				t.Errorf("cell %d imports %s: what it is needed for belongs into a package", number, path)
			}
		}
	}
}

// What the text sends the reader to is there.
func TestReferences(t *testing.T) {
	var known []string
	for _, path := range books(t) {
		known = append(known, strings.TrimSuffix(path, ".ipynb"))
	}
	name := regexp.MustCompile("`([0-9]-[a-z-]+)`")
	seen := map[string]bool{}
	for _, path := range books(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAllSubmatch(text, -1) {
			seen[string(found[1])] = true
			if !slices.Contains(known, string(found[1])) {
				t.Errorf("%s sends to %s, which does not exist", path, found[1])
			}
		}
	}
	for _, book := range known[1:] { // the tour is where everybody begins
		if !seen[book] {
			t.Errorf("no notebook sends the reader to %s", book)
		}
	}
}
