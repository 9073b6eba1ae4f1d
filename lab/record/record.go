// Package record keeps what figures need of a finished run in one small file, so that every figure that is shown comes from
// a file that is committed: results/records/RUN.json. It holds no rows of faces, no picture, no name of a face and no path.
package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// What the test sets are to whoever made the run; see [New].
const (
	Development = "development" // looked at as often as one likes
	Final       = "final"       // opened once, when all was decided
)

// Limit is the most bytes that a record takes.
const Limit = 20 << 10

// Record is what the figures need of a finished run: its own record but for names, its spec, and what it was compared with.
type Record struct {
	Kind string `json:"kind"` // of the test sets: Development or Final
	store.Record
	// These stand in the place of those fields of the run's record that name faces, files and machines.
	Sessions int        `json:"sessions"` // processes that worked on the run
	Skipped  int        `json:"skipped"`  // faces that could not be read
	Coverage []Coverage `json:"coverage,omitempty"`

	Against []Comparison `json:"against,omitempty"`
	Spec    []string     `json:"spec"` // the lines of spec.toml, without empty ones
}

// Coverage is what became of all that a test set holds.
type Coverage struct {
	Dataset string         `json:"dataset"`
	Holds   int            `json:"holds"`
	Scored  int            `json:"scored"`
	Faults  map[string]int `json:"faults,omitempty"` // of those without a score, how many have which
}

// Comparison is how the run did beside another one, by video: the run is the first of each pair.
type Comparison struct {
	Run   string            `json:"run"`
	Name  string            `json:"name"`
	Pairs []evaluation.Pair `json:"pairs"`
}

// New makes the record of a finished run. Kind says what its test sets are, [Development] or [Final]. Of the tests
// those over videos stay, which are what figures show; of their trivial rivals all where all fakes of a set are tested, and the
// best one of each manipulation.
func New(r store.Record, s spec.Spec, kind string) (Record, error) {
	switch {
	case kind != Development && kind != Final:
		return Record{}, fmt.Errorf("record: test sets of kind %q, want %q (looked at while methods are made) or %q (opened once, in the end)", kind, Development, Final)
	case r.Foreign != "":
		return Record{}, fmt.Errorf("record: %s is no run of this lab but the scores of another tool, want a finished run", r.Run)
	case r.Hash != s.Hash():
		return Record{}, fmt.Errorf("record: %s has the hash %s, and its spec %s: the folder is damaged, or of another version of the lab", r.Run, r.Hash, s.Hash())
	}
	small := Record{Kind: kind, Record: r, Sessions: len(r.Sessions), Skipped: len(r.Skipped)}
	for line := range strings.Lines(s.Stored()) {
		if line = strings.TrimSpace(line); line != "" {
			small.Spec = append(small.Spec, line)
		}
	}
	small.Record.Sessions, small.Record.Skipped, small.Record.Coverage, small.Record.Tests, small.Record.Rivals = nil, nil, nil, nil, nil
	small.Record.Alarms, small.Record.NoAlarms = nil, ""
	small.Record.Localisation = nil
	for _, l := range r.Localisation {
		l.Best, l.Worst, l.Unmeasured = "", "", nil
		small.Record.Localisation = append(small.Record.Localisation, l)
	}
	for _, c := range r.Coverage {
		of := Coverage{Dataset: c.Dataset, Holds: c.Holds, Scored: c.Scored}
		for _, u := range c.Unscored {
			if of.Faults == nil {
				of.Faults = map[string]int{}
			}
			of.Faults[u.Fault]++
		}
		small.Coverage = append(small.Coverage, of)
	}
	for _, t := range r.Tests {
		if t.Level != store.LevelVideo {
			continue
		}
		if t.Method != evaluation.All {
			t.Digest = "" // that of the set, which stands with all its fakes
		}
		small.Tests = append(small.Tests, t)
		rivals := r.RivalsOf(t)
		if t.Method != evaluation.All && len(rivals) > 0 {
			rivals = []store.Rival{slices.MaxFunc(rivals, func(a, b store.Rival) int { return cmp.Compare(a.AUC, b.AUC) })}
		}
		small.Rivals = append(small.Rivals, rivals...)
	}
	return small, nil
}

// Stale says why the figures are not those that this version of the lab would find, "" if they are.
func (r Record) Stale() string {
	numerics, metrics := version.NumericsOf(r.Versions), cmp.Or(r.Versions[version.MetricKey], "1")
	var old []string
	if numerics != version.Numerics {
		old = append(old, "numerics "+cmp.Or(numerics, "not recorded"))
	}
	if metrics != metric.Version {
		old = append(old, "metrics "+metrics)
	}
	return strings.Join(old, ", ")
}

