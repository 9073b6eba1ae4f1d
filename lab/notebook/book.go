package notebook

import (
	"encoding/json"
	"fmt"
	"os"
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
