package datasets

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
)

// manifest reads a CSV file row by row and keeps account of the bad ones.
type manifest struct {
	dir      string // folder that the file column is relative to
	path     string // of the manifest, for messages
	mode     Mode
	files    map[string]int    // line of each file seen
	names    map[string]string // see name
	free     []compactMarks    // for faces to come
	problems []Problem
	bad      map[int]string // the first field of each row that is a problem, by line
}

// name is a string of its own, one for all that are alike: a field is a part of the text of its whole row, which would be
// kept with it.
func (m *manifest) name(field string) string {
	if s, ok := m.names[field]; ok {
		return s
	}
	field = strings.Clone(field)
	m.names[field] = field
	return field
}

// landmarks keeps the landmarks of a face, in a block for many.
func (m *manifest) landmarks(points []face.Point) marks {
	if len(m.free) == 0 {
		m.free = make([]compactMarks, 64)
	}
	room := &m.free[0]
	m.free = m.free[1:]
	return newMarks(points, room)
}

// read calls header once and row for each line of r. In mode Skip an error of row is kept as a problem, and its line
// left out; in mode Strict it ends the reading.
func (m *manifest) read(r io.Reader, header func([]string) error, row func(line int, fields []string) error) error {
	m.files, m.names, m.bad = map[string]int{}, map[string]string{}, map[int]string{}
	rows := openTable(r)
	names, err := rows.header()
	if err == io.EOF {
		return fmt.Errorf("datasets: %s is empty; want a header and at least one row", m.path)
	}
	if err == nil {
		_, err = checkFields(names)
	}
	if err == nil {
		err = header(names)
	}
	if err != nil {
		return Problem{m.path, 1 + rows.before, BadRow, err}
	}
	for {
		fields, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		var line int
		var parse *csv.ParseError
		switch {
		case err == nil:
			line = rows.line()
			var blank bool
			if blank, err = checkFields(fields); err == nil && !blank {
				err = row(line, fields)
			}
		case errors.As(err, &parse):
			line, err = parse.StartLine+rows.before, parse.Err
			if errors.Is(err, csv.ErrFieldCount) {
				err = fmt.Errorf("the row has %d fields; want the %d of the header", len(fields), len(names))
			}
		default:
			return fmt.Errorf("datasets: read %s: %w", m.path, err)
		}
		if err == nil {
			continue
		}
		var p Problem
		if !errors.As(err, &p) {
			p = Problem{m.path, line, BadRow, err}
		}
		if m.mode == Strict {
			return p
		}
		m.problems = append(m.problems, p)
		if len(fields) > 0 {
			m.bad[line] = strings.Clone(fields[0])
		}
	}
}

// ReadRows reads a CSV file with a header, in any encoding of [Text] and divided by commas, semicolons, tabs or bars: it calls header once, and row for each line with its number. In mode Skip an
// error of row is returned as a problem, and its line left out; in mode Strict it ends the reading, as an error of header
// does in both. Path is that of the file, for messages. Fields are valid until the next row only.
func ReadRows(r io.Reader, path string, mode Mode, header func([]string) error, row func(line int, fields []string) error) ([]Problem, error) {
	m := manifest{path: path, mode: mode}
	err := m.read(r, header, row)
	return m.problems, err
}

// file returns the name and the path of the image that a row names, which share their text. It refuses names that leave the folder, are listed twice or have
// no file. A name is found as [FindFile] does.
func (m *manifest) file(name string, line int) (file, path string, err error) {
	name = FindFile(m.dir, name)
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", "", Problem{m.path, line, OddName, fmt.Errorf("file %q leaves the folder or is not a plain slash path; want one like faces/a.jpg below %s", name, m.dir)}
	}
	if before, ok := m.files[name]; ok {
		return "", "", Problem{m.path, line, Duplicate, fmt.Errorf("file %s is listed already in line %d; want one row per file", name, before)}
	}
	path = filepath.Join(m.dir, filepath.FromSlash(name))
	if file = path[len(path)-len(name):]; file != name {
		file = strings.Clone(name) // the separator is not a slash
	}
	m.files[file] = line
	info, err := os.Stat(path)
	if err != nil {
		return "", "", Problem{m.path, line, Absent, fmt.Errorf("file %s is not there: %w; restore it or delete the row", name, err)}
	}
	if !info.Mode().IsRegular() {
		return "", "", fmt.Errorf("%s is not a file", name)
	}
	return file, path, nil
}

// ErrUnusable tells that a manifest has not one row that can be used.
var ErrUnusable = errors.New("no usable row")

// finish returns items as a set, sorted.
func (m *manifest) finish(name string, items []Item) (Set, error) {
	if len(items) == 0 {
		err := fmt.Errorf("datasets: %s has %w; want at least one face", m.path, ErrUnusable)
		if len(m.problems) > 0 {
			err = fmt.Errorf("%w (%d bad rows, the first: %w)", err, len(m.problems), m.problems[0])
		}
		return Set{}, err
	}
	sortItems(items)
	return Set{Name: name, Items: items}, nil
}

// Add adds items to the set, in its order.
func (s *Set) Add(items ...Item) {
	s.Items = slices.Concat(s.Items, items)
	sortItems(s.Items)
}

// sortItems sorts by [Item.ID]. It makes each ID once, and none twice where all is sorted.
func sortItems(items []Item) {
	if sorted(items) {
		return
	}
	type keyed struct {
		id string
		at int32
	}
	keys := make([]keyed, len(items))
	for i, it := range items {
		keys[i] = keyed{it.ID(), int32(i)}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Compare(a.id, b.id) })
	before := slices.Clone(items)
	for i, k := range keys {
		items[i] = before[k.at]
	}
}

// sorted tells whether items are in the order of their IDs.
func sorted(items []Item) bool {
	last := ""
	for i, it := range items {
		id := it.ID()
		if i > 0 && id < last {
			return false
		}
		last = id
	}
	return true
}