// named are texts that name a face or a file: those with the extension of one, absolute paths, and addresses.
var named = regexp.MustCompile(`(?i)\.(jpe?g|png|bmp|webp|tiff?|gif|mp4|avi|mov|mkv|webm|npy|csv|safetensors|pth?)$|^/|^[a-z]:[\\/]|^~|\.\.[\\/]|\\|://`)

// Marshal writes the record as JSON: a line for each field, and for each entry of a list; numbers have six digits. It fails on what may not be committed:
// what names a file, or is larger than [Limit].
func (r Record) Marshal() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("record: %s: %w", r.Run, err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("record: %s: %w", r.Run, err)
	}
	for _, line := range r.Spec {
		_, values := spec.Values(line)
		for key, value := range values {
			if named.MatchString(strings.Trim(value, `"`)) {
				return nil, fmt.Errorf("record: %s: its spec names a file, %s = %s; a record names none", r.Run, key, value)
			}
		}
	}
	if err := nameless(r.Run, value); err != nil {
		return nil, err
	}
	text = lines(text)
	if len(text) > Limit {
		return nil, fmt.Errorf("record: %s takes %d bytes, at most %d may be; it has %d tests and %d comparisons, make it with fewer of these (--against)", r.Run, len(text), Limit, len(r.Tests), len(r.Against))
	}
	return text, nil
}

// nameless looks for what names a file or a face in all texts and keys.
func nameless(at string, value any) error {
	check := func(text string) error {
		if named.MatchString(text) {
			return fmt.Errorf("record: %s is %q, which names a file; a record names none", at, text)
		}
		return nil
	}
	switch value := value.(type) {
	case string:
		return check(value)
	case []any:
		for i, v := range value {
			if err := nameless(fmt.Sprintf("%s[%d]", at, i), v); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if err := errors.Join(check(key), nameless(at+"."+key, value[key])); err != nil {
				return err
			}
		}
	}
	return nil
}

// lines breaks the JSON of an object into a line for each field, and one for each entry of a field that is a list.
func lines(text []byte) []byte {
	var b bytes.Buffer
	var open []byte
	inText, escaped := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if inText {
			b.WriteByte(c)
			inText, escaped = escaped || c != '"', !escaped && c == '\\'
			continue
		}
		broken := len(open) == 1 || len(open) == 2 && open[1] == '['
		switch c {
		case '{', '[':
			b.WriteByte(c)
			open = append(open, c)
			if next := text[i+1]; (len(open) == 1 || len(open) == 2 && c == '[') && next != ']' && next != '}' {
				b.WriteString("\n" + strings.Repeat("  ", len(open)))
			}
		case '}', ']':
			open = open[:len(open)-1]
			if last := text[i-1]; broken && last != '{' && last != '[' {
				b.WriteString("\n" + strings.Repeat("  ", len(open)))
			}
			b.WriteByte(c)
		case ',':
			b.WriteByte(c)
			if broken {
				b.WriteString("\n" + strings.Repeat("  ", len(open)))
			}
		case ':':
			b.WriteByte(c)
			if len(open) == 1 {
				b.WriteByte(' ')
			}
		case '"':
			inText = true
			b.WriteByte(c)
		default:
			length := bytes.IndexAny(text[i:], ",]}")
			b.WriteString(short(string(text[i : i+length])))
			i += length - 1
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// short is a number with six digits if it is no integer, and any other text as it is.
func short(number string) string {
	if !strings.ContainsAny(number, ".e") {
		return number
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number // false
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// Parse reads what Marshal writes; from names it in errors.
func Parse(from string, text []byte) (r Record, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("record: %s: %w", from, err)
	}
	if r.Kind != Development && r.Kind != Final {
		return Record{}, fmt.Errorf("record: %s: kind %q, want %q or %q", from, r.Kind, Development, Final)
	}
	return r, nil
}

// Write writes a record into a folder, which it makes, as RUN.json, and returns its path.
func (r Record) Write(dir string) (path string, err error) {
	text, err := r.Marshal()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("record: %w", err)
	}
	path = filepath.Join(dir, r.Run+".json")
	return path, store.WriteFile(path, text)
}

// Read reads all records of a folder, ordered by the name of the run; none where there is no folder.
func Read(dir string) ([]Record, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	var all []Record
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		r, err := Parse(path, text)
		if err != nil {
			return nil, err
		}
		if entry.Name() != r.Run+".json" {
			return nil, fmt.Errorf("record: %s is of the run %s, want its name %s.json", path, r.Run, r.Run)
		}
		all = append(all, r)
	}
	return all, nil
}
