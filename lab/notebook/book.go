package notebook

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Book is what a notebook file holds, as far as the lab needs it (nbformat 4).
type Book struct {
	Cells    []Cell `json:"cells"`
	Metadata struct {
		Kernel struct {
			Name string `json:"name"`
		} `json:"kernelspec"`
	} `json:"metadata"`
	Format int `json:"nbformat"`
}

// Cell is a cell of a notebook.
type Cell struct {
	Kind     string `json:"cell_type"` // "code" or "markdown"
	Source   Text   `json:"source"`
	Count    *int   `json:"execution_count"` // nil for a cell that was not executed
	Metadata struct {
		Tags []string `json:"tags"`
	} `json:"metadata"`
	Outputs []Output `json:"outputs"`
}

// Shows is the tag of cells that have to show something to look at.
const Shows = "shows"

// Output is something that a cell left below itself.
type Output struct {
	Kind  string                     `json:"output_type"` // "stream", "display_data", "execute_result" or "error"
	Name  string                     `json:"name"`        // of a stream: "stdout" or "stderr"
	Text  Text                       `json:"text"`        // of a stream
	Data  map[string]json.RawMessage `json:"data"`        // by MIME type
	Value string                     `json:"evalue"`      // of an error
}

// Text is a string that may be stored as a list of lines.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	var lines []string
	if err := json.Unmarshal(b, &lines); err == nil {
		*t = Text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

// ReadBook reads a notebook.
func ReadBook(path string) (Book, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Book{}, fmt.Errorf("notebook: %w", err)
	}
	var b Book
	if err := json.Unmarshal(text, &b); err != nil {
		return Book{}, fmt.Errorf("notebook: %s is no notebook: %w", path, err)
	}
	if b.Format != 4 {
		return Book{}, fmt.Errorf("notebook: %s has nbformat %d, want 4", path, b.Format)
	}
	return b, nil
}

// param finds the parameters in the code of a cell.
var param = regexp.MustCompile(`\bnb\.Param(?:\[[^\]]*\])?\(\s*"([^"]+)"`)

// Params are the names of the parameters that the notebook's cells ask for ([nb.Param]), sorted, with results, which
// nb.Open asks for.
func (b Book) Params() []string {
	names := map[string]bool{}
	for _, cell := range b.Cells {
		if cell.Kind != "code" {
			continue
		}
		for _, m := range param.FindAllStringSubmatch(string(cell.Source), -1) {
			names[m[1]] = true
		}
		if strings.Contains(string(cell.Source), "nb.Open(") {
			names[resultsParam] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

const resultsParam = "results"

// pathParams are parameters that are files or folders.
var pathParams = []string{resultsParam, "image", "video"}

// CheckParams returns parameters for notebooks, whose cells run in a folder of their own: paths that are relative to the
// current folder are made absolute. One that no notebook asks for is an error.
func CheckParams(books []string, params map[string]string) (map[string]string, error) {
	if len(params) == 0 {
		return nil, nil
	}
	known := map[string]bool{}
	for _, path := range books {
		b, err := ReadBook(path)
		if err != nil {
			return nil, err
		}
		for _, name := range b.Params() {
			known[name] = true
		}
	}
	checked := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := params[name]
		if !known[name] {
			return nil, fmt.Errorf("notebook: no notebook that is to run has a parameter %q; want one of %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if slices.Contains(pathParams, name) && value != "" {
			var err error
			if value, err = filepath.Abs(value); err != nil {
				return nil, fmt.Errorf("notebook: %w", err)
			}
			if _, err := os.Stat(value); err != nil && name != resultsParam {
				return nil, fmt.Errorf("notebook: parameter %s: %w", name, err)
			}
		}
		checked[name] = value
	}
	return checked, nil
}

// Tagged tells whether the cell has the tag.
func (c Cell) Tagged(tag string) bool { return slices.Contains(c.Metadata.Tags, tag) }

// Showing tells whether the cell shows something to look at: data that are not empty.
func (c Cell) Showing() bool {
	for _, o := range c.Outputs {
		for _, data := range o.Data {
			var text Text
			if err := json.Unmarshal(data, &text); err != nil || strings.TrimSpace(string(text)) != "" {
				return true
			}
		}
	}
	return false
}

// errors is what a cell wrote about its failure: the end of its stderr.
func (c Cell) errors() string {
	text := ""
	for _, o := range c.Outputs {
		if o.Kind == "stream" && o.Name == "stderr" {
			text += string(o.Text)
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// firstLine is what people know a cell by: its first line that is neither empty nor a mark of GoNB.
func (c Cell) firstLine() string {
	for line := range strings.Lines(string(c.Source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "%%") {
			return line
		}
	}
	return ""
}
